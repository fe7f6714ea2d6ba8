"""Where in an expression a fault is, until it becomes an `ExpressionError` with a caret under it."""

from __future__ import annotations

import ast
import difflib
from dataclasses import dataclass

from assay.errors import ExpressionError


@dataclass(eq=False)
class Fault(Exception):  # noqa: N818 - never seen by a user: becomes an ExpressionError once the text is known
    """What is wrong between two columns; `found` and `known` are a name and those it might have been."""

    what: str
    start: int
    end: int
    expected: str | None = None
    mend: str | None = None
    found: str | None = None
    known: tuple[str, ...] = ()

    def error(self, line: str) -> ExpressionError:
        """Return the error for the user, with the line and a caret under the fault."""
        carets = " " * self.start + "^" * max(1, min(self.end, len(line) + 1) - self.start)
        mend, expected = self.mend, self.expected
        if self.found is not None:
            nearest = difflib.get_close_matches(self.found, self.known, n=1, cutoff=0.5)
            mend = f"did you mean {nearest[0]!r}?" if nearest else mend
        if expected is None and self.known:
            expected = "one of " + ", ".join(self.known)
        return ExpressionError(f"{self.what}\n    {line}\n    {carets}", expected=expected, mend=mend)


def fault_at(
    node: ast.expr,
    what: str,
    *,
    expected: str | None = None,
    mend: str | None = None,
    found: str | None = None,
    known: tuple[str, ...] = (),
) -> Fault:
    """Return a fault under a node of the syntax tree."""
    end = node.end_col_offset if node.end_col_offset is not None else node.col_offset + 1
    return Fault(what, node.col_offset, end, expected, mend, found, known)
