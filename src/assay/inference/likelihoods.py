r"""Log likelihoods of a data set as functions of theta.

- `RateLikelihood`: Poisson(n | L sigma(theta)) for the number of events alone.
- `BinnedLikelihood`: the shape of a histogram, multinomial in the counts. With the rate it is the product of Poissons
  of all bins.
- `RatioLikelihood`: sum_i c_i log r(x_i|theta, theta_ref) with an estimated (or exact) ratio; c_i is 1 for observed
  events.
- `Product`: several of these for the same data; shape and rate, for example.
- `Physical`: no information, but no negative rates.

Expected (Asimov) data are the whole weighted sample at theta_true: c_i = n w_i(theta_true) / sum w, never a small draw
(1007.1727, section 3.2).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln

from assay.errors import InferenceError
from assay.inference.protocols import (
    PER_INVERSE_FEMTOBARN,
    Array,
    Expectations,
    Likelihood,
    Mask,
    RatioEstimator,
    as_points,
)

_EVALUATIONS_PER_CHUNK = 2_000_000


@dataclass(frozen=True)
class RateLikelihood:
    """Poisson likelihood of the number of events.

    Parameters
    ----------
    total
        Templates with one bin, the total cross section in pb.
    luminosity
        fb^-1.
    n
        Number of events in the data, an expectation for Asimov data.
    """

    total: Expectations
    luminosity: float
    n: float

    @classmethod
    def asimov(cls, total: Expectations, luminosity: float, theta_true: npt.ArrayLike) -> RateLikelihood:
        """Return the likelihood of the expected number of events at theta_true (P,)."""
        return cls(total, luminosity, expected_events(total, luminosity, theta_true))

    def log_likelihood(self, theta: Array) -> Array:
        """Return log Poisson(n | L sigma(theta)), (T,); minus infinity where sigma is not positive."""
        expected = PER_INVERSE_FEMTOBARN * self.luminosity * self.total.cross_sections(theta)[:, 0]
        physical = expected > 0
        safe = np.where(physical, expected, 1.0)
        values = self.n * np.log(safe) - safe - gammaln(self.n + 1.0)
        return np.where(physical, values, -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        points = as_points(theta)
        sigma = self.total.cross_sections(points)
        relative = self.total.gradients(points)[:, 0] / sigma
        gradient: Array = (self.n - PER_INVERSE_FEMTOBARN * self.luminosity * sigma) * relative
        return gradient.reshape(np.shape(theta))


@dataclass(frozen=True)
class BinnedLikelihood:
    """Multinomial likelihood of the counts in bins, given their sum.

    Parameters
    ----------
    templates
        Cross sections in N bins, pb.
    counts
        Events in the bins, (N,); expectations for Asimov data.
    """

    templates: Expectations
    counts: Array

    @classmethod
    def asimov(cls, templates: Expectations, n: float, theta_true: npt.ArrayLike) -> BinnedLikelihood:
        """Return the likelihood of n events distributed as expected at theta_true (P,).

        Raises
        ------
        InferenceError
            If a bin's expectation at theta_true is not positive.
        """
        expected = templates.cross_sections(theta_true)[0]
        if not (expected > 0).all():
            raise InferenceError(
                f"{int((expected <= 0).sum())} of {len(expected)} bins expect no event or fewer at theta_true",
                expected="a positive expectation in every bin",
                mend="merge bins (assay.inference.templates.merge_groups), or ask for fewer",
            )
        return cls(templates, n * expected / expected.sum())

    def log_likelihood(self, theta: Array) -> Array:
        """Return log Multinomial(counts | sigma_n / sigma), (T,).

        It is minus infinity where an expectation is negative, or 0 in a bin with events.
        """
        expected = self.templates.cross_sections(theta)
        filled = self.counts > 0
        negative = np.any(expected < 0, axis=1) | np.any(expected[:, filled] <= 0, axis=1)
        physical: Mask = ~negative
        safe = np.where(physical[:, None], expected, 1.0)
        shape = np.log(safe[:, filled]) - np.log(safe.sum(axis=1, keepdims=True))
        constant = gammaln(self.counts.sum() + 1.0) - gammaln(self.counts + 1.0).sum()
        return np.where(physical, shape @ self.counts[filled] + constant, -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        points, filled = as_points(theta), self.counts > 0
        expected, gradients = self.templates.cross_sections(points), self.templates.gradients(points)
        per_bin = self.counts[filled] / expected[:, filled]
        of_total = self.counts.sum() * gradients.sum(axis=1) / expected.sum(axis=1, keepdims=True)
        gradient: Array = np.einsum("tn,tnp->tp", per_bin, gradients[:, filled]) - of_total
        return gradient.reshape(np.shape(theta))


@dataclass(frozen=True)
class RatioLikelihood:
    """Likelihood of events from an estimated ratio to a fixed reference: sum_i counts_i log r(x_i|theta, theta_ref).

    Parameters
    ----------
    estimator
        `log_ratio(x, theta)` and its gradient `score(x, theta)`.
    x
        Observables (E, O) of events that the estimator has not been trained on.
    counts
        How many events each one stands for, (E,): 1 for observed data.
    """

    estimator: RatioEstimator
    x: Array
    counts: Array = field(repr=False)

    @classmethod
    def asimov(cls, estimator: RatioEstimator, x: Array, weights: Array, n: float) -> RatioLikelihood:
        """Return the likelihood of n events distributed as the sample x (E, O) with `weights` (E,) at theta_true."""
        used = weights != 0
        return cls(estimator, x[used], asimov_counts(weights, n)[used])

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P); evaluated in chunks of theta and events, so that memory stays bounded.

        Raises
        ------
        InferenceError
            If the estimator gives values that are not finite; says for how many events and points.
        """
        points = as_points(theta)
        summed = getattr(self.estimator, "summed_log_ratio", None)
        if summed is not None:
            sums = np.asarray(summed(self.x, points, self.counts), dtype=np.float64)
            if np.isfinite(sums).all():
                return sums
        return self._of_single_ratios(points)

    def _of_single_ratios(self, points: Array) -> Array:
        values = np.zeros(len(points))
        bad_events = np.zeros(len(self.x), dtype=np.bool_)
        bad_points = np.zeros(len(points), dtype=np.bool_)
        n_events = min(len(self.x), _EVALUATIONS_PER_CHUNK)
        n_points = max(1, _EVALUATIONS_PER_CHUNK // max(1, n_events))
        for start in range(0, len(self.x), max(1, n_events)):
            events = slice(start, start + n_events)
            for first in range(0, len(points), n_points):
                part = slice(first, first + n_points)
                log_ratio = np.asarray(self.estimator.log_ratio(self.x[events], points[part]), dtype=np.float64)
                finite = np.isfinite(log_ratio)
                if not finite.all():
                    bad_events[events] |= ~finite.all(axis=0)
                    bad_points[part] |= ~finite.all(axis=1)
                    continue
                values[part] += log_ratio @ self.counts[events]
        _refuse_non_finite(bad_events, bad_points)
        return values

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        points = as_points(theta)
        summed = getattr(self.estimator, "summed_score", None)
        if summed is not None:
            return np.asarray(summed(self.x, points, self.counts), dtype=np.float64).reshape(np.shape(theta))
        total = np.zeros(points.shape)
        for start in range(0, len(self.x), _EVALUATIONS_PER_CHUNK):
            events = slice(start, start + _EVALUATIONS_PER_CHUNK)
            for row, point in enumerate(points):
                scores = np.asarray(self.estimator.score(self.x[events], point), dtype=np.float64)
                total[row] += self.counts[events] @ scores
        return total.reshape(np.shape(theta))


def _refuse_non_finite(bad_events: npt.NDArray[np.bool_], bad_points: npt.NDArray[np.bool_]) -> None:
    if bad_events.any():
        raise InferenceError(
            f"the log ratio is not finite for {int(bad_events.sum())} of {len(bad_events)} events "
            f"(at {int(bad_points.sum())} of {len(bad_points)} parameter points)",
            expected="finite values for every event",
            mend="look at the training curves; keep the grid within the range of the training prior",
        )


@dataclass(frozen=True)
class Product:
    """The product of several likelihoods of the same data, such as shape and rate."""

    factors: tuple[Likelihood, ...]

    def log_likelihood(self, theta: Array) -> Array:
        """Return the sum of the log likelihoods, (T,)."""
        total: Array = np.stack([factor.log_likelihood(theta) for factor in self.factors]).sum(axis=0)
        return total

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        total: Array = np.stack([factor.gradient(theta) for factor in self.factors]).sum(axis=0)
        return total


@dataclass(frozen=True)
class Physical:
    """Flat where all cross sections are positive, and minus infinity elsewhere: a factor for shapes alone."""

    total: Expectations

    def log_likelihood(self, theta: Array) -> Array:
        """Return 0 or minus infinity, (T,)."""
        positive = (self.total.cross_sections(theta) > 0).all(axis=1)
        return np.where(positive, 0.0, -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return zeros of the shape of theta."""
        return np.zeros(np.shape(theta))


def asimov_counts(weights: Array, n: float) -> Array:
    """Return how many of n expected events each simulated event stands for, (E,), by its weight (E,).

    Raises
    ------
    InferenceError
        If the weights do not add up to a positive number.
    """
    total = float(weights.sum())
    if not np.isfinite(total) or total <= 0:
        raise InferenceError(
            f"the weights at theta_true add up to {total}", expected="a positive sum of finite weights"
        )
    counts: Array = n * weights / total
    return counts


def expected_events(total: Expectations, luminosity: float, theta: npt.ArrayLike) -> float:
    """Return L sigma(theta) for one point (P,), luminosity in fb^-1.

    Raises
    ------
    InferenceError
        If the cross section is not positive.
    """
    sigma = float(total.cross_sections(theta).sum())
    if not sigma > 0:
        raise InferenceError(
            f"the cross section at {np.asarray(theta).tolist()} is {sigma} pb", expected="a positive cross section"
        )
    return PER_INVERSE_FEMTOBARN * luminosity * sigma
