"""The samples of an event file that does not name them, inferred from the weights of its events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.table import Sample
from assay.theory.parameters import ParameterSpace


@dataclass(frozen=True, eq=False)
class DrawnAt:
    """What is known of the events drawn at each of B benchmarks, and (in the last place) of background events.

    All arrays are `(n_benchmarks + 1,)`: number of events, and sum, lowest and highest of their weights in pb at their
    own benchmark (any, for background).
    """

    n_events: NDArray[np.int64]
    total: NDArray[np.float64]
    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]

    @classmethod
    def nowhere(cls, space: ParameterSpace) -> DrawnAt:
        """Return what is known of no events."""
        size = len(space.benchmarks) + 1
        return cls(np.zeros(size, dtype=np.int64), np.zeros(size), np.full(size, np.inf), np.full(size, -np.inf))

    def updated(self, own: NDArray[np.float64], drawn_at: NDArray[np.int64]) -> DrawnAt:
        """Return what is known with some more events: their own weights, and benchmarks (-1: background), `(n,)`.

        Raises
        ------
        EventFileError
            If an event is of an unknown benchmark.
        """
        size = len(self.total)
        if len(drawn_at) and not -1 <= drawn_at.min() <= drawn_at.max() < size - 1:
            raise EventFileError(
                f"samples/sampling_benchmarks runs from {drawn_at.min()} to {drawn_at.max()}",
                expected=f"numbers from -1 to {size - 2}",
            )
        place = np.where(drawn_at < 0, size - 1, drawn_at)
        lowest, highest = self.lowest.copy(), self.highest.copy()
        np.minimum.at(lowest, place, own)
        np.maximum.at(highest, place, own)
        return DrawnAt(
            self.n_events + np.bincount(place, minlength=size),
            self.total + np.bincount(place, weights=own, minlength=size),
            lowest,
            highest,
        )


def inferred_samples(space: ParameterSpace, seen: DrawnAt) -> tuple[Sample, ...]:
    """Infer the samples of a MadMiner file, in which every event knows the benchmark at which it was drawn.

    The events of benchmark t have weights at t that add up to its cross section after cuts; they may be of any size
    (MadMiner gives each of several runs its own) and sign. How many were generated before cuts is not known, so events
    and cross section after cuts are taken; the relative error of 1/sqrt(n) of the latter then makes up for the unknown
    efficiency: in all, the squared error of a cross section becomes sum w^2.

    Parameters
    ----------
    space
        The parameter space.
    seen
        What is known of all events.

    Returns
    -------
    One sample per benchmark that has events, and one for background.

    Raises
    ------
    EventFileError
        If the weights of a benchmark, or of background, do not add up to a positive cross section.
    """
    names = (*space.benchmark_names, None)
    samples = []
    for place in np.flatnonzero(seen.n_events):
        benchmark, n_events, total = names[place], int(seen.n_events[place]), float(seen.total[place])
        error = total / float(np.sqrt(n_events))
        samples.append(Sample(benchmark or "background", benchmark, n_events, total, error, counted=True))
    return tuple(samples)
