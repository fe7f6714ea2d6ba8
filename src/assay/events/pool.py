"""The pool of all simulated events, and what it says about any theta."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import EventFileError
from assay.events.mixture import mixture_weights
from assay.events.partition import Partition, event_content, partition_of
from assay.events.strata import (
    OwnWeights,
    Stratum,
    constants_of,
    constants_of_events,
    partition_factors,
    strata_of,
    unweighted_samples,
)
from assay.events.sums import StratumSums
from assay.events.table import EventTable, check_backgrounds
from assay.events.variation import nuisance_dependence
from assay.theory.constraints import Constraints
from assay.theory.morphing import Morphing
from assay.theory.nuisance import Described, LogQuadratic
from assay.theory.parameters import ParameterSpace

__all__ = ["EventPool", "Partition", "partition_of"]

_WEIGHTS_AT_A_TIME = 8_000_000


@dataclass(frozen=True, eq=False)
class EventPool:
    """All sub-samples as one sample, by deterministic-mixture weights (`assay.events.mixture`), and all backgrounds.

    Whatever takes parameters `theta` takes nuisance parameters `nu` beside them: `(n_nuisance,)` or a row for each
    theta, or None for their nominal values.

    Parameters
    ----------
    space, morphing
        The parameters, and how benchmark weights give those at any theta.
    observables
        Names of the columns of `x`.
    x
        Observables, shape `(n_events, n_observables)`.
    weights
        Mixture weights in pb, shape `(n_events, n_benchmarks)`: they add up over all events to the cross sections
        after cuts.
    sample_index
        The run of every event, shape `(n_events,)`.
    partition
        The partition of every event, shape `(n_events,)`.
    stratum
        The stratum of every event, shape `(n_events,)`.
    strata
        What was generated, of which kinds.
    fractions
        Nominal fractions of the partitions.
    nuisance_names
        Names of the nuisance parameters.
    dependence
        How the weight of every event depends on them; None without any.
    """

    space: ParameterSpace
    morphing: Morphing
    observables: tuple[str, ...]
    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    sample_index: NDArray[np.int32]
    partition: NDArray[np.uint8]
    stratum: NDArray[np.int64]
    strata: tuple[Stratum, ...]
    fractions: tuple[float, ...] = (0.6, 0.2, 0.2)
    nuisance_names: tuple[str, ...] = ()
    dependence: LogQuadratic | None = None

    @classmethod
    def from_table(cls, table: EventTable, fractions: Sequence[float] = (0.6, 0.2, 0.2), seed: int = 0) -> EventPool:
        """Pool the events of a table and assign them to partitions.

        Raises
        ------
        EventFileError
            If there is no event, or weights, cross sections and numbers of events contradict each other.
        """
        if table.n_events == 0:
            raise EventFileError("no events are left", mend="loosen the cuts, or generate more events")
        strata, stratum_of_sample = strata_of(table.space, table.samples)
        check_backgrounds(table)
        own = OwnWeights.none(len(table.samples)).updated(table.own_weights, table.sample_index)
        unweighted = unweighted_samples(table.samples, strata, stratum_of_sample, own)
        stratum = stratum_of_sample[table.sample_index]
        constants = constants_of_events(constants_of(table.space, strata), stratum)
        names = () if table.nuisance is None else tuple(parameter.name for parameter in table.nuisance.parameters)
        return cls(
            table.space,
            table.morphing,
            table.observable_names,
            table.x,
            mixture_weights(table.weights, table.benchmark_index, constants, unweighted[table.sample_index]),
            table.sample_index,
            partition_of(event_content(table.x, table.weights), fractions, seed),
            stratum,
            strata,
            tuple(fractions),
            names,
            nuisance_dependence(table) if names else None,
        )

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.x)

    @property
    def constraints(self) -> Constraints:
        """What is known of the nuisance parameters: zero, to one standard deviation of one."""
        return Constraints.unit(len(self.nuisance_names))

    @property
    def described(self) -> tuple[Described, ...]:
        """What the variations of each nuisance parameter leave open: see `assay.theory.nuisance`."""
        if self.dependence is None:
            return ()
        return self.dependence.summary(self.nuisance_names, self.event_weights(self.space.reference_values)[:, 0])

    def event_weights(self, theta: ArrayLike, nu: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the weights in pb at theta `(n_theta, n_parameters)`, shape `(n_events, n_theta)`.

        Their sum over events is the cross section after cuts. Negative weights are kept.
        """
        weights = self.weights @ self.morphing.weights(np.atleast_2d(theta)).T
        return weights if nu is None else weights * self._varying().factors(nu)

    def iterate_event_weights(
        self, theta: ArrayLike, chunk: int | None = None, nu: ArrayLike | None = None
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield slices of theta and the event weights there, by default about 64 MB at a time."""
        points = np.atleast_2d(theta)
        nuisance = None if nu is None else np.broadcast_to(nu, (len(points), len(self.nuisance_names)))
        chunk = chunk or max(1, _WEIGHTS_AT_A_TIME // max(1, self.n_events))
        for start in range(0, len(points), chunk):
            part = slice(start, min(start + chunk, len(points)))
            yield part, self.event_weights(points[part], None if nuisance is None else nuisance[part])

    def event_weight_gradients(self, theta: ArrayLike, nu: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the gradients in pb of the weights at one theta, shape `(n_events, n_parameters)`."""
        gradients: NDArray[np.float64] = self.weights @ self.morphing.weight_gradients(np.asarray(theta))
        return gradients if nu is None else gradients * self._varying().factors(nu)

    def nuisance_gradients(self, theta: ArrayLike, nu: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return the gradients in pb of the weights by the nuisance parameters, shape `(n_events, n_nuisance)`."""
        varying = self._varying()
        point = np.zeros(varying.n_nuisance) if nu is None else nu
        return self.event_weights(theta, point) * varying.log_gradients(point)

    def cross_section(
        self, theta: ArrayLike, nu: ArrayLike | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        r"""Return the cross sections after cuts at theta `(n_theta, n_parameters)` and their errors, in pb.

        The error squares the morphed weights (morphing the squares is wrong away from the benchmarks). Its square is
        the sum over strata of :math:`\sum w^2 - (\sum w)^2/N`, for N events generated, and of the generator's errors
        of their cross sections (`assay.events.sums.StratumSums.errors`).
        """
        points = np.atleast_2d(theta)
        totals, errors = np.empty(len(points)), np.empty(len(points))
        for part, weights in self.iterate_event_weights(points, nu=nu):
            sums = StratumSums.none(len(self.strata), weights.shape[1]).updated(weights, self.stratum)
            totals[part], errors[part] = sums.cross_sections, sums.errors(self.strata)
        return totals, errors

    def cross_section_gradient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the gradient in pb of the cross section at one theta, shape `(n_parameters,)`."""
        gradient: NDArray[np.float64] = self.weights.sum(axis=0) @ self.morphing.weight_gradients(np.asarray(theta))
        return gradient

    def effective_sample_size(self, theta: ArrayLike, nu: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return (sum w)^2 / sum w^2 at theta `(n_theta, n_parameters)`, shape `(n_theta,)`.

        Raises
        ------
        EventFileError
            If all weights are zero at one of the theta.
        """
        points = np.atleast_2d(theta)
        result = np.empty(len(points))
        for part, weights in self.iterate_event_weights(points, nu=nu):
            squares = (weights**2).sum(axis=0)
            if np.any(squares == 0.0):
                bad = points[part][np.argmin(squares)]
                raise EventFileError(f"all events have weight zero at theta = {bad}", expected="a cross section there")
            result[part] = weights.sum(axis=0) ** 2 / squares
        return result

    def scores(self, theta: ArrayLike, events: NDArray[np.integer] | None = None) -> NDArray[np.float64]:
        """Return joint scores grad log [dsigma(x, z) / sigma] at one theta, shape `(n_events, n_parameters)`.

        Parameters
        ----------
        theta
            The parameters at which to differentiate, shape `(n_parameters,)`.
        events
            Indices of the events, by default all.

        Raises
        ------
        EventFileError
            If the cross section is not positive, or one of the events has weight zero there.
        """
        point = np.asarray(theta, dtype=np.float64)
        rows = self.weights if events is None else self.weights[events]
        weights = rows @ self.morphing.weights(point)
        total = float(self.weights.sum(axis=0) @ self.morphing.weights(point))
        if total <= 0.0:
            raise EventFileError(
                f"the cross section at theta = {point} is {total:.4g} pb",
                expected="a positive cross section",
                mend="generate more events, or stay closer to the benchmarks",
            )
        if np.any(weights == 0.0):
            raise EventFileError(
                f"{int(np.sum(weights == 0.0))} events have weight zero at theta = {point}: they have no score",
                expected="events that occur there",
                mend="pass the indices of events of weight other than zero",
            )
        gradients = rows @ self.morphing.weight_gradients(point)
        return np.asarray(gradients / weights[:, None] - self.cross_section_gradient(point) / total)

    def select(self, partition: Partition) -> EventPool:
        """Return the events of one partition, with weights rescaled so that they stand for the whole sample.

        The weights of each stratum are multiplied by n/m, with n its events after cuts and m those in the partition.
        Given n, the hash makes the m a random part of the n, so this is unbiased like dividing by the nominal
        fraction f, but without the binomial fluctuation of m: the variance added is that of the weights within a
        stratum, (1/f - 1) n (<w^2> - <w>^2), in place of (1/f - 1) n <w^2>. A stratum with less than ten events
        expected in the partition is divided by f, since its m may be zero.

        Raises
        ------
        EventFileError
            If the partition has no events.
        """
        chosen = self.partition == partition
        if not chosen.any():
            raise EventFileError(
                f"no events in the {partition.name.lower()} partition of {self.n_events} events",
                expected="events in every partition that is used",
                mend="generate more events, loosen the cuts, or enlarge the fraction of the partition",
            )
        factors, strata = partition_factors(self.strata, self.stratum, chosen, self.fractions[partition])
        return replace(
            self,
            x=self.x[chosen],
            weights=self.weights[chosen] * factors[self.stratum[chosen]][:, None],
            sample_index=self.sample_index[chosen],
            partition=self.partition[chosen],
            stratum=self.stratum[chosen],
            strata=strata,
            dependence=None if self.dependence is None else self.dependence.select(chosen),
        )

    def at_nominal(self) -> EventPool:
        """Return the same events without nuisance parameters."""
        return replace(self, nuisance_names=(), dependence=None)

    @property
    def background(self) -> NDArray[np.bool_]:
        """Which events are of processes that do not depend on the parameters, shape `(n_events,)`."""
        return np.array([stratum.benchmark < 0 for stratum in self.strata])[self.stratum]

    def signal(self) -> EventPool:
        """Return the events that are not background."""
        kept = ~self.background
        return replace(
            self,
            x=self.x[kept],
            weights=self.weights[kept],
            sample_index=self.sample_index[kept],
            partition=self.partition[kept],
            stratum=self.stratum[kept],
            dependence=None if self.dependence is None else self.dependence.select(kept),
        )

    def _varying(self) -> LogQuadratic:
        return self.dependence if self.dependence is not None else LogQuadratic.none(self.n_events)
