"""What a file of events adds up to, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.header import EventHeader
from assay.events.mixture import mixture_weights
from assay.events.strata import constants_of, constants_of_events, strata_of
from assay.events.sums import StratumSums
from assay.events.table import Sample, benchmark_of_samples
from assay.events.weight_report import SampleReport, WeightSums

_REPEATED = 0.5
_DISTINCT = 0.01


@dataclass(frozen=True)
class CombinedEvents:
    """What a combined file holds.

    Parameters
    ----------
    n_events
        Number of events, after cuts.
    samples
        The runs.
    events_per_sample
        Events after cuts of each run.
    benchmark_names
        The benchmarks, in whose order the next two are.
    cross_sections, cross_section_errors
        After cuts, in pb, from all events.
    effective_sample_sizes
        (sum w)^2 / sum w^2 with the mixture weights.
    negative_weights
        Number of events with a negative weight at the benchmark at which they were drawn.
    reports
        What the weights of each run add up to.
    """

    n_events: int
    samples: tuple[Sample, ...]
    events_per_sample: tuple[int, ...]
    benchmark_names: tuple[str, ...]
    cross_sections: tuple[float, ...]
    cross_section_errors: tuple[float, ...]
    effective_sample_sizes: tuple[float, ...]
    negative_weights: int
    reports: tuple[SampleReport, ...] = ()


class Tally:
    """Adds up blocks of events in the order of their keys, so that equal events are neighbours."""

    def __init__(self, header: EventHeader, unweighted: NDArray[np.bool_]) -> None:
        self._header, self._unweighted = header, unweighted
        self._strata, self._stratum_of_sample = strata_of(header.space, header.samples)
        self._constants = constants_of(header.space, self._strata)
        self._drawn_at = benchmark_of_samples(header.space, header.samples)
        n_samples, self._n_benchmarks = len(header.samples), len(header.space.benchmarks)
        self._sums = StratumSums.none(len(self._strata), self._n_benchmarks)
        self._events = np.zeros(n_samples, dtype=np.int64)
        self._own = WeightSums.none(n_samples)
        # events of a sample that have a twin in another one, and in their own
        self._in_others, self._in_own = np.zeros(n_samples, dtype=np.int64), np.zeros(n_samples, dtype=np.int64)

    def add(
        self, keys: NDArray[np.uint64], index: NDArray[np.int32], weights: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Add a block: keys `(n,)`, samples `(n,)`, weights `(n, n_benchmarks)`; return where the events were drawn."""
        drawn_at = self._drawn_at[index]
        stratum = self._stratum_of_sample[index]
        constants = constants_of_events(self._constants, stratum)
        pooled = mixture_weights(weights, drawn_at, constants, self._unweighted[index])
        self._sums = self._sums.updated(pooled, stratum)
        self._events += np.bincount(index, minlength=len(self._events))
        self._own = self._own.updated(weights[np.arange(len(index)), np.maximum(drawn_at, 0)], index)
        self._count_twins(keys, index)
        return drawn_at

    def events_per_benchmark(self) -> tuple[NDArray[np.int64], int]:
        """Return the numbers of events drawn at each benchmark, and of background events."""
        signal = self._drawn_at >= 0
        counts = np.zeros(self._n_benchmarks, dtype=np.int64)
        np.add.at(counts, self._drawn_at[signal], self._events[signal])
        return counts, int(self._events[~signal].sum())

    def check_repeats(self) -> None:
        """Refuse a run that has most of its events in common with others.

        Events repeat in earnest where all observables are counts; then they repeat within a run, too.

        Raises
        ------
        EventFileError
            Naming the run.
        """
        present = np.maximum(self._events, 1)
        suspect = (self._in_others > _REPEATED * present) & (self._in_own < _DISTINCT * present) & (self._events > 1)
        if suspect.any():
            s = int(np.argmax(suspect))
            raise EventFileError(
                f"{self._in_others[s]} of its {self._events[s]} events are in other samples, too",
                where=f"sample {self._header.samples[s].name}",
                expected="runs that are independent of each other",
                mend="generate it again with a seed of its own",
            )

    def result(self) -> CombinedEvents:
        """Return what all blocks add up to."""
        return CombinedEvents(
            int(self._events.sum()),
            self._header.samples,
            tuple(map(int, self._events)),
            self._header.space.benchmark_names,
            tuple(map(float, self._sums.cross_sections)),
            tuple(map(float, self._sums.errors(self._strata))),
            tuple(map(float, self._sums.effective_sample_sizes)),
            int(self._own.n_negative.sum()),
            self._own.report(self._header.samples),
        )

    def _count_twins(self, keys: NDArray[np.uint64], index: NDArray[np.int32]) -> None:
        # sorted by key and sample: a group of equal keys is one of equal events, unless two hashes collide
        first = np.concatenate([[True], keys[1:] != keys[:-1]])
        group = np.cumsum(first) - 1
        sizes = np.bincount(group)
        if len(sizes) == len(keys):
            return
        new_sample = first | np.concatenate([[True], index[1:] != index[:-1]])
        samples_in_group = np.bincount(group, weights=new_sample)
        run = np.cumsum(new_sample) - 1
        self._in_others += np.bincount(index[samples_in_group[group] > 1], minlength=len(self._events))
        self._in_own += np.bincount(index[np.bincount(run)[run] > 1], minlength=len(self._events))
