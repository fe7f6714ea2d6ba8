"""The runs of generators whose events are in a file: signal at benchmarks, and backgrounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.theory.parameters import ParameterSpace


@dataclass(frozen=True)
class Sample:
    """One run of a generator.

    Parameters
    ----------
    name
        Name of the run.
    benchmark
        The benchmark at which its events were drawn; None for a background, whose weights do not depend on theta.
    n_generated
        Number of events generated, before any cut.
    cross_section, cross_section_error
        In pb, before any cut of the analysis, as the generator states them, times the k-factor.
    process
        What was generated, for backgrounds: runs of one process (by default the name) are runs of the same thing and
        do not add up to more cross section. Signal runs are told apart by their benchmark.
    k_factor
        The factor that cross section and weights have been multiplied with, for what the generator leaves out.
    """

    name: str
    benchmark: str | None
    n_generated: int
    cross_section: float
    cross_section_error: float = 0.0
    process: str = ""
    k_factor: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.k_factor) and self.k_factor > 0.0):
            raise EventFileError(
                f"a k-factor of {self.k_factor}", where=f"sample {self.name}", expected="a positive number"
            )
        positive = self.n_generated > 0 and np.isfinite(self.cross_section) and self.cross_section > 0.0
        if not positive or not (np.isfinite(self.cross_section_error) and self.cross_section_error >= 0.0):
            raise EventFileError(
                f"{self.n_generated} generated events, cross section "
                f"{self.cross_section} +- {self.cross_section_error} pb",
                where=f"sample {self.name}",
                expected="at least one event and a finite, positive cross section with an error of zero or more",
            )

    @property
    def kind(self) -> str:
        """Either "signal" or "background"."""
        return "background" if self.benchmark is None else "signal"

    @property
    def group(self) -> tuple[str, str]:
        """What the sample is a run of: ("benchmark", its name) or ("background", its process)."""
        if self.benchmark is not None:
            return ("benchmark", self.benchmark)
        return ("background", self.process or self.name)


def benchmark_of_samples(space: ParameterSpace, samples: tuple[Sample, ...]) -> NDArray[np.int64]:
    """Return the index of each sample's benchmark, -1 for background, shape `(n_samples,)`."""
    return np.array([-1 if s.benchmark is None else space.index_of(s.benchmark) for s in samples], dtype=np.int64)


def group_scales(samples: tuple[Sample, ...]) -> NDArray[np.float64]:
    """Return the factor by which each run's weights shrink when it is put together with other runs of the same thing.

    A run of n events stands for its cross section alone; among N events of all runs it stands for n/N of it, so that
    all of them together give the mean cross section, weighted by the number of generated events.
    """
    totals: dict[tuple[str, str], int] = {}
    for sample in samples:
        totals[sample.group] = totals.get(sample.group, 0) + sample.n_generated
    return np.array([sample.n_generated / totals[sample.group] for sample in samples], dtype=np.float64)
