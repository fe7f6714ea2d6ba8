"""PyYAML's complaints about a file in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from assay.study.problems import Problem

# (pattern in PyYAML's message, found, expected, mend), the first that matches
_COMPLAINTS = (
    (r"found character '\\t'", "a tab", "spaces", "indent with spaces: tabs cannot indent YAML"),
    (
        r"unknown escape character '(.+?)'",
        r"an escape \\\1 that YAML does not know",
        "an escape, or a backslash outside double quotation marks",
        "use single quotation marks: in double ones a backslash begins an escape",
    ),
    (r"expected escape sequence", "an escape with too few digits", r"digits after \\x, \\u, \\U", "mend the escape"),
    (
        r"scanning a quoted scalar.*unexpected end of stream",
        "a quotation mark that is never closed",
        "a closing quotation mark",
        "close the quotation mark",
    ),
    (
        r"mapping values are not allowed",
        "a colon where no key can be",
        "one `key: value` per line, aligned with its neighbours",
        "check the indentation; quote text that holds a colon",
    ),
    (
        r"flow (sequence|mapping).*(expected|did not find)",
        "a bracket that is not closed, or a comma that is missing",
        "values between brackets, separated by commas",
        "close the bracket or add the comma",
    ),
    (
        r"expected <block end>|did not find expected",
        "a line that does not belong to the section above it",
        "lines of a section aligned with each other",
        "check the indentation",
    ),
    (r"could not find expected ':'", "a line without a colon", "`key: value`", "add the colon, and a space after it"),
    (
        r"undefined alias '?(.+?)'?( |$)",
        r"the alias *\1 of nothing",
        r"an anchor &\1 before it",
        "quote text that begins with *",
    ),
    (r"duplicate anchor", "the same anchor twice", "every anchor once", "rename one of them"),
    (
        r"found character '(.+?)' that cannot start",
        r"a value that begins with \1",
        "a value, or text between quotation marks",
        "put it between quotation marks",
    ),
    (r"expected a single document", "a second document", "one document", "remove the line ---"),
    (
        r"block (sequence|mapping) entr.*not allowed",
        "a list or section where a value was begun",
        "one or the other",
        "check the indentation",
    ),
)


def syntax_problem(error: yaml.YAMLError, text: str) -> Iterable[Problem]:
    """Return the fault that ended the reading of a file, which is a single one: what follows it cannot be told."""
    if isinstance(error, yaml.reader.ReaderError):
        line = text.count("\n", 0, error.position) + 1
        column = error.position - text.rfind("\n", 0, error.position)
        code = error.character if isinstance(error.character, int) else ord(error.character)
        return [Problem("", line, column, f"the character U+{code:04X}", "printable text", "remove it")]
    if not isinstance(error, yaml.MarkedYAMLError):
        return [Problem("", 0, 0, f"not YAML ({error})", "a YAML file", "mend the file")]
    mark = error.problem_mark or error.context_mark
    if error.problem and re.search(r"unexpected end of stream|could not find expected ':'", error.problem):
        mark = error.context_mark or mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    complaint = f"{error.context or ''} {error.problem or ''}".strip()
    excerpt = _excerpt(text, line, column)
    for pattern, found, expected, mend in _COMPLAINTS:
        match = re.search(pattern, complaint)
        if match:
            return [Problem("", line, column, match.expand(found), match.expand(expected), mend, excerpt)]
    return [Problem("", line, column, f"not YAML ({complaint})", "valid YAML", "mend the line", excerpt)]


def _excerpt(text: str, line: int, column: int) -> tuple[str, ...]:
    lines = text.splitlines()
    if not 1 <= line <= len(lines) or len(lines[line - 1]) > 200:
        return ()
    return lines[line - 1].replace("\t", " "), " " * (column - 1) + "^"
