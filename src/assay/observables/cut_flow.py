"""What a selection leaves of a sample, step by step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.events.table import CutFlowRow

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class CutFlowStep:
    """Events left after a step, and the sum of their weights in pb at every benchmark, shape `(n_benchmarks,)`."""

    name: str
    n_events: int
    cross_sections: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class CutFlow:
    """The steps of a selection, beginning with the events it was given."""

    steps: tuple[CutFlowStep, ...] = ()

    def __iter__(self) -> Iterator[CutFlowStep]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    def after(self, name: str, keep: Mask, weights: NDArray[np.float64]) -> CutFlow:
        """Return the cut flow with one more step, which leaves `keep` of the events with `weights` (n_events, n_b)."""
        step = CutFlowStep(name, int(np.count_nonzero(keep)), weights[keep].sum(axis=0))
        return CutFlow((*self.steps, step))

    def rows(self, sample: str, benchmark: int, n_benchmarks: int) -> tuple[CutFlowRow, ...]:
        """Return the rows for an event file.

        Parameters
        ----------
        sample
            Name of the run.
        benchmark
            Index of the sample's own benchmark.
        n_benchmarks
            How many of the weights are at benchmarks, which come first; the others are of systematics.
        """
        return tuple(
            CutFlowRow(
                sample,
                step.name,
                step.n_events,
                float(step.cross_sections[benchmark]),
                tuple(step.cross_sections[:n_benchmarks].tolist()),
            )
            for step in self.steps
        )
