"""Interpolation between points of any number of dimensions: cardinal weights of thin-plate splines with a linear part.

A function with the values f_k at nodes v_k is f(v) = sum_k w_k(v) f_k; w_k is 1 at its own node and 0 at the others
(Duchon 1977; the basis r^2 log r).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.errors import ModelError

Array = NDArray[np.float64]

_LEAST = 1e-300  # of a squared distance, whose logarithm is taken


@dataclass(frozen=True, eq=False)
class ThinPlate:
    """Interpolation between nodes (K, P), whose coordinates are of order one.

    Raises
    ------
    ModelError
        If the nodes do not span the space, when the weights are asked for.
    """

    nodes: Array

    @cached_property
    def coefficients(self) -> Array:
        """What turns the basis into weights, shape (K + 1 + P, K)."""
        n, dimension = self.nodes.shape
        if not spans(self.nodes):
            raise ModelError(
                f"{n} points that lie on a line, plane or hyperplane of their {dimension} parameters",
                expected=f"{dimension + 1} points or more that span all parameters",
            )
        linear = np.column_stack([np.ones(n), self.nodes])
        system = np.block([[self._radial(self.nodes), linear], [linear.T, np.zeros((dimension + 1, dimension + 1))]])
        targets = np.vstack([np.eye(n), np.zeros((dimension + 1, n))])
        solution: Array = np.linalg.solve(system, targets)
        return solution

    def weights(self, points: Array) -> Array:
        """Return w (T, K) at points (T, P)."""
        basis = np.column_stack([self._radial(points), np.ones(len(points)), points])
        weights: Array = basis @ self.coefficients
        return weights

    def slopes(self, point: Array) -> Array:
        """Return the derivatives (P, K) of w at a point (P,)."""
        difference = point - self.nodes
        squared = np.maximum((difference**2).sum(axis=1), _LEAST)
        radial = (np.log(squared) + 1.0) * difference.T
        linear = np.column_stack([np.zeros(len(point)), np.eye(len(point))])
        slopes: Array = np.concatenate([radial, linear], axis=1) @ self.coefficients
        return slopes

    def _radial(self, points: Array) -> Array:
        squared = ((points[:, None, :] - self.nodes) ** 2).sum(axis=2)
        radial: Array = 0.5 * squared * np.log(np.maximum(squared, _LEAST))
        return radial


def spans(points: Array) -> bool:
    """Return whether points (K, P) span their space, not only a hyperplane in it."""
    return bool(np.linalg.matrix_rank(points - points.mean(axis=0), tol=1e-9) == points.shape[1])
