"""Importance sampling on a separable adaptive grid (VEGAS: Lepage, J. Comput. Phys. 27 (1978) 192; arXiv:2009.05112).

Every axis of the unit cube is cut into as many bins as the others; points are drawn with equal probability per bin, and
`refined` moves the bins' edges until all bins of an axis contribute alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import GenerationError
from assay.generation.kinematics import FloatArray

DAMPING = 0.75
"""Exponent that slows adaption down: 0 freezes the grid, 1 follows every fluctuation."""


@dataclass(frozen=True)
class AdaptiveGrid:
    """A product of piecewise constant densities on the unit cube; `edges` (n_axes, n_bins + 1) run from 0 to 1."""

    edges: FloatArray

    def __post_init__(self) -> None:
        good = self.edges.ndim == 2 and bool(np.all(np.diff(self.edges, axis=1) > 0.0))
        if not (good and np.all(self.edges[:, 0] == 0.0) and np.all(self.edges[:, -1] == 1.0)):
            raise GenerationError(
                "the sampling grid is damaged",
                expected="edges that increase from 0 to 1 along every axis",
                mend="run prepare again",
            )

    @property
    def n_axes(self) -> int:
        """Number of integration variables."""
        return int(self.edges.shape[0])

    @property
    def n_bins(self) -> int:
        """Number of bins of every axis."""
        return int(self.edges.shape[1]) - 1

    def sample(self, uniform: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Map uniform numbers (n, n_axes) to points (n, n_axes); also return the inverse density (n,) at them."""
        scaled = uniform * self.n_bins
        index = np.minimum(scaled.astype(np.intp), self.n_bins - 1)
        axes = np.arange(self.n_axes)
        widths = np.diff(self.edges, axis=1)[axes, index]
        points = self.edges[axes, index] + (scaled - index) * widths
        return points, np.prod(widths * self.n_bins, axis=1)

    def density(self, points: FloatArray) -> FloatArray:
        """Return the probability density (n,) at points (n, n_axes) of the unit cube."""
        inverse = np.ones(len(points))
        for axis, widths in enumerate(np.diff(self.edges, axis=1)):
            inverse *= widths[self._bins(points, axis)] * self.n_bins
        return 1.0 / inverse

    def refined(self, points: FloatArray, weights: FloatArray) -> AdaptiveGrid:
        """Return the grid adapted to weights (n,), integrand over density, of points (n, n_axes) drawn from it."""
        importance = weights**2
        if not np.sum(importance) > 0.0:
            raise GenerationError(
                "no point of the sample has a positive weight",
                expected="cuts that leave some phase space",
                mend="loosen the cuts or raise the beam energy",
            )
        edges = [
            _rebinned(
                self.edges[axis], np.bincount(self._bins(points, axis), importance, self.n_bins).astype(np.float64)
            )
            for axis in range(self.n_axes)
        ]
        return AdaptiveGrid(np.array(edges))

    def _bins(self, points: FloatArray, axis: int) -> NDArray[np.intp]:
        return np.clip(np.searchsorted(self.edges[axis], points[:, axis], side="right") - 1, 0, self.n_bins - 1)


def uniform_grid(n_axes: int, n_bins: int) -> AdaptiveGrid:
    """Return the grid of equal bins."""
    return AdaptiveGrid(np.tile(np.linspace(0.0, 1.0, n_bins + 1), (n_axes, 1)))


def _rebinned(edges: FloatArray, importance: FloatArray) -> FloatArray:
    """Return edges (n_bins + 1,) between which the smoothed and damped `importance` (n_bins,) is equal."""
    padded = np.concatenate([importance[:1], importance, importance[-1:]])
    smooth = (padded[:-2] + 6.0 * padded[1:-1] + padded[2:]) / 8.0
    share = np.maximum(smooth / np.sum(smooth), 1e-12)
    damped = ((share - 1.0) / np.log(share)) ** DAMPING
    cumulative = np.concatenate([[0.0], np.cumsum(damped)])
    targets = np.linspace(0.0, cumulative[-1], len(edges))
    moved = np.interp(targets, cumulative, edges)
    moved[0], moved[-1] = 0.0, 1.0
    return moved
