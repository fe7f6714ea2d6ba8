"""A ratio estimator behind its calibration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import nn

from assay.errors import ModelError
from assay.estimators.calibration import Calibration
from assay.estimators.described import Described
from assay.estimators.ratio import Array, BlockwiseRatio

_EVALUATIONS = 1 << 22  # at a time


class CalibratedRatio(Described):
    """log r = g(log r_hat), with the derivative g' t_hat.

    Parameters
    ----------
    ratio
        The estimator as it was trained.
    calibration
        g.
    """

    def __init__(self, ratio: BlockwiseRatio[Any], calibration: Calibration) -> None:
        self.ratio = ratio
        self.calibration = calibration
        self.description = replace(ratio.description, calibration=calibration)

    @property
    def network(self) -> nn.Module:
        """As it was trained."""
        network: nn.Module = self.ratio.network
        return network

    @property
    def ranges(self) -> Array:
        """(low, high) of every parameter in the training, shape (P, 2)."""
        return self.ratio.ranges

    def inside(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each theta (T, P) is within the range of the training."""
        return self.ratio.inside(theta)

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x | theta, theta1), shape (T, E), for x (E, O) and theta (T, P)."""
        return self.calibration.apply(self.ratio.log_ratio(x, theta))

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x_i | theta_i, theta1) of events (N, O), each at a hypothesis of its own (N, P), shape (N,)."""
        return self.calibration.apply(self.ratio.paired_log_ratio(x, theta))

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta, theta1), shape (T,), for weights (E,), in bounded memory."""
        values, w = np.asarray(x, dtype=np.float64), np.asarray(weights, dtype=np.float64)
        points = np.asarray(theta, dtype=np.float64)
        if w.shape != values.shape[:1]:
            raise ModelError(f"weights of shape {w.shape} for {len(values)} events", expected="one for each event")
        step = max(1, _EVALUATIONS // max(1, len(points)))
        result = np.zeros(len(points))
        for i in range(0, len(values), step):
            result += self.log_ratio(values[i : i + step], points) @ w[i : i + step]
        return result

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r(x | theta, theta1) with respect to theta, shape (E, P), at one theta (P,)."""
        estimated = self.ratio.log_ratio(x, np.atleast_2d(np.asarray(theta, dtype=np.float64)))[0]
        slopes: Array = self.calibration.slope(estimated)[:, None] * self.ratio.score(x, theta)
        return slopes
