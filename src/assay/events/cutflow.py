"""What the selection left, of all runs of a benchmark or background together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from assay.events.table import CutFlowRow, Sample


def scaled(row: CutFlowRow, factor: float) -> CutFlowRow:
    """Return a row whose cross sections are multiplied by a factor."""
    every = tuple(factor * cross_section for cross_section in row.at_benchmarks)
    return replace(row, cross_section=factor * row.cross_section, at_benchmarks=every)


def total_cut_flow(samples: Sequence[Sample], rows: Sequence[CutFlowRow]) -> tuple[CutFlowRow, ...]:
    """Add the cut flows of the runs of each benchmark (or background process), which name the rows of the result.

    Numbers of events add up, and so do cross sections in pb, since the runs in one table share that of their benchmark.
    Those at all benchmarks are known where they are of all the runs.
    """
    group_of = {sample.name: sample.group[1] for sample in samples}
    totals: dict[tuple[str, str], CutFlowRow] = {}
    for row in rows:
        key = (group_of.get(row.sample, row.sample), row.step)
        named = replace(row, sample=key[0])
        totals[key] = _sum(totals[key], named) if key in totals else named
    return tuple(totals.values())


def _sum(first: CutFlowRow, second: CutFlowRow) -> CutFlowRow:
    known = len(first.at_benchmarks) == len(second.at_benchmarks)
    pairs = zip(first.at_benchmarks, second.at_benchmarks, strict=True) if known else ()
    return replace(
        first,
        n_events=first.n_events + second.n_events,
        cross_section=first.cross_section + second.cross_section,
        at_benchmarks=tuple(a + b for a, b in pairs),
    )
