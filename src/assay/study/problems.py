"""What is wrong with a study, all of it at once."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from assay.errors import StudyError

_NEAR = 0.6
"""Likeness above which an unknown name is taken for a mistyped known one."""

Location = tuple[str | int, ...]
"""Keys and list indices that lead from the top of the study to a value."""


@dataclass(frozen=True)
class Finding:
    """A fault at a location in the study, before its line is known.

    Attributes
    ----------
    location
        Where.
    found, expected, mend
        What is there, what should be, and what to do.
    on_key
        Whether the fault is in the key and not in its value.
    excerpt
        Lines that show the fault, such as an expression with a caret under it.
    """

    location: Location
    found: str
    expected: str
    mend: str
    on_key: bool = False
    excerpt: tuple[str, ...] = ()


@dataclass(frozen=True)
class Problem:
    """A fault of a study file; lines and columns count from one, zero where the file as a whole is at fault."""

    path: str
    line: int
    column: int
    found: str
    expected: str
    mend: str
    excerpt: tuple[str, ...] = ()

    def render(self, file: str) -> str:
        """Return the message: one line, and the excerpt below it if there is one."""
        place = f"{file}:{self.line}" if self.line else file
        path = f" {self.path}:" if self.path else ""
        sentence = f"{place}:{path} {self.found}; expected {self.expected}; mend: {self.mend}"
        return "\n".join([sentence, *(f"    {line}" for line in self.excerpt)])


class StudyErrors(StudyError):  # noqa: N818 - the plural says that it holds several
    """All faults of a study file. Nothing has been run.

    Attributes
    ----------
    file
        Name of the file.
    problems
        The faults in the order of their lines.
    """

    def __init__(self, file: str, problems: Iterable[Problem]) -> None:
        self.file = file
        self.problems = tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
        super().__init__(f"{len(self.problems)} problem{'s' * (len(self.problems) != 1)}", where=file)

    def __str__(self) -> str:
        lines = [problem.render(self.file) for problem in self.problems]
        if len(lines) > 1:
            lines.append(f"{self.file}: {len(lines)} problems; nothing has been run")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle whole."""
        return (type(self), (self.file, self.problems))


def render_path(location: Location) -> str:
    """Return a location as people write it: `limits.confidence_levels[0]`."""
    text = ""
    for step in location:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was most likely meant, if any is near."""
    best, best_ratio = None, _NEAR
    for candidate in known:
        ratio = difflib.SequenceMatcher(None, name.lower(), candidate.lower()).ratio()
        if ratio > best_ratio:
            best, best_ratio = candidate, ratio
    return best


def listed(names: Iterable[str]) -> str:
    """Return names for a sentence; long lists are cut short."""
    names = list(names)
    shown = ", ".join(names[:12])
    return f"{shown}, ... ({len(names)} in all)" if len(names) > 12 else shown or "none"


def suggestion(name: str, known: Iterable[str], otherwise: str) -> str:
    """Return what to write instead of an unknown name: the nearest known one, or else another advice."""
    candidate = nearest(name, known)
    return f"write {candidate}" if candidate else otherwise
