"""A file that is migrated: its values, and which of them have been taken over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from assay.errors import StudyError
from assay.study.migration.losses import Loss

Key = str | int
_PAIR = re.compile(r"^\s*[(\[]\s*([^,]+?)\s*,\s*([^,]+?)\s*,?\s*[)\]]\s*$")
_MOST_CHARACTERS = 60


class Source:
    """The content of a file; every value that is asked for counts as taken over."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self.losses: list[Loss] = []
        self._data = _read(path)
        self._taken: set[tuple[Key, ...]] = set()

    def get(self, *path: Key) -> Any:
        """Return a value; None if it is not there."""
        self._taken.add(path)
        return self._find(path)

    def has(self, *path: Key) -> bool:
        """Say whether there is a value, without taking it."""
        return self._find(path) is not None

    def size(self, *path: Key) -> int:
        """Return the length of a list or mapping that is not taken itself; zero if it is not there.

        Raises
        ------
        StudyError
            If it is neither.
        """
        found = self._find(path)
        if not isinstance(found, dict | list | None):
            self.refuse(path, found, "a list or mapping")
        return 0 if found is None else len(found)

    def keys(self, *path: Key) -> tuple[str, ...]:
        """Return the keys of a mapping that is not taken itself; none if it is not there.

        Raises
        ------
        StudyError
            If it is no mapping.
        """
        found = self._find(path)
        if not isinstance(found, dict | None):
            self.refuse(path, found, "a mapping")
        return () if found is None else tuple(map(str, found))

    def number(self, *path: Key) -> float:
        """Return a number.

        Raises
        ------
        StudyError
            If it is none.
        """
        found = self.get(*path)
        if isinstance(found, bool) or not isinstance(found, int | float):
            self.refuse(path, found, "a number")
        return float(found)

    def whole(self, *path: Key) -> int:
        """Return a whole number.

        Raises
        ------
        StudyError
            If it is none.
        """
        found = self.number(*path)
        if found != int(found):
            self.refuse(path, found, "a whole number")
        return int(found)

    def text(self, *path: Key) -> str:
        """Return a text.

        Raises
        ------
        StudyError
            If it is none.
        """
        found = self.get(*path)
        if not isinstance(found, str):
            self.refuse(path, found, "a text")
        return str(found)

    def pair(self, *path: Key) -> tuple[float, float]:
        """Return two numbers, of a list or of a text such as `(-10.0, 10.0)`.

        Raises
        ------
        StudyError
            If they are not two numbers.
        """
        found = self.get(*path)
        parts: Any = found
        if isinstance(found, str) and (match := _PAIR.match(found)) is not None:
            parts = match.groups()
        try:
            low, high = (float(part) for part in parts)
        except (TypeError, ValueError):
            self.refuse(path, found, "two numbers")
        return low, high

    def lose(self, path: tuple[Key, ...], why: str, mend: str = "") -> None:
        """Note that a value is not kept, or not as it was."""
        self.losses.append(Loss(self.where(path), _shown(self.get(*path)), why, mend))

    def note(self, path: tuple[Key, ...], why: str, mend: str = "") -> None:
        """Note what stands in the place of a value that the file does not give."""
        self.losses.append(Loss(self.where(path), "not given", why, mend))

    def where(self, path: tuple[Key, ...]) -> str:
        """Return file and path of a value."""
        text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
        return f"{self.name}: {text.removeprefix('.')}"

    def lose_the_rest(self) -> None:
        """Note all values that nobody has asked for."""
        for path in list(self._untaken((), self._data)):
            self.lose(path, "nothing in a study stands for it", "look it up in docs/input.md under another name")

    def refuse(self, path: tuple[Key, ...], found: object, expected: str) -> NoReturn:
        """Refuse a value.

        Raises
        ------
        StudyError
            Always.
        """
        what = "nothing" if found is None else _shown(found)
        raise StudyError(what, where=self.where(path), expected=expected, mend="put the file right, or leave it out")

    def _find(self, path: tuple[Key, ...]) -> Any:
        found: Any = self._data
        for key in path:
            if isinstance(found, dict):
                found = found.get(key)
            elif isinstance(found, list) and isinstance(key, int) and key < len(found):
                found = found[key]
            else:
                return None
        return found

    def _untaken(self, path: tuple[Key, ...], value: object) -> Iterator[tuple[Key, ...]]:
        if path in self._taken:
            return
        if isinstance(value, dict) and value:
            for key, inner in value.items():
                yield from self._untaken((*path, key), inner)
        elif isinstance(value, list) and value:
            for index, inner in enumerate(value):
                yield from self._untaken((*path, index), inner)
        elif path:
            yield path


def _read(path: Path) -> dict[str, Any]:
    expected = "the input.yml of madminer-workflow-ph or -ml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError("file not found", where=str(path), expected=expected) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StudyError(f"cannot be read ({error})", where=str(path), expected=expected) from None
    if not isinstance(content, dict):
        raise StudyError("no mapping at its top", where=str(path), expected=expected)
    return content


def _shown(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= _MOST_CHARACTERS else text[: _MOST_CHARACTERS - 3] + "..."
