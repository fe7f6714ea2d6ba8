r"""The choice of morphing benchmarks.

Free benchmarks are placed within the parameter ranges so that the mean over them of :math:`\sum_b w_b(\theta)^2`
(`assay.theory.design`) is smallest. Sets chosen greedily among random candidates by a pivoted QR decomposition
(approximate Fekete points) are improved by L-BFGS-B; then the best of them, with a tenth of its benchmarks thrown
elsewhere, is improved again and again.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import qr

from assay.errors import MorphingError
from assay.theory.design import Design

_STEPS = 400
_CANDIDATES = 10
"""Random candidates per component, among which a first set is chosen."""
_SAME = 1e-6
"""Relative difference below which two values count as the same.

Mirror images of a set are as good as the set; rounding must not decide between them, since it differs from machine
to machine.
"""


def optimise_basis(
    components: NDArray[np.int64],
    ranges: ArrayLike,
    fixed: ArrayLike | None = None,
    n_benchmarks: int | None = None,
    seed: int = 0,
    n_starts: int = 16,
) -> NDArray[np.float64]:
    """Choose benchmarks that minimise the mean over the range of the sum of squared morphing weights.

    Parameters
    ----------
    components
        Powers, shape `(n_components, n_parameters)`, as `assay.theory.monomials.components` returns them.
    ranges
        Lowest and highest value of each parameter, shape `(n_parameters, 2)`; chosen benchmarks stay inside.
    fixed
        Benchmarks to keep, shape `(n_fixed, n_parameters)`; they come first in the result.
    n_benchmarks
        The number of all benchmarks, by default as many as components (and no fewer than `fixed`).
    seed
        The same seed gives the same basis.
    n_starts
        Number of local optimisations; a quarter of them, and at least one, from fresh sets.

    Returns
    -------
    Benchmarks, shape `(n_benchmarks, n_parameters)`.

    Raises
    ------
    MorphingError
        If there are fewer benchmarks than components, or no position of the free ones determines all components.
    """
    n_components, n_parameters = components.shape
    low, high = np.asarray(ranges, dtype=np.float64).reshape(n_parameters, 2).T
    kept = np.asarray([] if fixed is None else fixed, dtype=np.float64).reshape(-1, n_parameters)
    total = max(n_components, len(kept)) if n_benchmarks is None else n_benchmarks
    if total < n_components or total < len(kept):
        raise MorphingError(
            f"{total} benchmarks for {n_components} morphing components and {len(kept)} fixed benchmarks",
            expected=f"at least {max(n_components, len(kept))} benchmarks",
            mend="ask for more benchmarks, or lower the maximal powers",
        )
    _check_closed(components)
    design = Design(components, (2.0 * kept - low - high) / (high - low))
    rng = np.random.default_rng(seed)
    chosen = _search(design, total - len(kept), rng, n_starts)
    return np.concatenate([kept, np.clip(0.5 * (low + high) + 0.5 * (high - low) * chosen, low, high)])


def _search(design: Design, n_free: int, rng: np.random.Generator, n_starts: int) -> NDArray[np.float64]:
    """Optimise from fresh sets first, then from the best so far with some of its benchmarks thrown elsewhere."""
    n_fresh = max(1, n_starts // 4)
    best = np.empty((n_free, design.components.shape[1]))
    lowest = design.value(best) if n_free == 0 else np.inf
    for start in range(n_starts if n_free else 0):
        fresh = start < n_fresh or not np.isfinite(lowest)
        free = design.descend(_fekete(design, n_free, rng) if fresh else _disturbed(best, rng), _STEPS)
        value = design.value(free)
        if value < lowest * (1.0 - _SAME):
            best, lowest = free, value
    if not np.isfinite(lowest):
        raise MorphingError(
            "no position of the free benchmarks determines all morphing components",
            expected="fixed benchmarks that are independent of each other",
            mend="remove fixed benchmarks, or allow more benchmarks",
        )
    return best


def _disturbed(free: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Throw a tenth of the benchmarks elsewhere: what is left keeps the way short."""
    moved = rng.choice(len(free), max(1, len(free) // 10), replace=False)
    result = free.copy()
    result[moved] = _candidates(len(moved), free.shape[1], rng)
    return result


def _candidates(n: int, n_parameters: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw random benchmarks that crowd towards the edges, as good interpolation points do."""
    return np.asarray(np.cos(np.pi * rng.uniform(size=(n, n_parameters))))


def _fekete(design: Design, n_free: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Pick free benchmarks greedily so that they span the largest volume together with the fixed ones."""
    n_components, n_parameters = design.components.shape
    candidates = _candidates(_CANDIDATES * max(n_free, n_components, 10), n_parameters, rng)
    columns = design.polynomials(candidates)
    if design.fixed.shape[1]:
        directions, _ = np.linalg.qr(design.fixed)
        columns = columns - directions @ (directions.T @ columns)
    chosen: list[int] = []
    while len(chosen) < n_free:  # more benchmarks than components: start again with the candidates that are left
        left = np.setdiff1d(np.arange(len(candidates)), chosen)
        _, _, order = qr(columns[:, left], mode="economic", pivoting=True)
        chosen += list(left[order[: min(n_components, n_free - len(chosen))]])
    return np.asarray(candidates[chosen], dtype=np.float64).reshape(n_free, n_parameters)


def _check_closed(components: NDArray[np.int64]) -> None:
    """Refuse terms without those of lower powers, whose polynomials Legendre's do not span."""
    known = {tuple(row) for row in components.tolist()}
    for row in components.tolist():
        for p, power in enumerate(row):
            if power > 0 and (*row[:p], power - 1, *row[p + 1 :]) not in known:
                raise MorphingError(
                    f"the powers {tuple(row)} without {(*row[:p], power - 1, *row[p + 1 :])}",
                    expected="all powers up to the maximal ones",
                    mend="give the benchmarks by hand, or use assay.theory.monomials.components",
                )
