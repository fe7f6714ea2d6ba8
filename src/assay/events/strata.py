"""The independently generated parts of a pool of events: one per benchmark and region, and per background process."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.samples import Sample, check_runs, mean_cross_section
from assay.theory.parameters import ParameterSpace

_NORMALISATION_TOLERANCE = 0.01
_CONSTANT_WEIGHT_TOLERANCE = 1e-4  # relative; LHE files carry about seven digits
_ENOUGH_TO_JUDGE = 50
_FEWEST_TO_RESCALE = 10.0
"""Expected events in a partition below which its actual number is too uncertain to rescale by."""


@dataclass(frozen=True)
class Stratum:
    """All events generated of one kind, in however many runs.

    Parameters
    ----------
    name
        Name of the benchmark or of the background process.
    benchmark
        Index of the benchmark; -1 for a background.
    n_generated
        Number of generated events N before cuts, of all runs. (For a partition: the number that stands in its place
        in the variance, see `partitioned`.)
    cross_section, cross_section_error
        In pb, before cuts: the mean of the runs, weighted by their generated events, and the generator's error of it.
    counting_error
        What the number of events adds to the error where only that after cuts is known, in pb.
    region
        Of signal: the region of phase space; no event of one region could have been drawn in another.
    """

    name: str
    benchmark: int
    n_generated: float
    cross_section: float
    cross_section_error: float
    counting_error: float = 0.0
    region: str = ""

    @property
    def constant(self) -> float:
        """Cross section in pb, sigma / N, for which one generated event stands."""
        return self.cross_section / self.n_generated

    def partitioned(self, n_events: int, n_selected: int) -> Stratum:
        """Return the stratum of a random `n_selected` of its `n_events` events after cuts, rescaled by their ratio.

        The variance of a sum over n of N generated events is sum w^2 - (sum w)^2 / N. Choosing m of the n and
        rescaling by n/m adds the variance of sampling without replacement, (n/m - 1) n s^2 with s^2 the variance
        among the n. In terms of the rescaled weights the total is sum w'^2 - (sum w')^2 (1/N + 1/m - 1/n).
        """
        return replace(self, n_generated=1.0 / (1.0 / self.n_generated + 1.0 / n_selected - 1.0 / n_events))


def strata_of(space: ParameterSpace, samples: tuple[Sample, ...]) -> tuple[tuple[Stratum, ...], NDArray[np.int64]]:
    """Group samples by what they are runs of; return the strata and the stratum of each sample `(n_samples,)`.

    Raises
    ------
    MismatchError
        If runs of the same thing have cross sections or k-factors that do not fit each other.
    """
    groups: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        groups.setdefault(sample.group, []).append(sample)
    strata = tuple(_stratum(space, name, runs) for (_, name), runs in groups.items())
    order = list(groups)
    return strata, np.array([order.index(sample.group) for sample in samples], dtype=np.int64)


def _stratum(space: ParameterSpace, name: str, runs: list[Sample]) -> Stratum:
    check_runs(runs)
    benchmark = -1 if runs[0].benchmark is None else space.index_of(runs[0].benchmark)
    n_generated = float(sum(run.n_generated for run in runs))
    return Stratum(name, benchmark, n_generated, *mean_cross_section(runs), region=runs[0].region)


def constants_of(space: ParameterSpace, strata: tuple[Stratum, ...]) -> NDArray[np.float64]:
    """Return c_t = sigma_t / N_t in pb of every benchmark in the region of each stratum, `(n_strata, n_benchmarks)`.

    They are infinite where nothing was generated, and not used for backgrounds.
    """
    regions: dict[str, NDArray[np.float64]] = {}
    for stratum in strata:
        constants = regions.setdefault(stratum.region, np.full(len(space.benchmarks), np.inf))
        if stratum.benchmark >= 0:
            constants[stratum.benchmark] = stratum.constant
    return np.array([regions[stratum.region] for stratum in strata]).reshape(len(strata), len(space.benchmarks))


def constants_of_events(constants: NDArray[np.float64], stratum: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return those of events `(n_events,)` out of `(n_strata, n_benchmarks)`, or one row that holds for all of them."""
    if not len(constants) or (constants == constants[0]).all():
        return constants[0] if len(constants) else np.zeros(0)
    return constants[stratum]


def partition_factors(
    strata: tuple[Stratum, ...], stratum: NDArray[np.int64], chosen: NDArray[np.bool_], fraction: float
) -> tuple[NDArray[np.float64], tuple[Stratum, ...]]:
    """Return the factors by which weights of each stratum grow in a partition, and the strata that stand for it.

    Parameters
    ----------
    strata, stratum
        All strata, and the stratum of every event, shape `(n_events,)`.
    chosen, fraction
        The events of the partition, shape `(n_events,)`, and its nominal fraction.
    """
    n_events = np.bincount(stratum, minlength=len(strata))
    n_selected = np.bincount(stratum[chosen], minlength=len(strata))
    factors, standing = np.full(len(strata), 1.0 / fraction), list(strata)
    for s, whole in enumerate(strata):
        if n_events[s] * fraction >= _FEWEST_TO_RESCALE and n_selected[s] > 0:
            factors[s] = n_events[s] / n_selected[s]
            standing[s] = whole.partitioned(int(n_events[s]), int(n_selected[s]))
    return factors, tuple(standing)


@dataclass(frozen=True, eq=False)
class OwnWeights:
    """Lowest and highest weight in pb of each sample at its own benchmark, and its events, all `(n_samples,)`."""

    lowest: NDArray[np.float64]
    highest: NDArray[np.float64]
    n_events: NDArray[np.int64]

    @classmethod
    def none(cls, n_samples: int) -> OwnWeights:
        """Return what is known of no events."""
        return cls(np.full(n_samples, np.inf), np.full(n_samples, -np.inf), np.zeros(n_samples, dtype=np.int64))

    def updated(self, own: NDArray[np.float64], sample_index: NDArray[np.int32]) -> OwnWeights:
        """Return what is known with some more events: their own weights and samples, both `(n_events,)`."""
        lowest, highest = self.lowest.copy(), self.highest.copy()
        np.minimum.at(lowest, sample_index, own)
        np.maximum.at(highest, sample_index, own)
        return OwnWeights(lowest, highest, self.n_events + np.bincount(sample_index, minlength=len(lowest)))


def unweighted_samples(
    samples: tuple[Sample, ...], strata: tuple[Stratum, ...], stratum_of_sample: NDArray[np.int64], own: OwnWeights
) -> NDArray[np.bool_]:
    """Say which samples are of signal with a constant, positive weight at their own benchmark, shape `(n_samples,)`.

    Those with efficiencies in their weights do not count as such: an event stands for less than one.

    Raises
    ------
    EventFileError
        If that constant fits neither the cross section and number of events of the run nor those of all runs of its
        benchmark.
    """
    unweighted = np.zeros(len(samples), dtype=np.bool_)
    for s, sample in enumerate(samples):
        lowest, highest = own.lowest[s], own.highest[s]
        if sample.benchmark is None or sample.reweighted:
            continue
        if not 0.0 < lowest <= highest <= (1.0 + _CONSTANT_WEIGHT_TOLERANCE) * lowest:
            continue
        unweighted[s] = True
        if own.n_events[s] >= _ENOUGH_TO_JUDGE:
            _check_normalisation(sample, strata[stratum_of_sample[s]], float(lowest))
    return unweighted


def _check_normalisation(sample: Sample, stratum: Stratum, weight: float) -> None:
    # put together with the other runs of its benchmark, or alone: the mixture weights come out alike
    expected = np.array([sample.cross_section / stratum.n_generated, sample.cross_section / sample.n_generated])
    if np.min(np.abs(weight / expected - 1.0)) > _NORMALISATION_TOLERANCE:
        raise EventFileError(
            f"its events weigh {weight:.6g} pb each",
            where=f"sample {sample.name}",
            expected=f"{expected[0]:.6g} pb: {sample.cross_section:.6g} pb / {stratum.n_generated:.0f} events",
            mend="give cross section and number of events as generated, before cuts, k-factors included",
        )
