r"""The choice of morphing benchmarks.

With the monomials :math:`\tilde w(\theta)`, their values :math:`M` at the benchmarks and their Gram matrix :math:`G
= L L^T` over the parameter range, the mean over the range of :math:`\sum_b w_b(\theta)^2` is
:math:`\mathrm{tr}[G (M^T M)^{-1}] = \lVert (M L^{-T})^+ \rVert_F^2`: an exact objective with an analytic gradient
(in the theory of experimental designs: I-optimality). It is minimised over the positions of the free benchmarks,
within the range, by L-BFGS-B from several starts: the best of many random sets, and sets chosen greedily by a
pivoted QR decomposition (approximate Fekete points).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import cholesky, qr, solve_triangular
from scipy.optimize import minimize

from assay.errors import MorphingError
from assay.theory.monomials import gram_matrix, monomial_gradients, monomials

_RANDOM_SETS = 100
_EVALUATIONS = 400


def optimise_basis(
    components: NDArray[np.int64],
    ranges: ArrayLike,
    fixed: ArrayLike | None = None,
    n_benchmarks: int | None = None,
    seed: int = 0,
    n_starts: int = 8,
) -> NDArray[np.float64]:
    """Choose benchmarks that minimise the mean over the range of the sum of squared morphing weights.

    Parameters
    ----------
    components
        Powers, shape `(n_components, n_parameters)`.
    ranges
        Lowest and highest value of each parameter, shape `(n_parameters, 2)`; chosen benchmarks stay inside.
    fixed
        Benchmarks to keep, shape `(n_fixed, n_parameters)`; they come first in the result.
    n_benchmarks
        The number of all benchmarks, by default as many as components (and no fewer than `fixed`).
    seed
        The same seed gives the same basis.
    n_starts
        Number of local optimisations.

    Returns
    -------
    Benchmarks, shape `(n_benchmarks, n_parameters)`.

    Raises
    ------
    MorphingError
        If there are fewer benchmarks than components, or no position of the free ones determines all components.
    """
    n_components, n_parameters = components.shape
    box = np.asarray(ranges, dtype=np.float64).reshape(n_parameters, 2)
    kept = (
        np.empty((0, n_parameters)) if fixed is None else np.asarray(fixed, dtype=np.float64).reshape(-1, n_parameters)
    )
    total = max(n_components, len(kept)) if n_benchmarks is None else n_benchmarks
    if total < n_components or total < len(kept):
        raise MorphingError(
            f"{total} benchmarks for {n_components} morphing components and {len(kept)} fixed benchmarks",
            expected=f"at least {max(n_components, len(kept))} benchmarks",
            mend="ask for more benchmarks, or lower the maximal powers",
        )
    # in units of the largest value the monomials are of order one
    scale = np.maximum(np.abs(box).max(axis=1), np.abs(kept).max(axis=0, initial=0.0))
    problem = _Problem(components, box / scale[:, None], kept / scale)
    best = problem.best_of(_starts(problem, total - len(kept), np.random.default_rng(seed), n_starts))
    return np.concatenate([kept, best * scale])


class _Problem:
    """The objective as a function of the free benchmarks, in scaled parameters."""

    def __init__(self, components: NDArray[np.int64], box: NDArray[np.float64], fixed: NDArray[np.float64]) -> None:
        self.components, self.box, self.fixed = components, box, fixed
        try:
            self.factor = cholesky(gram_matrix(components, box), lower=True)
        except np.linalg.LinAlgError:
            raise MorphingError(
                "the morphing components cannot be told apart within the parameter ranges",
                expected="ranges that are wide compared with their distance from zero",
                mend="widen the ranges, or lower the maximal powers",
            ) from None

    def orthonormal(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return polynomials that are orthonormal over the box, at points `(B, P)`, shape `(B, C)`."""
        values = solve_triangular(self.factor, monomials(points, self.components).T, lower=True)
        return np.asarray(values.T, dtype=np.float64)

    def value(self, free: NDArray[np.float64]) -> float:
        """Return the mean of the sum of squared weights: infinite for a degenerate set."""
        singular = np.linalg.svd(self.orthonormal(np.concatenate([self.fixed, free])), compute_uv=False)
        return float(np.sum(singular**-2.0)) if singular[-1] > 1e-10 * singular[0] else np.inf

    def logarithm(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Return the logarithm of the objective (tamer near degenerate sets) and its gradient."""
        free = flat.reshape(-1, self.components.shape[1])
        inverse = np.linalg.pinv(self.orthonormal(np.concatenate([self.fixed, free])), rcond=1e-14)  # (C, B)
        value = float(np.sum(inverse**2))
        by_matrix = -2.0 * inverse.T @ (inverse @ inverse.T)  # (B, C), of the orthonormal polynomials
        by_monomials = solve_triangular(self.factor, by_matrix.T, lower=True, trans="T").T[len(self.fixed) :]
        gradient = np.einsum("bc,bcp->bp", by_monomials, monomial_gradients(free, self.components))
        return np.log(value), gradient.ravel() / value

    def best_of(self, starts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        """Optimise from every start and return the best set of free benchmarks."""
        results = [(self.value(start), start) for start in starts]
        results += [(self.value(found), found) for found in map(self._descend, starts)]
        value, best = min(results, key=lambda pair: pair[0])
        if not np.isfinite(value):
            raise MorphingError(
                "no position of the free benchmarks determines all morphing components",
                expected="fixed benchmarks that are independent of each other",
                mend="remove fixed benchmarks, or allow more benchmarks",
            )
        return best

    def _descend(self, start: NDArray[np.float64]) -> NDArray[np.float64]:
        if start.size == 0 or not np.isfinite(self.value(start)):
            return start
        bounds = [tuple(row) for row in np.tile(self.box, (len(start), 1))]
        found = minimize(
            self.logarithm, start.ravel(), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _EVALUATIONS}
        )
        return np.asarray(np.clip(found.x.reshape(start.shape), *self.box.T))


def _starts(problem: _Problem, n_free: int, rng: np.random.Generator, n_starts: int) -> list[NDArray[np.float64]]:
    """Half of the starts are the best random sets, half are approximate Fekete points of random candidates."""
    low, high = problem.box.T
    shape = (n_free, len(low))
    if n_free == 0:
        return [np.empty(shape)]
    drawn = sorted((rng.uniform(low, high, shape) for _ in range(_RANDOM_SETS)), key=problem.value)
    starts = drawn[: (n_starts + 1) // 2]
    for _ in range(n_starts // 2):
        starts.append(_fekete(problem, n_free, rng))
    return starts


def _fekete(problem: _Problem, n_free: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pick free benchmarks greedily so that they span the largest volume together with the fixed ones."""
    low, high = problem.box.T
    # arcsine-distributed candidates: good interpolation points crowd towards the edges
    unit = 0.5 - 0.5 * np.cos(np.pi * rng.uniform(size=(max(40 * n_free, 400), len(low))))
    candidates = low + (high - low) * unit
    columns = problem.orthonormal(candidates).T
    if len(problem.fixed):
        directions, _ = np.linalg.qr(problem.orthonormal(problem.fixed).T)
        columns = columns - directions @ (directions.T @ columns)
    chosen: list[int] = []
    while len(chosen) < n_free:  # more benchmarks than components: start again with the candidates that are left
        left = np.setdiff1d(np.arange(len(candidates)), chosen)
        _, _, order = qr(columns[:, left], mode="economic", pivoting=True)
        chosen += list(left[order[: min(len(columns), n_free - len(chosen))]])
    return np.asarray(candidates[chosen], dtype=np.float64)
