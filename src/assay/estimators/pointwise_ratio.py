"""Ratios of networks that were trained point by point, interpolated between the points.

log r(x|theta) = sum_k w_k(theta) log r_k(x), with the cardinal weights of thin-plate splines through all points, and
through the reference, where log r = 0: of a point that is the reference itself nothing is asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor

from assay.errors import ModelError
from assay.estimators.pointwise_network import PointwiseNetwork
from assay.estimators.ratio import Array, BlockwiseRatio
from assay.estimators.thin_plate import ThinPlate

_EVENTS = 4096
_SAME = 1e-6  # of the range


class PointwiseRatio(BlockwiseRatio[PointwiseNetwork]):
    """One network per point, interpolated in theta."""

    def weights(self, theta: Array) -> Array:
        """Return w (T, K) at theta (T, P)."""
        return self.interpolation.weights(self._scaled(theta))[:, : len(self.learnt)] * self.learnt

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
        slopes = self.interpolation.slopes(self._scaled(hypotheses)[0])[:, : len(self.learnt)] * self.learnt
        per_unit = slopes / (self.ranges[:, 1] - self.ranges[:, 0])[:, None]
        scores: Array = (per_unit @ self._at_points(values)).T
        return scores

    @cached_property
    def learnt(self) -> Array:
        """1 for points at which log r has been learnt, 0 for the reference, where it is known, shape (K,)."""
        distance = self._scaled(self.network.points.cpu().numpy()) - self._scaled(self.reference[None])
        return np.asarray(np.abs(distance).max(axis=1) > _SAME, dtype=np.float64)

    @cached_property
    def interpolation(self) -> ThinPlate:
        """Between the points, and the reference as the last node if it is none of them; in units of the ranges."""
        points = self._scaled(self.network.points.cpu().numpy())
        return ThinPlate(points if not self.learnt.all() else np.vstack([points, self._scaled(self.reference[None])]))

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
