"""What inference needs of the rooms before it, and of a likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self, runtime_checkable

import numpy as np
import numpy.typing as npt

from assay.theory.nuisance import LogQuadratic

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

PER_INVERSE_FEMTOBARN = 1000.0
"""pb^-1 in one fb^-1: luminosities are in fb^-1, cross sections in pb."""


class MorphingWeights(Protocol):
    """The dependence of every event weight on theta: w(theta) = sum_b weights[b](theta) w_b."""

    def weights(self, theta: Array) -> Array:
        """Return (T, B) for theta (T, P)."""
        ...

    def weight_gradients(self, theta: Array) -> Array:
        """Return (T, B, P) for theta (T, P)."""
        ...


class WeightedEvents(Protocol):
    """Events with observables and a weight per benchmark in pb, such as `assay.events.pool.EventPool`."""

    @property
    def x(self) -> Array:
        """Observables (E, O)."""
        ...

    @property
    def weights(self) -> Array:
        """Benchmark weights (E, B) in pb."""
        ...

    @property
    def morphing(self) -> MorphingWeights:
        """The dependence on theta."""
        ...

    @property
    def observables(self) -> Sequence[str]:
        """Names of the columns of `x`."""
        ...

    @property
    def nuisance_names(self) -> tuple[str, ...]:
        """Names of K nuisance parameters."""
        ...

    @property
    def dependence(self) -> LogQuadratic | None:
        """How the weight of every event depends on them; None without any."""
        ...


class Expectations(Protocol):
    """Cross sections in N bins as functions of theta, which may include nuisance parameters in its last columns."""

    @property
    def n_bins(self) -> int:
        """N."""
        ...

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        """Return (T, N) in pb for theta (T, P)."""
        ...

    def gradients(self, theta: npt.ArrayLike) -> Array:
        """Return d sigma_n / d theta in pb, (N, P) for one point (P,) and (T, N, P) for theta (T, P)."""
        ...


class UncertainExpectations(Expectations, Protocol):
    """Expectations of finite simulation, with their statistical covariance."""

    def covariances(self, theta: npt.ArrayLike) -> Array:
        """Return the covariance of (sigma_n, d sigma_n / d theta) from finite simulation, (N, 1 + P, 1 + P)."""
        ...

    def scaled(self, factor: float) -> Self:
        """Multiply all weights by a factor."""
        ...

    def merged(self, groups: Integers) -> Self:
        """Add up bins: bin n goes to bin `groups`[n], (N,)."""
        ...


@runtime_checkable
class RatioEstimator(Protocol):
    """An estimator of log r(x|theta, theta_ref) and of its gradient.

    One that has `summed_log_ratio(x, theta, weights)`, as all of `assay.estimators` have, is asked for sums over
    events, (T,) at theta (T, P), and so is one with `summed_score(x, theta, weights)` for their gradients, (T, P).
    """

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the columns of x."""
        ...

    def log_ratio(self, x: Array, theta: Array) -> npt.NDArray[np.floating]:
        """Return (T, E) for x (E, O) and theta (T, P)."""
        ...

    def score(self, x: Array, theta: Array) -> npt.NDArray[np.floating]:
        """Return the gradient of log r in theta, (E, P), for x (E, O) and theta (P,)."""
        ...


class ScoreEstimator(Protocol):
    """An estimator of the score at a fixed reference point."""

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the columns of x."""
        ...

    def score(self, x: Array) -> npt.NDArray[np.floating]:
        """Return (E, P) for x (E, O)."""
        ...


class Likelihood(Protocol):
    """A log likelihood of one data set as a function of theta."""

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P); minus infinity where the hypothesis predicts a negative rate."""
        ...

    def gradient(self, theta: Array) -> Array:
        """Return (P,) for theta (P,), and (T, P) for theta (T, P)."""
        ...


def as_points(theta: npt.ArrayLike) -> Array:
    """Return theta as (T, P): one point (P,) becomes (1, P)."""
    return np.atleast_2d(np.asarray(theta, dtype=np.float64))
