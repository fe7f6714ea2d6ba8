"""What methods learn from the distribution of events: histograms, estimated ratios, and forms of these."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from assay.inference.coefficient_likelihood import ratio_likelihood
from assay.inference.grid import Grid
from assay.inference.histograms import HistogramModel, columns, event_weights
from assay.inference.interpolation import interpolated
from assay.inference.likelihoods import BinnedLikelihood, asimov_counts
from assay.inference.nuisance import Fixed
from assay.inference.protocols import Array, Likelihood, RatioEstimator, WeightedEvents
from assay.inference.remembered import Remembered
from assay.inference.truth import TruthRatio, record

Transform = Callable[[Array], Array]


class Shape(Protocol):
    """What a method learns from the distribution of events."""

    @property
    def nuisance(self) -> tuple[str, ...]:
        """Names of the nuisance parameters on which the shape depends."""
        ...

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of what the method looks at."""
        ...

    def values(self, events: WeightedEvents) -> Array:
        """Return what the method looks at of simulated events, (E, O)."""
        ...

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of n events distributed as at theta_true (P,), of theta and the shape's nuisance."""
        ...

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events with `values` (E, O), each of which stands for `counts` (E,) events."""
        ...


@dataclass(frozen=True)
class HistogramShape:
    """A histogram of observables, or of what an estimator makes of them.

    Parameters
    ----------
    model
        Bins and templates.
    observables
        What is read of events.
    transform
        From the observables (E, O) to what is binned (E, D).
    nuisance
        Names of the templates' nuisance parameters.
    """

    model: HistogramModel
    observables: tuple[str, ...]
    transform: Transform | None = None
    nuisance: tuple[str, ...] = ()

    def values(self, events: WeightedEvents) -> Array:
        """Return the observables, (E, O)."""
        return columns(events, self.observables)

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of the templates' own expectation, whose best fit is theta_true."""
        point = np.concatenate([theta_true, np.zeros(len(self.nuisance))])
        return BinnedLikelihood.asimov(self.model.templates, n, point)

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events."""
        binned = values if self.transform is None else self.transform(values)
        return BinnedLikelihood(self.model.templates, self.model.counts(binned, counts))


@dataclass(frozen=True)
class RatioShape:
    """An estimated likelihood ratio.

    Parameters
    ----------
    estimator
        Of the parameters of interest, then of `nuisance`.
    events
        Simulated events that it was not trained on, for Asimov data.
    nuisance
        Names of the nuisance parameters that it knows.
    """

    estimator: RatioEstimator
    events: WeightedEvents = field(repr=False)
    nuisance: tuple[str, ...] = ()

    @property
    def observables(self) -> tuple[str, ...]:
        """The estimator's."""
        return tuple(self.estimator.observables)

    def values(self, events: WeightedEvents) -> Array:
        """Return the estimator's observables, (E, O)."""
        return record(events) if isinstance(self.estimator, TruthRatio) else columns(events, self.estimator.observables)

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of the weighted simulated events."""
        weights = event_weights(self.events, theta_true)
        counts, used = asimov_counts(weights, n), weights != 0
        return ratio_likelihood(self.estimator, self.values(self.events)[used], counts[used])

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events."""
        return ratio_likelihood(self.estimator, values, counts)


@dataclass(frozen=True)
class InterpolatedShape:
    """A shape whose likelihoods, costly and smooth, are polynomials over a grid, where they can be; made once for data.

    Parameters
    ----------
    of
        The shape, which knows no nuisance parameters.
    grid
        Of the parameters of interest.
    """

    of: RatioShape
    grid: Grid
    _known: dict[bytes, Likelihood] = field(default_factory=dict, repr=False, compare=False)

    @property
    def nuisance(self) -> tuple[str, ...]:
        """The shape's."""
        return self.of.nuisance

    @property
    def observables(self) -> tuple[str, ...]:
        """The shape's."""
        return self.of.observables

    def values(self, events: WeightedEvents) -> Array:
        """Return what the shape looks at of simulated events, (E, O)."""
        return self.of.values(events)

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of n events distributed as at theta_true (P,)."""
        data = np.append(theta_true, n).tobytes()
        return self._remembered(data, lambda: self.of.expected(n, theta_true))

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events."""
        data = np.ascontiguousarray(values).tobytes() + np.ascontiguousarray(counts).tobytes()
        return self._remembered(data, lambda: self.of.observed(values, counts))

    def _remembered(self, data: bytes, make: Callable[[], Likelihood]) -> Likelihood:
        key = hashlib.sha256(data).digest()
        if key not in self._known:
            exact = make()
            self._known[key] = interpolated(exact, self.grid) or Remembered(exact)
        return self._known[key]


@dataclass(frozen=True)
class RestrictedShape:
    """A shape that depends on the kept nuisance parameters alone."""

    of: Shape
    n_parameters: int
    kept: tuple[str, ...]

    @property
    def nuisance(self) -> tuple[str, ...]:
        """Those that are kept."""
        return tuple(name for name in self.of.nuisance if name in self.kept)

    @property
    def observables(self) -> tuple[str, ...]:
        """The shape's."""
        return self.of.observables

    def values(self, events: WeightedEvents) -> Array:
        """Return what the shape looks at of simulated events, (E, O)."""
        return self.of.values(events)

    def expected(self, n: float, theta_true: Array) -> Likelihood:
        """Return the likelihood of n events distributed as at theta_true (P,)."""
        return self._fixed(self.of.expected(n, theta_true))

    def observed(self, values: Array, counts: Array) -> Likelihood:
        """Return the likelihood of events."""
        return self._fixed(self.of.observed(values, counts))

    def _fixed(self, likelihood: Likelihood) -> Likelihood:
        n, of = self.n_parameters, self.of.nuisance
        free = (*range(n), *(n + i for i, name in enumerate(of) if name in self.kept))
        return Fixed(likelihood, free, (0.0,) * (n + len(of)))
