"""What the selection left, of all runs of a benchmark or background together."""

from __future__ import annotations

from collections.abc import Sequence

from assay.events.table import CutFlowRow, Sample


def total_cut_flow(samples: Sequence[Sample], rows: Sequence[CutFlowRow]) -> tuple[CutFlowRow, ...]:
    """Add the cut flows of the runs of each benchmark (or background process), which name the rows of the result.

    Numbers of events add up, and so do cross sections in pb, since the runs in one table share that of their benchmark.
    """
    group_of = {sample.name: sample.group[1] for sample in samples}
    totals: dict[tuple[str, str], tuple[int, float]] = {}
    for row in rows:
        key = (group_of.get(row.sample, row.sample), row.step)
        n_events, cross_section = totals.get(key, (0, 0.0))
        totals[key] = (n_events + row.n_events, cross_section + row.cross_section)
    return tuple(CutFlowRow(name, step, n, cross_section) for (name, step), (n, cross_section) in totals.items())
