"""An inspection as text for a terminal or a log."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from assay.events.inspection import Cell, Inspection, Table

_MOST_ROWS = 60


def text_of(path: Path, inspection: Inspection) -> str:
    """Return an inspection as lines of text."""
    return "\n".join(_lines(path, inspection))


def _lines(path: Path, inspection: Inspection) -> Iterator[str]:
    yield click.style(f"{path}: {inspection.kind}", bold=True)
    width = max((len(name) for name, _ in inspection.facts), default=0)
    for name, value in inspection.facts:
        yield f"  {name:<{width}}  {_cell(value)}"
    for table in inspection.tables:
        if table.rows:
            yield ""
            yield from _table(table)
    for title, colour, sentences in (
        ("wrong", "red", inspection.faults),
        ("suspicious", "yellow", inspection.suspicious),
    ):
        if sentences:
            yield ""
            yield click.style(f"  {title}:", fg=colour)
            for sentence in sentences:
                first, *rest = sentence.splitlines()
                yield f"  - {first}"
                yield from (f"    {line}" for line in rest)
    if inspection.tables and not inspection.faults and not inspection.suspicious:
        yield ""
        yield "  nothing is suspicious"
    yield ""


def _table(table: Table) -> Iterator[str]:
    shown = table.rows[:_MOST_ROWS]
    used = [c for c in range(len(table.columns)) if any(row[c] not in ("", None) for row in shown)]
    cells = [[_cell(row[c]) for c in used] for row in shown]
    heads = [table.columns[c] for c in used]
    widths = [max(len(head), *(len(row[i]) for row in cells)) for i, head in enumerate(heads)]
    numeric = [all(isinstance(row[c], (int, float, type(None))) for row in shown) for c in used]
    yield f"  {table.title}"
    for row in (heads, *cells):
        aligned = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, numeric, strict=True)
        ]
        yield ("    " + "  ".join(aligned)).rstrip()
    if len(table.rows) > len(shown):
        yield f"    ... and {len(table.rows) - len(shown)} more (all of them with --json)"


def _cell(value: Cell) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.5g}" if isinstance(value, float) else str(value)
