r"""Contours of an expensive likelihood from few evaluations (excursion sets; Heinrich, Louppe, Cranmer, ACAT 2019).

The contours of confidence levels divide the parameter space into regions. A surrogate (`assay.inference.surrogate`)
says with which probability p_k a point lies in region k; the entropy -sum_k p_k log p_k is large where that is unknown:
near contours, and where little has been evaluated. The next point is that after whose evaluation the mean entropy over
the space is expected to be lowest. A batch is chosen one by one, as if each answer were what the surrogate expects; its
first point is the surrogate's best fit, since contours are relative to it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr
from scipy.stats import qmc

from assay.errors import InferenceError
from assay.inference.maximisation import maximise_over
from assay.inference.profiles import critical_q
from assay.inference.protocols import Array
from assay.inference.surrogate import Surrogate, fit_surrogate

_UNIFORM, _NEAR, _WITHIN = 11, 512, 1024  # candidates: powers of two over the box, near contours, around the best fit
_INTEGRATION, _PROPOSALS = 400, 60  # candidates of largest entropy that are averaged over, and that are proposed
_NODES = np.polynomial.hermite_e.hermegauss(3)
_SAME = 0.004  # of the box: closer points are one
_TUNED_ROUNDS, _TUNE_EVERY = 5, 4
_WALL = 10.0  # q where the likelihood is not physical, in units of the highest contour's


@dataclass(frozen=True)
class ContourSettings:
    """How contours are looked for.

    Parameters
    ----------
    max_evaluations
        At most so many points.
    batch
        Points of one round, which can be evaluated at the same time.
    initial
        Points of the first round, spread over the box; None: 4 per parameter, and 32 from four parameters on.
    tolerance
        Stop when the share of a region's volume that is expected to be on the wrong side of its contour is smaller, at
        every level and in two rounds one after the other.
    seed
        Of the candidates.
    """

    max_evaluations: int
    batch: int = 5
    initial: int | None = None
    tolerance: float = 1e-3
    seed: int = 0


@dataclass(frozen=True)
class Round:
    """What was expected after some evaluations: the share of each level's region on the wrong side of its contour."""

    n_evaluations: int
    expected_error: tuple[float, ...]


@dataclass(frozen=True)
class ContourResult:
    """Contours of a log likelihood.

    Parameters
    ----------
    parameters, bounds
        Names, and the box (P, 2).
    confidence_levels, levels
        Levels, and q on their contours (chi-square with P degrees of freedom).
    theta, log_likelihood
        All evaluations, (N, P) and (N,), in their order.
    rounds
        How the expectation shrank.
    surrogate
        The contours: q(theta) = level.
    converged
        Whether the tolerance was reached.
    """

    parameters: tuple[str, ...]
    bounds: Array
    confidence_levels: tuple[float, ...]
    levels: tuple[float, ...]
    theta: Array
    log_likelihood: Array
    rounds: tuple[Round, ...]
    surrogate: Surrogate = field(repr=False)
    converged: bool

    @property
    def n_evaluations(self) -> int:
        """N."""
        return len(self.theta)

    @property
    def best_fit(self) -> tuple[float, ...]:
        """The highest of the evaluated points, (P,)."""
        return tuple(map(float, self.theta[int(np.argmax(self.log_likelihood))]))

    def inside(self, theta: npt.ArrayLike, confidence_level: float) -> npt.NDArray[np.bool_]:
        """Return whether points (T, P) are within the region of a confidence level, (T,)."""
        level = self.levels[self.confidence_levels.index(confidence_level)]
        return np.asarray(self.surrogate.q(np.asarray(theta, dtype=np.float64)) <= level, dtype=np.bool_)


def adaptive_contours(
    log_likelihood: Callable[[Array], Array],
    parameters: Sequence[str],
    bounds: npt.ArrayLike,
    confidence_levels: Sequence[float],
    settings: ContourSettings,
) -> ContourResult:
    """Find the contours of a log likelihood within a box.

    Parameters
    ----------
    log_likelihood
        (T,) for theta (T, P); minus infinity where not physical.
    parameters
        Names; two to four parameters are what this is made for.
    bounds
        (P, 2).
    confidence_levels
        Such as 0.68 and 0.95.

    Raises
    ------
    InferenceError
        If there are fewer evaluations than a parabola needs, a value is NaN, or none is finite.
    """
    box = np.asarray(bounds, dtype=np.float64)
    n_parameters = len(parameters)
    levels = np.array([critical_q(level, n_parameters) for level in confidence_levels])
    initial = settings.initial or (4 * n_parameters if n_parameters < 4 else 32)
    needed = 1 + n_parameters + n_parameters * (n_parameters + 1) // 2
    if initial < needed or settings.max_evaluations < initial or settings.batch < 1:
        raise InferenceError(
            f"{initial} of at most {settings.max_evaluations} evaluations to begin with, {settings.batch} in a batch",
            expected=f"{needed} or more for {n_parameters} parameters, and one or more in a batch",
        )
    search = _Search(log_likelihood, box, levels, settings)
    low, high = box.T
    theta = (
        low + (high - low) * qmc.Sobol(n_parameters, seed=settings.seed).random_base2(_power_of_two(initial))[:initial]
    )
    found = search.run(theta)
    return ContourResult(tuple(parameters), box, tuple(confidence_levels), tuple(map(float, levels)), *found)


def _power_of_two(n: int) -> int:
    """Return the exponent of the lowest power of two that is not below n."""
    return int(n - 1).bit_length()


@dataclass(frozen=True)
class _Search:
    log_likelihood: Callable[[Array], Array]
    bounds: Array
    levels: Array
    settings: ContourSettings

    def run(self, theta: Array) -> tuple[Array, Array, tuple[Round, ...], Surrogate, bool]:
        values = self._evaluated(theta)
        rounds: list[Round] = []
        surrogate, good_rounds = None, 0
        while True:
            number = len(rounds)
            tune = number < _TUNED_ROUNDS or number % _TUNE_EVERY == 0
            surrogate = self._fitted(theta, values, surrogate, tune)
            candidates = self._candidates(theta, values, number)
            rounds.append(Round(len(theta), self._expected_error(surrogate, number)))
            good_rounds = good_rounds + 1 if max(rounds[-1].expected_error) < self.settings.tolerance else 0
            left = self.settings.max_evaluations - len(theta)
            if left < 1 or good_rounds > 1:
                return theta, values, tuple(rounds), self._fitted(theta, values, surrogate, True), good_rounds > 1
            new = self._batch(surrogate, candidates, theta, values)[:left]
            theta, values = np.vstack([theta, new]), np.append(values, self._evaluated(new))

    def _evaluated(self, theta: Array) -> Array:
        values = np.asarray(self.log_likelihood(theta), dtype=np.float64)
        if np.isnan(values).any() or (values == np.inf).any():
            raise InferenceError("the log likelihood is NaN or plus infinity", expected="finite or minus infinity")
        return values

    def _q(self, values: Array) -> Array:
        if not np.isfinite(values).any():
            raise InferenceError(
                "no point of the first round is physical", mend="choose a smaller box, around the benchmarks"
            )
        q: Array = np.where(np.isfinite(values), 2.0 * (values.max() - values), _WALL * self.levels.max())
        return q

    def _fitted(self, theta: Array, values: Array, before: Surrogate | None, tune: bool) -> Surrogate:
        kernel = None if before is None else before.kernel
        return fit_surrogate(theta, self._q(values), self.bounds, float(self.levels.max()), kernel, tune)

    def _candidates(self, theta: Array, values: Array, number: int) -> Array:
        """Return points over the box, near the contours, and around the best fit, (T, P)."""
        rng = np.random.default_rng([self.settings.seed, number])
        low, high = self.bounds.T
        n_parameters = len(low)
        uniform = qmc.Sobol(n_parameters, seed=rng).random_base2(_UNIFORM)
        u, q = (theta - low) / (high - low), self._q(values)
        nearest = u[np.argsort(np.abs(q - self.levels.mean()))[:20]]
        near = nearest[rng.integers(0, len(nearest), _NEAR)] + rng.normal(0.0, 0.05, (_NEAR, n_parameters))
        weights = np.exp(-0.5 * q / self.levels.max())
        centre = np.average(u, axis=0, weights=weights)
        spread = np.atleast_2d(np.cov(u.T, aweights=weights)) + 1e-5 * np.eye(n_parameters)
        direction = rng.normal(size=(_WITHIN, n_parameters))
        direction *= rng.uniform(0.0, 2.5, (_WITHIN, 1)) / np.linalg.norm(direction, axis=1, keepdims=True)
        within = centre + direction @ np.linalg.cholesky(spread).T
        candidates: Array = low + (high - low) * np.clip(np.vstack([uniform, near, within]), 0.0, 1.0)
        return candidates

    def _expected_error(self, surrogate: Surrogate, number: int) -> tuple[float, ...]:
        """Return the expected share of each region on the wrong side, over points that are even in the box."""
        low, high = self.bounds.T
        seed = np.random.default_rng([self.settings.seed, number, 1])
        even = low + (high - low) * qmc.Sobol(len(low), seed=seed).random_base2(_UNIFORM)
        mean, spread = surrogate.q_and_spread(even)
        below = ndtr((self.levels[:, None] - mean) / np.maximum(spread, 1e-9))
        volume = np.maximum(below.sum(axis=1), 1.0)
        return tuple(map(float, np.minimum(below, 1.0 - below).sum(axis=1) / volume))

    def _batch(self, surrogate: Surrogate, candidates: Array, theta: Array, values: Array) -> Array:
        mean, spread = surrogate.q_and_spread(candidates)
        chosen = self._best_fit(surrogate, candidates[int(np.argmin(mean))], theta)
        kept = candidates[np.argsort(-entropy(mean, spread, self.levels))[:_INTEGRATION]]
        mean, covariance = surrogate.q_and_covariance(kept)
        while len(chosen) < self.settings.batch:
            best = most_informative(mean, covariance, self.levels)
            chosen.append(kept[best])
            row = covariance[best] / np.sqrt(covariance[best, best] + 1e-9)
            covariance = covariance - np.outer(row, row)
        return np.array(chosen)

    def _best_fit(self, surrogate: Surrogate, start: Array, theta: Array) -> list[Array]:
        _, found = maximise_over(surrogate, start, range(len(start)), self.bounds)
        distance = np.abs(theta - found[0]) / np.ptp(self.bounds, axis=1)
        return [found[0]] if distance.max(axis=1).min() > _SAME else []


def entropy(mean: Array, spread: Array, levels: Array) -> Array:
    """Return the entropy of the region in which q lies, for Gaussian beliefs of the same shape."""
    scaled = [(level - mean) / np.maximum(spread, 1e-9) for level in levels]
    below = [np.zeros_like(mean), *(ndtr(one) for one in scaled), np.ones_like(mean)]
    total = np.zeros_like(mean)
    for lower, upper in pairwise(below):
        share = np.clip(upper - lower, 1e-12, 1.0)
        total -= share * np.log(share)
    return total


def most_informative(mean: Array, covariance: Array, levels: Array) -> int:
    """Return the candidate after whose evaluation the entropy over all candidates is expected to be lowest.

    Parameters
    ----------
    mean, covariance
        Of q at the candidates, (T,) and (T, T).
    levels
        Of the contours.
    """
    spread = np.sqrt(np.maximum(np.diag(covariance), 1e-12))
    proposed = np.argsort(-entropy(mean, spread, levels))[:_PROPOSALS]
    gain = covariance[proposed] / spread[proposed, None]  # change of the mean per standard deviation of the answer
    after = np.sqrt(np.maximum(np.diag(covariance) - gain**2, 1e-12))
    expected = np.zeros(len(proposed))
    for node, weight in zip(*_NODES, strict=True):
        expected += weight * entropy(mean + gain * node, after, levels).sum(axis=1)
    return int(proposed[np.argmin(expected)])
