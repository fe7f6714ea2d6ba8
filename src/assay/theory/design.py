r"""How good a set of morphing benchmarks is, and which way to move them to make it better.

In units in which every parameter's range is [-1, 1], let :math:`\phi_c` be the products of Legendre polynomials that
span the same polynomials as the monomials and are orthonormal over the range, and :math:`A_{bc} = \phi_c(\theta_b)`.
The mean over the range of :math:`\sum_b w_b(\theta)^2` is then :math:`\mathrm{tr}\,(A^T A)^{-1}`, exactly, with the
gradient :math:`-2 A (A^T A)^{-2}` (in the theory of experimental designs: I-optimality).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lapack
from scipy.optimize import minimize

from assay.theory.monomials import product_derivatives, products

_DEGENERATE = 1e12
"""Mean sum of squared weights beyond which a set determines nothing."""


class Design:
    """The mean sum of squared weights as a function of the free benchmarks.

    Parameters
    ----------
    components
        Powers, shape `(n_components, n_parameters)`: with each term all terms of lower powers.
    fixed
        Benchmarks that stay where they are, shape `(n_fixed, n_parameters)`, in units of the ranges.
    """

    def __init__(self, components: NDArray[np.int64], fixed: NDArray[np.float64]) -> None:
        self.components = components
        self.highest = int(components.max(initial=0))
        self.fixed = self.polynomials(fixed)
        self.information = self.fixed @ self.fixed.T

    def polynomials(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the orthonormal polynomials at points `(n, n_parameters)`, shape `(n_components, n)`."""
        return products(_legendre(points.T, self.highest)[0], self.components)

    def value(self, free: NDArray[np.float64]) -> float:
        """Return the mean sum of squared weights with free benchmarks `(n, n_parameters)`: infinite if degenerate."""
        values = self.polynomials(free)
        inverse = _inverse(self.information + values @ values.T)
        value = np.inf if inverse is None else float(inverse.trace())
        return value if value < _DEGENERATE else np.inf

    def logarithm(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the logarithm of the value (tamer near degenerate sets) and its gradient."""
        table, slopes = _legendre(flat.reshape(-1, self.components.shape[1]).T, self.highest)
        values = products(table, self.components)
        inverse = _inverse(self.information + values @ values.T)
        if inverse is None:
            return np.log(_DEGENERATE), np.zeros_like(flat)
        value = float(inverse.trace())
        by_polynomials = inverse @ (inverse @ values) * (-2.0 / value)
        gradient = np.einsum("cb,pcb->bp", by_polynomials, product_derivatives(table, slopes, self.components))
        return np.log(value), gradient.ravel()

    def descend(self, start: NDArray[np.float64], n_steps: int) -> NDArray[np.float64]:
        """Move free benchmarks downhill within [-1, 1] by L-BFGS-B."""
        if start.size == 0:
            return start
        found = minimize(
            self.logarithm,
            start.ravel(),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-1.0, 1.0)] * start.size,
            options={"maxiter": n_steps, "ftol": 1e-11},
        )
        return np.asarray(np.clip(found.x.reshape(start.shape), -1.0, 1.0))


def _legendre(points: NDArray[np.float64], highest: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sqrt(2k+1) P_k and its derivative for k up to `highest` at points `(n_parameters, n)`.

    Both have shape `(n_parameters, highest + 1, n)`.
    """
    values = np.ones((len(points), highest + 1, points.shape[1]))
    slopes = np.zeros_like(values)
    if highest > 0:
        values[:, 1], slopes[:, 1] = points, 1.0
    for k in range(1, highest):
        values[:, k + 1] = ((2 * k + 1) * points * values[:, k] - k * values[:, k - 1]) / (k + 1)
        slopes[:, k + 1] = slopes[:, k - 1] + (2 * k + 1) * values[:, k]
    size = np.sqrt(2.0 * np.arange(highest + 1) + 1.0)[:, None]
    return values * size, slopes * size


def _inverse(information: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the inverse of a symmetric matrix, or None if it is not positive definite."""
    factor, failed = lapack.dpotrf(information, lower=1)
    if failed:
        return None
    triangle = np.tril(lapack.dpotri(factor, lower=1)[0])
    diagonal = triangle.diagonal().copy()
    inverse: NDArray[np.float64] = triangle + triangle.T
    np.fill_diagonal(inverse, diagonal)
    return inverse
