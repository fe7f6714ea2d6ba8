r"""Morphing: the cross section at any theta from those at the benchmarks.

:math:`d\sigma(\theta) = \sum_c \tilde w_c(\theta) f_c = \sum_b w_b(\theta)\, d\sigma(\theta_b)` with the monomials
:math:`\tilde w_c`, :math:`w(\theta) = \tilde w(\theta) M^+` and :math:`M_{bc} = \tilde w_c(\theta_b)`
(arXiv:1805.00020, section 3.3; ATL-PHYS-PUB-2015-047). With as many benchmarks as components :math:`M^+` is the
inverse; with more, the pseudo-inverse gives the weights of least squares, which reproduce the polynomial all the same:
of all weights that do, those with the smallest sum of squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import MorphingError
from assay.study.powers import Powers
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components, gram_matrix, monomial_gradients, monomials
from assay.theory.parameters import ParameterSpace

__all__ = ["MAX_CONDITION_NUMBER", "Morphing", "components", "optimise_basis"]

MAX_CONDITION_NUMBER = 1e10
"""Beyond this, rounding in the benchmark weights (seven digits in an LHE file) swamps the morphed ones."""


@dataclass(frozen=True, eq=False)
class Morphing:
    """A polynomial dependence on theta and the benchmarks that determine it.

    Parameters
    ----------
    components
        Powers, shape `(n_components, n_parameters)`.
    basis
        Benchmarks, shape `(n_benchmarks, n_parameters)`.
    matrix
        Shape `(n_components, n_benchmarks)`: w_b(theta) = sum_c matrix[c, b] prod_p theta_p^components[c, p]. The
        columns of benchmarks that the morphing does not use are zero.
    """

    components: NDArray[np.int64]
    basis: NDArray[np.float64]
    matrix: NDArray[np.float64]

    def __post_init__(self) -> None:
        n_components, n_parameters = self.components.shape
        expected = (n_components, len(self.basis))
        if self.basis.shape[1:] != (n_parameters,) or self.matrix.shape != expected:
            raise MorphingError(
                f"components {self.components.shape}, basis {self.basis.shape}, matrix {self.matrix.shape} do not fit",
                expected="shapes (components, parameters), (benchmarks, parameters) and (components, benchmarks)",
            )
        if not np.all(np.isfinite(self.matrix)):
            raise MorphingError("the morphing matrix is not finite")

    @classmethod
    def from_basis(
        cls,
        components: NDArray[np.int64],
        basis: ArrayLike,
        names: Sequence[str] | None = None,
        used: ArrayLike | None = None,
    ) -> Morphing:
        """Determine the morphing matrix from benchmarks.

        Parameters
        ----------
        components
            Powers, shape `(n_components, n_parameters)`.
        basis
            Benchmarks, shape `(n_benchmarks, n_parameters)`.
        names
            Their names, for errors.
        used
            Which of them the morphing uses, by default all, shape `(n_benchmarks,)`; the others have weights of zero.

        Raises
        ------
        MorphingError
            If the benchmarks do not determine all components, naming those that depend on each other.
        """
        points = np.asarray(basis, dtype=np.float64)
        labels = list(names) if names is not None else [f"#{b} {tuple(map(float, p))}" for b, p in enumerate(points)]
        rows = np.flatnonzero(np.ones(len(points)) if used is None else used)
        if len(rows) < len(components):
            raise MorphingError(
                f"{len(rows)} benchmarks ({', '.join(labels[b] for b in rows)}) for {len(components)} morphing "
                "components",
                expected=f"at least {len(components)} benchmarks",
                mend="add benchmarks, or lower the maximal powers",
            )
        scale = _parameter_scale(points[rows])
        values = monomials(points[rows] / scale, components)
        _check_condition(values, components, [labels[b] for b in rows])
        matrix = np.zeros((len(components), len(points)))
        matrix[:, rows] = np.linalg.pinv(values, rcond=1e-15)
        return cls(components, points, matrix / np.prod(scale**components, axis=1)[:, None])

    @classmethod
    def of_space(cls, space: ParameterSpace, max_overall_power: Powers) -> Morphing:
        """Determine the morphing from all benchmarks of a parameter space and the maximal powers of its parameters."""
        powers = components(space.max_powers, max_overall_power)
        return cls.from_basis(powers, space.benchmark_values, space.benchmark_names)

    @property
    def in_basis(self) -> NDArray[np.bool_]:
        """Which benchmarks the morphing uses, shape `(n_benchmarks,)`; of the others there are weights alone."""
        used: NDArray[np.bool_] = np.any(self.matrix != 0.0, axis=0)
        return used

    def monomials(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the monomials at theta `(..., n_parameters)`, shape `(..., n_components)`."""
        return monomials(self._checked(theta), self.components)

    def monomial_gradients(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the gradients of the monomials, shape `(..., n_components, n_parameters)`."""
        return monomial_gradients(self._checked(theta), self.components)

    def weights(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return w_b(theta) at theta `(..., n_parameters)`, shape `(..., n_benchmarks)`."""
        weights: NDArray[np.float64] = self.monomials(theta) @ self.matrix
        return weights

    def weight_gradients(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the gradients of w_b(theta), shape `(..., n_benchmarks, n_parameters)`."""
        gradients: NDArray[np.float64] = np.einsum("...cp,cb->...bp", self.monomial_gradients(theta), self.matrix)
        return gradients

    @cached_property
    def condition_number(self) -> float:
        """Condition number of the monomials at the benchmarks of the basis, in units of the largest of their values."""
        points = self.basis[self.in_basis]
        return float(np.linalg.cond(monomials(points / _parameter_scale(points), self.components)))

    def expected_squared_weights(self, ranges: ArrayLike) -> float:
        """Return the exact mean over a box `(n_parameters, 2)` of sum_b w_b(theta)^2."""
        gram = gram_matrix(self.components, ranges)
        return float(np.einsum("cb,cd,db->", self.matrix, gram, self.matrix))

    def _checked(self, theta: ArrayLike) -> NDArray[np.float64]:
        values: NDArray[np.float64] = np.asarray(theta, dtype=np.float64)
        n_parameters = self.components.shape[1]
        if values.ndim == 0 or values.shape[-1] != n_parameters:
            raise MorphingError(
                f"theta has shape {values.shape}", expected=f"{n_parameters} parameters in its last axis"
            )
        return values


def _parameter_scale(points: NDArray[np.float64]) -> NDArray[np.float64]:
    largest = np.abs(points).max(axis=0)
    return np.where(largest > 0.0, largest, 1.0)


def _check_condition(values: NDArray[np.float64], powers: NDArray[np.int64], names: list[str]) -> None:
    """Refuse a degenerate basis `values` (B, C), naming the powers it leaves open.

    Of as many benchmarks as powers, those that depend on each other are named, too. More than that always do, so
    that none of them is to blame.
    """
    left, singular, right = np.linalg.svd(values, full_matrices=True)
    condition = np.inf if singular[-1] == 0.0 else singular[0] / singular[-1]
    if condition <= MAX_CONDITION_NUMBER:
        return
    determined = len(powers) - int(np.sum(singular * MAX_CONDITION_NUMBER < singular[0]))
    undetermined = np.flatnonzero(np.abs(right[determined:]).max(axis=0) > 1e-3)
    open_powers = f"the powers {', '.join(str(tuple(map(int, powers[c]))) for c in undetermined)} are not determined"
    message = f"the morphing basis is degenerate (condition number {condition:.1e}): "
    mend = "add a benchmark elsewhere, or let the optimiser choose it"
    if len(names) == len(powers):
        dependent = np.flatnonzero(np.abs(left[:, determined:]).max(axis=1) > 1e-3)
        message += f"the benchmarks {', '.join(names[b] for b in dependent)} depend on each other, so that "
        mend = "move or replace one of these benchmarks, or let the optimiser choose it"
    raise MorphingError(
        message + open_powers, expected=f"a condition number below {MAX_CONDITION_NUMBER:.0e}", mend=mend
    )
