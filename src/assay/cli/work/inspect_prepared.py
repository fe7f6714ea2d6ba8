"""Looking into processes that are ready to generate, of the embedded generator and of MadGraph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from assay.events.inspection import Cell, Inspection, Table
from assay.generation.embedded import operators
from assay.generation.madgraph.archive import read_head
from assay.generation.prepared import PreparedProcess

_LARGE_ERROR = 0.01


def inspect_embedded(path: Path) -> Inspection:
    """Look into a process of the embedded generator.

    Raises
    ------
    GenerationError
        If it is damaged, or of another version.
    """
    prepared = PreparedProcess.load(path)
    settings = {name: value for name, value in asdict(prepared.settings).items() if name != "cuts"}
    cuts = {name: value for name, value in asdict(prepared.settings.cuts).items() if value}
    facts = [(name, _shown(value)) for name, value in (settings | cuts).items()]
    names = operators(prepared.settings)
    points = {
        benchmark: dict(zip(names, map(float, row[1:]), strict=True))
        for benchmark, row in zip(prepared.benchmarks, prepared.couplings, strict=True)
    }
    facts.append(("seed", prepared.seed))
    return _inspection("process of the embedded generator", facts, points, prepared.cross_sections)


def inspect_madgraph(path: Path) -> Inspection:
    """Look into a process of MadGraph.

    Raises
    ------
    GenerationError
        If it is damaged, or of another version.
    """
    prepared = read_head(path)
    facts: list[tuple[str, Cell]] = [("name", prepared.name), ("MadGraph", prepared.version)]
    facts += [(f"line {number}", line) for number, line in enumerate(prepared.definition, start=1)]
    facts.append(("seed", prepared.seed))
    return _inspection("process of MadGraph", facts, prepared.couplings, prepared.cross_sections)


def _inspection(
    kind: str,
    facts: list[tuple[str, Cell]],
    points: Mapping[str, Mapping[str, float]],
    cross_sections: Mapping[str, tuple[float, float]],
) -> Inspection:
    columns = tuple(dict.fromkeys(name for point in points.values() for name in point))
    rows = tuple(
        (
            name or "(background)",
            *(point.get(column, 0.0) for column in columns),
            *cross_sections.get(name, (None, None)),
        )
        for name, point in points.items()
    )
    table = Table("benchmarks", ("name", *columns, "cross section [pb]", "error [pb]"), rows)
    suspicious = tuple(
        f"the cross section at {name} is known to {error / value:.1%} only"
        for name, (value, error) in cross_sections.items()
        if error > _LARGE_ERROR * value
    )
    return Inspection(kind, tuple(facts), (table,), (), suspicious)


def _shown(value: str | float | tuple[str, ...] | None) -> Cell:
    return (" ".join(value) or None) if isinstance(value, tuple) else value
