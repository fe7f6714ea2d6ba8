"""A ratio divided by its mean over events of the reference: r(x|theta) p(x|theta1) is then a density at every theta.

E[r(x|theta, theta1)] = 1 over events of theta1 holds for the exact ratio (1805.00020). An estimate misses it by a
function of theta, which changes the likelihood's curvature, and so the width of intervals:

    log r -> log r - log E[r | theta1],    grad log r -> grad log r - E[r grad log r | theta1] / E[r | theta1].
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ModelError
from assay.estimators.ratio import RatioEstimator

Array = NDArray[np.float64]

_EVALUATIONS = 1 << 22  # at a time


class NormalisedRatio:
    """A normalised ratio estimator.

    Parameters
    ----------
    ratio
        The estimator.
    x
        Observables (E, O) of events that neither trained the estimator nor are what it will be evaluated on.
    weights
        Their weights (E,) at the reference.
    """

    def __init__(self, ratio: RatioEstimator, x: ArrayLike, weights: ArrayLike) -> None:
        self.ratio = ratio
        self._x = np.asarray(x, dtype=np.float64)
        w = np.asarray(weights, dtype=np.float64)
        if w.shape != self._x.shape[:1] or not np.isfinite(w).all() or not w.sum() > 0:
            raise ModelError(
                f"weights of shape {w.shape} for {len(self._x)} events add up to {w.sum()}",
                expected="a finite weight per event, with a positive sum",
            )
        self._shares = w / w.sum()
        self._known: dict[bytes, float] = {}

    @property
    def observables(self) -> tuple[str, ...]:
        """The names of the columns of x."""
        return self.ratio.observables

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the columns of theta."""
        return self.ratio.parameters

    @property
    def nuisance(self) -> tuple[str, ...]:
        """The last of the parameters: those that are nuisance parameters."""
        return self.ratio.nuisance

    @property
    def reference(self) -> Array:
        """The denominator hypothesis theta1, shape (P,)."""
        return self.ratio.reference

    def log_normalisation(self, theta: ArrayLike) -> Array:
        """Return log E[r | theta1] at theta (T, P), shape (T,); zero for the exact ratio. Each theta is computed once.

        Raises
        ------
        ModelError
            If the mean is not a positive number.
        """
        points = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        new = [point for point in points if point.tobytes() not in self._known]
        step = max(1, _EVALUATIONS // max(1, len(self._x)))
        for start in range(0, len(new), step):
            chunk = np.array(new[start : start + step])
            means = np.exp(self.ratio.log_ratio(self._x, chunk)) @ self._shares
            if not (np.isfinite(means) & (means > 0)).all():
                raise ModelError(f"the mean ratio over events of the reference is {means}", expected="positive numbers")
            self._known |= {point.tobytes(): float(value) for point, value in zip(chunk, np.log(means), strict=True)}
        return np.array([self._known[point.tobytes()] for point in points])

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x | theta, theta1), shape (T, E), for x (E, O) and theta (T, P)."""
        return self.ratio.log_ratio(x, theta) - self.log_normalisation(theta)[:, None]

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta, theta1), shape (T,), for weights (E,)."""
        total = float(np.asarray(weights, dtype=np.float64).sum())
        return self.ratio.summed_log_ratio(x, theta, weights) - total * self.log_normalisation(theta)

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r(x | theta, theta1) with respect to theta, shape (E, P), at one theta (P,)."""
        point = np.asarray(theta, dtype=np.float64)
        tilted = self._shares * np.exp(self.ratio.log_ratio(self._x, point[None])[0])
        mean: Array = tilted @ self.ratio.score(self._x, point) / tilted.sum()
        return self.ratio.score(x, point) - mean
