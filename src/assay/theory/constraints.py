r"""Constraint terms: what auxiliary measurements say about nuisance parameters.

What to use when: nuisance parameters of this package are zero at the nominal value and one at one standard deviation,
so their constraint is `GaussianConstraint()`. A normalisation that varies as :math:`\kappa^\nu` with such a constraint
is log-normal. All values are log likelihoods, zero at the maximum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SystematicsError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianConstraint:
    r""":math:`-(\nu - c)^2 / (2 w^2)`, for a measurement of :math:`\nu` that gave c with a standard deviation of w.

    Every method takes values of any shape, and returns that shape.
    """

    centre: float = 0.0
    width: float = 1.0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.centre) and np.isfinite(self.width) and self.width > 0.0):
            raise SystematicsError(
                f"a Gaussian constraint of {self.centre} +- {self.width}", expected="finite, and a width above zero"
            )

    def log_likelihood(self, value: ArrayLike) -> Array:
        """Return the log likelihood, zero at its maximum."""
        result: Array = -0.5 * ((np.asarray(value, dtype=np.float64) - self.centre) / self.width) ** 2
        return result

    def gradient(self, value: ArrayLike) -> Array:
        """Return its first derivative."""
        result: Array = (self.centre - np.asarray(value, dtype=np.float64)) / self.width**2
        return result

    def hessian(self, value: ArrayLike) -> Array:
        """Return its second derivative."""
        return np.full(np.shape(value), -1.0 / self.width**2)


@dataclass(frozen=True)
class Constraints:
    """Independent constraints on N nuisance parameters, in their order; None leaves one free."""

    terms: tuple[GaussianConstraint | None, ...]

    @classmethod
    def unit(cls, n_nuisance: int) -> Constraints:
        """Return unit Gaussian constraints."""
        return cls((GaussianConstraint(),) * n_nuisance)

    def log_likelihood(self, nu: ArrayLike) -> Array:
        """Return the sum of all terms at nu `(..., n_nuisance)`, shape `(...)`."""
        total: Array = self._each("log_likelihood", nu).sum(axis=-1)
        return total

    def gradient(self, nu: ArrayLike) -> Array:
        """Return its gradient, shape `(..., n_nuisance)`."""
        return self._each("gradient", nu)

    def hessian(self, nu: ArrayLike) -> Array:
        """Return its matrix of second derivatives, shape `(..., n_nuisance, n_nuisance)`."""
        second = self._each("hessian", nu)
        matrix: Array = second[..., None] * np.eye(len(self.terms))
        return matrix

    def _each(self, method: str, nu: ArrayLike) -> Array:
        values = np.asarray(nu, dtype=np.float64)
        if values.ndim == 0 or values.shape[-1] != len(self.terms):
            raise SystematicsError(
                f"nuisance parameters of shape {values.shape}", expected=f"{len(self.terms)} values in the last axis"
            )
        columns: Sequence[Array] = [
            np.zeros(values.shape[:-1]) if term is None else getattr(term, method)(values[..., i])
            for i, term in enumerate(self.terms)
        ]
        return np.stack(columns, axis=-1) if columns else np.zeros(values.shape)
