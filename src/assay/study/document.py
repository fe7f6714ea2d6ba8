"""A YAML file as plain data, with the line and column of every key and value.

Nothing in the file can create objects: nodes are composed by PyYAML and built here into dictionaries, tuples, text,
numbers, booleans and null. Aliases are allowed within a bound on what they expand to; merge keys and tags are not.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import yaml

from assay.study.problems import Finding, Location, Problem, StudyErrors, render_path
from assay.study.scalars import Ambiguous, plain_scalar
from assay.study.syntax import syntax_problem

LARGEST_FILE = 1 << 18
MOST_NODES = 20_000
DEEPEST = 40
_STANDARD_TAGS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq"))


class _Loader(yaml.SafeLoader):
    """Composes nodes and leaves the meaning of unquoted scalars to `plain_scalar`."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML's own interface


@dataclass(frozen=True)
class Document:
    """A file's data.

    Attributes
    ----------
    file
        Name of the file.
    data
        What it says; keys of mappings are text. Values that are at fault are left out.
    values, keys
        (line, column) of every value and every key, from one.
    findings
        What is wrong with it as YAML.
    broken
        Locations of values that were left out.
    nameless
        Steps of locations that stand for keys that are no text.
    """

    file: str
    data: dict[str, Any]
    values: dict[Location, tuple[int, int]] = field(default_factory=dict)
    keys: dict[Location, tuple[int, int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    broken: set[Location] = field(default_factory=set)
    nameless: set[str | int] = field(default_factory=set)

    def problem(self, finding: Finding) -> Problem:
        """Return the finding with the line of its key or value, or of the nearest section that exists."""
        location = finding.location
        key, value = self.keys.get(location), self.values.get(location)
        mark = key if finding.on_key or (key and value and key[0] != value[0]) else value
        while mark is None and location:
            location = location[:-1]
            mark = self.keys.get(location) or self.values.get(location)
        line, column = mark or (1, 1)
        path = tuple(step for step in finding.location if step not in self.nameless)
        return Problem(render_path(path), line, column, finding.found, finding.expected, finding.mend, finding.excerpt)


def read_document(path: str | Path) -> Document:
    """Read a YAML file whose top level is a mapping.

    Raises
    ------
    StudyErrors
        If the file cannot be read as YAML at all; smaller faults are in `findings`.
    """
    path = Path(path)
    text = _read_text(path)
    loader = None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
    except yaml.YAMLError as error:
        raise StudyErrors(path.name, syntax_problem(error, text)) from None
    except RecursionError:
        _refuse(path, "brackets or sections within each other without end", f"at most {DEEPEST} levels", "nest less")
    except (ValueError, OverflowError):
        _refuse(path, "an escape that is not a character", "characters of Unicode", "mend the \\U escape", 1)
    finally:
        if loader is not None:
            loader.dispose()
    if node is None:
        _refuse(path, "the file is empty", "a study", "start from the default input/input.yml")
    if not isinstance(node, yaml.MappingNode):
        kind = "a list" if isinstance(node, yaml.SequenceNode) else "a single value"
        _refuse(path, f"{kind} at the top level", "a mapping such as `name: my-study`", "write keys with values", 1)
    document = Document(path.name, {})
    _Builder(document).fill(node)
    return document


def _read_text(path: Path) -> str:
    mend = "give the path of an input.yml"
    try:
        if path.is_dir():
            _refuse(path, "a folder", "a file", mend)
        if path.stat().st_size > LARGEST_FILE:
            _refuse(path, f"{path.stat().st_size} bytes", f"at most {LARGEST_FILE}", "is this the right file?")
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        _refuse(path, "no such file", "an existing study", mend)
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})", "a readable file", "check its permissions")
    except UnicodeDecodeError as error:  # before ValueError, of which it is one
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        _refuse(path, f"byte {error.object[error.start]:#04x} is not UTF-8", "text in UTF-8", "save it as UTF-8", line)
    except ValueError:
        _refuse(path, "no file name", "the path of a file", mend)


def _refuse(path: Path, found: str, expected: str, mend: str, line: int = 0) -> NoReturn:
    raise StudyErrors(path.name if line else str(path), [Problem("", line, 1, found, expected, mend)])


def _mark(node: yaml.Node) -> tuple[int, int]:
    return node.start_mark.line + 1, node.start_mark.column + 1


class _TooLargeError(Exception):
    """What aliases expand to exceeds the bound."""


class _Builder:
    """Builds data from nodes and notes where everything is."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.nodes = 0
        self.open: list[int] = []

    def fill(self, root: yaml.MappingNode) -> None:
        try:
            self.document.values[()] = (1, 1)
            self._fill_mapping(root, (), self.document.data)
        except _TooLargeError:
            self.document.findings.append(
                Finding(
                    (),
                    f"more than {MOST_NODES} values once aliases are expanded",
                    "a study of a few thousand values",
                    "use fewer aliases",
                )
            )

    def _fault(self, location: Location, found: str, expected: str, mend: str, on_key: bool = False) -> None:
        self.document.findings.append(Finding(location, found, expected, mend, on_key))
        self.document.broken.add(location)

    def _value(self, node: yaml.Node, location: Location) -> tuple[bool, Any]:
        """Return whether the value is good, and the value."""
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _TooLargeError
        self.document.values[location] = _mark(node)
        if id(node) in self.open or len(location) > DEEPEST:
            self._fault(location, "a value within itself or nested too deep", f"at most {DEEPEST} levels", "nest less")
            return False, None
        if node.tag not in _STANDARD_TAGS and node.tag != "!":
            self._fault(location, f"the tag {node.tag}", "a value without a tag", "remove what begins with !")
            return False, None
        self.open.append(id(node))
        try:
            return self._content(node, location)
        finally:
            self.open.pop()

    def _content(self, node: yaml.Node, location: Location) -> tuple[bool, Any]:
        if isinstance(node, yaml.MappingNode):
            mapping: dict[str, Any] = {}
            self._fill_mapping(node, location, mapping)
            return True, mapping
        if isinstance(node, yaml.SequenceNode):
            results = [self._value(child, (*location, index)) for index, child in enumerate(node.value)]
            return all(good for good, _ in results), tuple(value for _, value in results)
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, location)
        return False, None

    def _scalar(self, node: yaml.ScalarNode, location: Location) -> tuple[bool, Any]:
        text: str = node.value
        control = next((character for character in text if _is_control(character, node.style)), None)
        if control is not None:
            self._fault(
                location,
                f"the control character {control!r}",
                "text without control characters",
                "a backslash between double quotation marks begins an escape: use single quotation marks",
            )
            return False, None
        if node.style not in (None, ""):
            return True, text
        try:
            return True, plain_scalar(text)
        except Ambiguous as fault:
            self._fault(location, fault.found, fault.expected, fault.mend)
            return False, None

    def _fill_mapping(self, node: yaml.MappingNode, location: Location, mapping: dict[str, Any]) -> None:
        for key_node, value_node in node.value:
            key = self._key(key_node, location)
            if key is None:
                continue
            inner = (*location, key)
            if inner in self.document.keys:
                first = self.document.keys[inner][0]
                line = _mark(key_node)[0]
                self._fault(
                    inner,
                    f"the key is given a second time in line {line}",
                    "every key once",
                    f"remove the one in line {line} or the one in line {first}",
                    on_key=True,
                )
                continue
            self.document.keys[inner] = _mark(key_node)
            good, value = self._value(value_node, inner)
            if good:
                mapping[key] = value

    def _key(self, node: yaml.Node, location: Location) -> str | None:
        """Return a key as text, or nothing if it is at fault."""
        if not isinstance(node, yaml.ScalarNode) or node.value == "" or node.tag not in _STANDARD_TAGS:
            self._key_fault(node, location, "a key that is not plain text", "a name", "write a name before the colon")
            return None
        text: str = node.value
        if text == "<<":
            self._key_fault(node, location, "a merge key <<", "keys written out", "copy the keys that it would merge")
            return None
        if any(_is_control(character, None) for character in text):
            self._key_fault(node, location, f"the key {text!r}", "a name", "remove the control characters")
            return None
        return text

    def _key_fault(self, node: yaml.Node, location: Location, found: str, expected: str, mend: str) -> None:
        step = f"\0{len(self.document.nameless)}"  # no key of a file has this character
        self.document.nameless.add(step)
        place = (*location, step)
        self.document.keys[place] = _mark(node)
        self._fault(place, found, expected, mend, on_key=True)


def _is_control(character: str, style: str | None) -> bool:
    if character == "\n":
        return style not in ("|", ">")
    return character < " " or "\x7f" <= character <= "\x9f" or "\ud800" <= character <= "\udfff"
