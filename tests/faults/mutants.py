"""Mutated studies: a grammar of what people, editors and attackers do to an `input.yml`.

A mutant is made from a good study by one to three changes, of its data (guided by the JSON schema, so that many mutants
are good studies of another kind) or of its text (what only YAML knows: keys given twice, tags, aliases, odd bytes). The
same seed gives the same mutants.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

Place = tuple[Any, ...]

NUMBERS = [0, -1, 1, 2, 0.5, 1e-320, 1e308, -1e308, 10**30, 2**63, 1e-30, float("nan"), float("inf"), -float("inf")]
TEXTS = (
    *(
        "",
        " ",
        "a b",
        "sm",
        "theta",
        "x" * 5_000,
        "naïve",
        "مرحبا",
        "🙂",
        "\u202eright to left",
        "C:\\x",
        "~",
        "#",
        "- a",
    ),
    *(
        "../../etc/passwd",
        "/etc/passwd",
        "{{ 7 * 7 }}",
        "${HOME}",
        "$(id)",
        "<script>alert(1)</script>",
        "'; drop table",
    ),
    *("1e5", "0x10", "1_000", "yes", ".nan", "2026-11-23", "pt_j1", "__import__('os').system('true')", "%s%n", "a.b.c"),
    *("(" * 300 + ")" * 300, "1/0", "theta**-1", "sqrt(-1)", "j[10**9].pt"),
)
TAGS = [
    "!!python/object/apply:os.system [id]",
    "!!python/name:os.system",
    "!!binary aGk=",
    "!!set {a}",
    "!mine 1",
    "&a [*a]",
    "*nobody",
]
BOMB = "bomb: {a: &a [x, x, x, x, x, x, x, x, x], " + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 9)}], " for old, new in ("ab", "bc", "cd", "de", "ef")
)
BOMB = BOMB[:-2] + "}\n"


@dataclass(frozen=True)
class Mutant:
    """A study's text, and what was done to it."""

    text: bytes
    changes: tuple[str, ...]


class Mutator:
    """Makes mutants.

    Parameters
    ----------
    studies
        Good studies, as data.
    schema
        Their JSON schema.
    seed
        Decides everything.
    """

    def __init__(self, studies: Sequence[dict[str, Any]], schema: dict[str, Any], seed: int) -> None:
        self.studies = list(studies)
        self.schema = schema
        self.chance = random.Random(seed)
        self.of_data: list[Callable[[dict[str, Any]], str]] = [
            *([self._neighbour] * 3 + [self._other_value] * 2 + [self._from_schema] * 2),
            *(self._delete, self._misspell, self._move, self._from_other_study, self._nest, self._swap),
        ]
        self.of_text: list[Callable[[str], tuple[bytes, str]]] = [
            *(self._repeated_line, self._tag, self._cut, self._bytes, self._bomb, self._indent, self._deep, self._edit),
        ]

    def mutants(self, n: int) -> Iterator[Mutant]:
        """Yield n mutants; a fifth of them has its text changed, too."""
        for _ in range(n):
            data = copy.deepcopy(self.chance.choice(self.studies))
            changes = [self.chance.choice(self.of_data)(data) for _ in range(self.chance.choice((1, 1, 1, 2, 3)))]
            text = yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000)
            content = text.encode("utf-8", errors="surrogatepass")
            if self.chance.random() < 0.2:
                content, change = self.chance.choice(self.of_text)(text)
                changes.append(change)
            yield Mutant(content, tuple(changes))

    # data

    def _other_value(self, data: dict[str, Any]) -> str:
        place = self._place(data)
        value = self.chance.choice([*NUMBERS, *TEXTS, None, True, False, [], {}, [0], {"kind": "flat"}])
        _set(data, place, value)
        return f"{place} becomes {str(value)[:40]!r}"

    def _neighbour(self, data: dict[str, Any]) -> str:
        """A number near the one that was there: often still a good study."""
        numbers = [place for place in _places(data) if _is_number(_get(data, place))]
        place = self.chance.choice(numbers)
        value = _get(data, place)
        other = self.chance.choice([value * 2, value + 1, -value, value * 10, value / 3, value * 1e6, value * 1e-6])
        other = round(other) if isinstance(value, int) and self.chance.random() < 0.8 else other
        _set(data, place, other)
        return f"{place} becomes {other} in place of {value}"

    def _delete(self, data: dict[str, Any]) -> str:
        place = self._place(data)
        del _get(data, place[:-1])[place[-1]]
        return f"{place} is missing"

    def _misspell(self, data: dict[str, Any]) -> str:
        keys = [place for place in _places(data) if isinstance(place[-1], str)]
        place = self.chance.choice(keys)
        letters = list(place[-1])
        at = self.chance.randrange(len(letters)) if letters else 0
        letters[at : at + 1] = self.chance.choice(
            [[], ["x"], [c.upper() for c in letters[at : at + 1]], letters[at : at + 1] * 2]
        )
        mapping = _get(data, place[:-1])
        mapping["".join(letters)] = mapping.pop(place[-1])
        return f"{place} is written {''.join(letters)!r}"

    def _from_schema(self, data: dict[str, Any]) -> str:
        """Set a key that the schema knows to something that it allows, or nearly."""
        sections = [place for place in ((), *_places(data)) if isinstance(_get(data, place), dict)]
        place = self.chance.choice(sections)
        known = self._properties(place)
        if not known:
            return self._other_value(data)
        key = self.chance.choice(sorted(known))
        value = self._value_of(known[key], 0)
        _get(data, place)[key] = value
        return f"{(*place, key)} becomes {str(value)[:60]}"

    def _move(self, data: dict[str, Any]) -> str:
        place = self._place(data)
        value = _get(data, place[:-1]).pop(place[-1])
        targets = [target for target in ((), *_places(data)) if isinstance(_get(data, target), dict)]
        target = self.chance.choice(targets)
        _get(data, target)[str(place[-1])] = value
        return f"{place} stands in {target}"

    def _from_other_study(self, data: dict[str, Any]) -> str:
        other = self.chance.choice(self.studies)
        key = self.chance.choice(sorted(other))
        data[key] = copy.deepcopy(other[key])
        return f"{key} is that of another study"

    def _nest(self, data: dict[str, Any]) -> str:
        place = self._place(data)
        value = _get(data, place)
        _set(data, place, self.chance.choice([[value], {"value": value}, [value, value], {place[-1]: value}]))
        return f"{place} is in a list or a section"

    def _swap(self, data: dict[str, Any]) -> str:
        first, second = self._place(data), self._place(data)
        if first[: len(second)] == second or second[: len(first)] == first:
            return self._other_value(data)
        one, other = _get(data, first), _get(data, second)
        _set(data, first, other)
        _set(data, second, one)
        return f"{first} and {second} are swapped"

    def _place(self, data: dict[str, Any]) -> Place:
        return self.chance.choice(_places(data))

    # schema

    def _resolve(self, schema: Any) -> dict[str, Any]:
        while isinstance(schema, dict) and ("$ref" in schema or "allOf" in schema):
            schema = (
                schema["allOf"][0]
                if "allOf" in schema
                else self.schema["definitions" if "definitions" in self.schema else "$defs"][
                    schema["$ref"].rsplit("/", 1)[1]
                ]
            )
        return schema if isinstance(schema, dict) else {}

    def _properties(self, place: Place) -> dict[str, Any]:
        """Return the keys that may stand in a section, with their schemas."""
        schemas = [self.schema]
        for step in place:
            schemas = [
                inner for schema in schemas for option in self._options(schema) for inner in self._inner(option, step)
            ]
        return {
            key: inner
            for schema in schemas
            for option in self._options(schema)
            for key, inner in option.get("properties", {}).items()
        }

    def _options(self, schema: Any) -> list[dict[str, Any]]:
        resolved = self._resolve(schema)
        options = resolved.get("anyOf") or resolved.get("oneOf")
        return [inner for option in options for inner in self._options(option)] if options else [resolved]

    def _inner(self, schema: dict[str, Any], step: Any) -> list[Any]:
        if isinstance(step, int):
            items = schema.get("items", {})
            return [items[min(step, len(items) - 1)]] if isinstance(items, list) and items else [items]
        found = (
            schema.get("properties", {}).get(step)
            or schema.get("additionalProperties")
            or next(iter(schema.get("patternProperties", {}).values()), None)
        )
        return [found] if isinstance(found, dict) else []

    def _value_of(self, schema: Any, depth: int) -> Any:
        option = self.chance.choice(self._options(schema))
        if "const" in option:
            return option["const"]
        if "enum" in option:
            return self.chance.choice(option["enum"])
        kind = option.get("type")
        if kind in ("number", "integer"):
            low = option.get("minimum", option.get("exclusiveMinimum", -2))
            high = option.get("maximum", option.get("exclusiveMaximum", low + 5))
            value = self.chance.choice(
                [low, high, low + 0.5 * (high - low), self.chance.uniform(low, high), *self.chance.sample(NUMBERS, 1)]
            )
            finite = value == value and abs(value) < 1e300
            return round(value) if kind == "integer" and finite else value
        if kind == "boolean":
            return self.chance.random() < 0.5
        if kind == "array":
            items = option.get("items", {})
            some = items if isinstance(items, list) else [items] * self.chance.randrange(3)
            return [self._value_of(item, depth + 1) for item in some] if depth < 6 else []
        if kind == "object":
            known = option.get("properties", {})
            chosen = [key for key in known if key in option.get("required", ()) or self.chance.random() < 0.3]
            return {key: self._value_of(known[key], depth + 1) for key in chosen} if depth < 6 else {}
        return self.chance.choice(TEXTS) if kind == "string" else None

    # text

    def _repeated_line(self, text: str) -> tuple[bytes, str]:
        lines = text.splitlines(keepends=True)
        at = self.chance.randrange(len(lines))
        return "".join([*lines[: at + 1], *lines[at:]]).encode(), f"line {at + 1} stands twice"

    def _tag(self, text: str) -> tuple[bytes, str]:
        lines = text.splitlines(keepends=True)
        scalars = [number for number, line in enumerate(lines) if ": " in line]
        at = self.chance.choice(scalars)
        tag = self.chance.choice(TAGS)
        lines[at] = lines[at].partition(": ")[0] + f": {tag}\n"
        return "".join(lines).encode(), f"line {at + 1} has {tag}"

    def _cut(self, text: str) -> tuple[bytes, str]:
        content = text.encode()
        at = self.chance.randrange(len(content))
        return content[:at], f"cut at byte {at}"

    def _bytes(self, text: str) -> tuple[bytes, str]:
        content = bytearray(text.encode())
        at = self.chance.randrange(len(content))
        content[at] ^= 1 << self.chance.randrange(8)
        return bytes(content), f"a bit of byte {at} is flipped"

    def _bomb(self, text: str) -> tuple[bytes, str]:
        return (text + BOMB).encode(), "aliases that expand to half a million values"

    def _indent(self, text: str) -> tuple[bytes, str]:
        lines = text.splitlines(keepends=True)
        at = self.chance.randrange(len(lines))
        lines[at] = self.chance.choice(["\t", " ", "   "]) + lines[at]
        return "".join(lines).encode(), f"line {at + 1} is indented"

    def _deep(self, text: str) -> tuple[bytes, str]:
        depth = self.chance.choice([50, 500, 5_000])
        return (text + "deep: " + "[" * depth + "]" * depth + "\n").encode(), f"{depth} brackets"

    def _edit(self, text: str) -> tuple[bytes, str]:
        at = self.chance.randrange(len(text))
        inserted = self.chance.choice(
            ["\r", "\0", "\x1b[31m", "\ufeff", ": ", "- ", "#", "'", '"', "{", "\u2028", "\x85", "---\n", "...\n"]
        )
        return (text[:at] + inserted + text[at + self.chance.randrange(3) :]).encode(), f"{inserted!r} at {at}"


def _places(data: Any, here: Place = ()) -> list[Place]:
    """Return the paths of everything in nested data, but for the whole."""
    inner = list(data.items()) if isinstance(data, dict) else list(enumerate(data)) if isinstance(data, list) else []
    return [place for key, value in inner for place in ((*here, key), *_places(value, (*here, key)))]


def _get(data: Any, place: Place) -> Any:
    for step in place:
        data = data[step]
    return data


def _set(data: Any, place: Place, value: Any) -> None:
    _get(data, place[:-1])[place[-1]] = copy.deepcopy(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
