"""What the weights of each sample add up to; negative ones are told, and never dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.events.table import Sample

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SampleReport:
    """The weights of a sample's events at its own benchmark.

    Parameters
    ----------
    name, kind
        Of the sample; "signal" or "background".
    n_events
        After cuts.
    cross_section
        Sum of all weights, pb.
    n_negative, negative_cross_section
        Events of negative weight, and the sum of their weights in pb (zero or less).
    effective_sample_size
        (sum w)^2 / sum w^2: how many events of equal, positive weight would be worth as much.
    """

    name: str
    kind: str
    n_events: int
    cross_section: float
    n_negative: int
    negative_cross_section: float
    effective_sample_size: float

    def __str__(self) -> str:
        text = f"{self.kind} {self.name}: {self.n_events} events, {self.cross_section:.4g} pb"
        if self.n_negative:
            text += (
                f", {self.n_negative} of negative weight ({self.negative_cross_section:.3g} pb); "
                f"worth {self.effective_sample_size:.0f} events"
            )
        return text


@dataclass(frozen=True, eq=False)
class WeightSums:
    """Sums over events of each of S samples, to which more events can be added; every array is `(n_samples,)`."""

    n_events: NDArray[np.int64]
    n_negative: NDArray[np.int64]
    total: Array
    negative: Array
    squares: Array

    @classmethod
    def none(cls, n_samples: int) -> WeightSums:
        """Return the sums over no events."""
        counts = np.zeros(n_samples, dtype=np.int64)
        return cls(counts, counts, np.zeros(n_samples), np.zeros(n_samples), np.zeros(n_samples))

    def updated(self, own: Array, sample_index: NDArray[np.int32]) -> WeightSums:
        """Add events with weights in pb at their own benchmark and sample numbers, both `(n_events,)`."""
        size = len(self.total)
        negative = own < 0.0

        def added(weights: Array) -> Array:
            return np.bincount(sample_index, weights=weights, minlength=size).astype(np.float64)

        return WeightSums(
            self.n_events + np.bincount(sample_index, minlength=size),
            self.n_negative + np.bincount(sample_index[negative], minlength=size),
            self.total + added(own),
            self.negative + added(np.where(negative, own, 0.0)),
            self.squares + added(own**2),
        )

    def report(self, samples: tuple[Sample, ...]) -> tuple[SampleReport, ...]:
        """Return what the sums say about each sample."""
        sizes = np.divide(self.total**2, self.squares, out=np.zeros_like(self.total), where=self.squares > 0.0)
        return tuple(
            SampleReport(
                sample.name,
                sample.kind,
                int(self.n_events[s]),
                float(self.total[s]),
                int(self.n_negative[s]),
                float(self.negative[s]),
                float(sizes[s]),
            )
            for s, sample in enumerate(samples)
        )
