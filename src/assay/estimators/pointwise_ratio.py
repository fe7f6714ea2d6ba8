"""Ratios of networks that were trained point by point, interpolated between the points.

log r(x|theta) = sum_k w_k(theta) log r_k(x), with the cardinal weights of thin-plate splines with a linear part
(scipy's RBFInterpolator) through all points, and through the reference, where log r = 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from scipy.interpolate import RBFInterpolator
from torch import Tensor

from assay.errors import ModelError
from assay.estimators.pointwise_network import PointwiseNetwork
from assay.estimators.ratio import Array, BlockwiseRatio

_EVENTS = 4096
_STEP = 1e-4  # of the range, of the difference that gives the weights' derivative


class PointwiseRatio(BlockwiseRatio[PointwiseNetwork]):
    """One network per point, interpolated in theta."""

    def weights(self, theta: Array) -> Array:
        """Return w (T, K) at theta (T, P)."""
        all_weights: Array = self._interpolator(self._scaled(theta))
        return all_weights[:, : len(self.network.points)]

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x_i | theta_i, theta1) of events (N, O), each at a hypothesis of its own (N, P), shape (N,)."""
        values, hypotheses = self._checked(x, theta)
        if len(values) != len(hypotheses):
            raise ModelError(f"{len(values)} events and {len(hypotheses)} hypotheses", expected="one for each event")
        result: Array = np.einsum("nk,kn->n", self.weights(hypotheses), self._at_points(values))
        return result

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r(x | theta, theta1) with respect to theta, shape (E, P), at one theta (P,)."""
        values, hypotheses = self._checked(x, np.atleast_2d(theta))
        at_points = self._at_points(values)
        columns = []
        for p, (low, high) in enumerate(self.ranges):
            step = _STEP * (high - low) * np.eye(len(self.parameters))[p]
            slope = (self.weights(hypotheses + step) - self.weights(hypotheses - step))[0] / (2.0 * step[p])
            columns.append(slope @ at_points)
        scores: Array = np.stack(columns, axis=1)
        return scores

    @cached_property
    def _interpolator(self) -> RBFInterpolator:
        nodes = np.vstack([self.network.points.cpu().numpy().astype(np.float64), self.reference])
        scaled = self._scaled(nodes)
        if np.abs(scaled[:-1] - scaled[-1]).max(axis=1).min() < 1e-9:  # the reference is among the points
            scaled, values = scaled[:-1], np.eye(len(scaled) - 1)
        else:
            values = np.eye(len(scaled))
        return RBFInterpolator(scaled, values, kernel="thin_plate_spline", degree=1)

    def _scaled(self, theta: Array) -> Array:
        low, high = self.ranges.T
        scaled: Array = (np.asarray(theta, dtype=np.float64) - low) / (high - low)
        return scaled

    def _at_points(self, x: Array) -> Array:
        """Return log r (K, E) at the points."""
        device = self._device
        with torch.inference_mode():
            parts = [
                self.network.all_points(torch.from_numpy(x[i : i + _EVENTS].astype(np.float32)).to(device)).cpu()
                for i in range(0, len(x), _EVENTS)
            ]
        points: Array = torch.cat(parts, dim=1).numpy().astype(np.float64)
        return points

    def _blocks(self, x: Array, theta: Array) -> Iterator[tuple[slice, slice, Tensor]]:
        weights = self.weights(theta)
        for i in range(0, len(x), _EVENTS):
            block = weights @ self._at_points(x[i : i + _EVENTS])
            yield slice(0, len(theta)), slice(i, i + block.shape[1]), torch.from_numpy(block)
