"""The runs of generators whose events are in a file: signal at benchmarks, and backgrounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError, MismatchError
from assay.theory.parameters import ParameterSpace

_MANY_ERRORS = 5.0
_ALIKE = 0.03  # relative
_ALIKE_COUNTED = 0.5  # weights may be of any size and sign: an error of sigma / sqrt(n) may be far too small
_ROUNDING = 1e-9


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
    counted
        Whether its events are those counted after cuts, for want of the number of generated ones; the error of the
        cross section is then that of the count, so that of no other run.
    region
        Of signal: the region of phase space, if the process was generated in several that share no event. The cross
        sections of regions add up, each region has its own at every benchmark.
    reweighted
        Whether weights have been multiplied with what depends on reconstructed objects, such as an efficiency: then
        even equal weights are not the cross section over the number of events.
    """

    name: str
    benchmark: str | None
    n_generated: int
    cross_section: float
    cross_section_error: float = 0.0
    process: str = ""
    k_factor: float = 1.0
    counted: bool = False
    region: str = ""
    reweighted: bool = False

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
        """What the sample is a run of: ("benchmark", its name, with the region) or ("background", its process)."""
        if self.benchmark is not None:
            return ("benchmark", f"{self.benchmark} in {self.region}" if self.region else self.benchmark)
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


def cross_section_of_regions(runs: Sequence[Sample]) -> tuple[float, float]:
    """Return the cross section, in pb, of runs at one benchmark in however many regions, and its error.

    Each region's is the mean of its runs; regions add up, and are measured independently.
    """
    regions: dict[str, list[Sample]] = {}
    for run in runs:
        regions.setdefault(run.region, []).append(run)
    measured = np.array([mean_cross_section(found) for found in regions.values()])
    return float(measured[:, 0].sum()), float(np.sqrt((measured[:, 1:] ** 2).sum()))


def mean_cross_section(runs: Sequence[Sample]) -> tuple[float, float, float]:
    """Return the mean cross section of runs of the same thing, weighted by their generated events, and its two errors.

    The errors, in pb, are the generator's and that of counting (of runs that are `counted`). Runs that state exactly
    the same cross section and error were normalised to one and the same measurement: more runs do not make it better,
    so their shares of its error add up linearly. Other errors are independent.
    """
    shares = np.array([run.n_generated for run in runs]) / sum(run.n_generated for run in runs)
    measured: dict[tuple[float, float], float] = {}
    counting = 0.0
    for share, run in zip(shares.tolist(), runs, strict=True):
        error = share * run.cross_section_error
        if run.counted:
            counting += error**2
        else:
            key = (run.cross_section, run.cross_section_error)
            measured[key] = measured.get(key, 0.0) + error
    mean = float(shares @ [run.cross_section for run in runs])
    return mean, float(np.sqrt(sum(error**2 for error in measured.values()))), float(np.sqrt(counting))


def check_runs(runs: Sequence[Sample]) -> None:
    """Refuse runs of the same thing whose cross sections cannot be of the same thing.

    Raises
    ------
    MismatchError
        If k-factors differ, or cross sections do by more than five of their errors and by more than 3 % (50 % where
        they are of counted events, whose errors are not well known).
    """
    for run in runs:
        if abs(run.k_factor / runs[0].k_factor - 1.0) > _ROUNDING:
            raise _mismatch(runs[0], run, f"k-factors of {runs[0].k_factor:g} and {run.k_factor:g}")
    distinct = list({(run.cross_section, run.cross_section_error): run for run in runs}.values())
    values = np.array([run.cross_section for run in distinct])
    errors = np.array([run.cross_section_error for run in distinct])
    alike = np.array([_ALIKE_COUNTED if run.counted else _ALIKE for run in distinct])
    allowed = np.maximum(
        _MANY_ERRORS * np.hypot.outer(errors, errors), np.maximum.outer(alike, alike) * np.minimum.outer(values, values)
    )
    apart = np.argwhere(np.abs(np.subtract.outer(values, values)) > allowed)
    if len(apart):
        one, other = (distinct[i] for i in apart[0])
        found = " and ".join(f"{run.cross_section:.5g} +- {run.cross_section_error:.2g}" for run in (one, other))
        raise _mismatch(one, other, f"cross sections of {found} pb")


def _mismatch(one: Sample, other: Sample, found: str) -> MismatchError:
    return MismatchError(
        f"the runs {one.name} and {other.name} of {one.group[1]} have {found}",
        expected="one cross section and one k-factor in all runs of a benchmark or of a background process",
        mend="make a second process a background of its own, or a study of its own; or generate one of the runs again",
    )
