"""What is found when somebody looks into a file: facts, tables, what is wrong and what is suspicious."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """A table with a title; every row has a cell per column."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Inspection:
    """What is in a file or folder.

    Parameters
    ----------
    kind
        What it is, in a few words.
    facts
        Single numbers and words, by name.
    tables
        What comes by parameter, benchmark, sample, observable...
    faults
        What is wrong: a stage would refuse the file.
    suspicious
        What may be as it should, and is worth a look.
    """

    kind: str
    facts: tuple[tuple[str, Cell], ...] = ()
    tables: tuple[Table, ...] = ()
    faults: tuple[str, ...] = ()
    suspicious: tuple[str, ...] = ()

    def with_faults(self, *faults: str) -> Inspection:
        """Return it with further faults."""
        return replace(self, faults=(*self.faults, *faults))

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON can hold it; numbers that are not finite become null."""
        return {
            "kind": self.kind,
            "facts": {name: _finite(value) for name, value in self.facts},
            "tables": {
                table.title: [
                    {column: _finite(cell) for column, cell in zip(table.columns, row, strict=True)}
                    for row in table.rows
                ]
                for table in self.tables
            },
            "faults": list(self.faults),
            "suspicious": list(self.suspicious),
        }


def _finite(cell: Cell) -> Cell:
    return None if isinstance(cell, float) and not math.isfinite(cell) else cell
