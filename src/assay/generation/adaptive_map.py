"""Importance sampling of the unit cube with the adaptive map of the package vegas (arXiv:2009.05112).

Every axis is cut into as many bins as the others, and points are drawn with equal probability per bin; adaption moves
the bins' edges until all bins of an axis contribute alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import vegas  # type: ignore[import-untyped]

from assay.errors import GenerationError
from assay.generation.kinematics import FloatArray

DAMPING = 0.75
"""Exponent that slows adaption down: 0 freezes the map, 1 follows every fluctuation."""


@dataclass(frozen=True, eq=False)
class AdaptiveMap:
    """A product of piecewise constant densities on the unit cube; `edges` (n_axes, n_bins + 1) run from 0 to 1."""

    edges: FloatArray

    def __post_init__(self) -> None:
        good = self.edges.ndim == 2 and bool(np.all(np.diff(self.edges, axis=1) > 0.0))
        if not (good and np.all(self.edges[:, 0] == 0.0) and np.all(self.edges[:, -1] == 1.0)):
            raise GenerationError(
                "the sampling map is damaged",
                expected="edges that increase from 0 to 1 along every axis",
                mend="run prepare again",
            )

    @property
    def n_axes(self) -> int:
        """Number of integration variables."""
        return int(self.edges.shape[0])

    @cached_property
    def _map(self) -> vegas.AdaptiveMap:
        return vegas.AdaptiveMap(list(self.edges))

    def sample(self, uniform: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Map uniform numbers (n, n_axes) to points (n, n_axes); also return the inverse density (n,) at them."""
        points, inverse_density = np.empty_like(uniform), np.empty(len(uniform))
        self._map.map(np.ascontiguousarray(uniform), points, inverse_density)
        return points, inverse_density

    def density(self, points: FloatArray) -> FloatArray:
        """Return the probability density (n,) at points (n, n_axes) of the unit cube."""
        return 1.0 / self._uniform(points)[1]

    def refined(self, points: FloatArray, weights: FloatArray, density: FloatArray) -> AdaptiveMap:
        """Return the map adapted to an integrand.

        Parameters
        ----------
        points
            (n, n_axes), drawn from any density.
        weights
            (n,) the integrand over this map's density.
        density
            (n,) that from which the points were drawn, over this map's density.
        """
        importance = weights**2 / density
        total = float(np.sum(importance))
        if not total > 0.0:
            raise GenerationError(
                "no point of the sample has a positive weight",
                expected="cuts that leave some phase space",
                mend="loosen the cuts or raise the beam energy",
            )
        trained = vegas.AdaptiveMap(list(self.edges))
        trained.add_training_data(self._uniform(points)[0], np.ascontiguousarray(importance / total))
        # sums, not averages over the points of a bin, whose number is not that of this map
        trained.n_f = np.ones_like(np.asarray(trained.n_f))
        trained.adapt(alpha=DAMPING)
        return AdaptiveMap(np.array(trained.grid))

    def _uniform(self, points: FloatArray) -> tuple[FloatArray, FloatArray]:
        uniform, inverse_density = np.empty_like(points), np.empty(len(points))
        self._map.invmap(np.ascontiguousarray(points), uniform, inverse_density)
        return uniform, inverse_density


def uniform_map(n_axes: int, n_bins: int) -> AdaptiveMap:
    """Return the map of equal bins."""
    return AdaptiveMap(np.tile(np.linspace(0.0, 1.0, n_bins + 1), (n_axes, 1)))
