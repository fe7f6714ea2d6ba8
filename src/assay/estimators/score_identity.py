r"""Whether joint scores are those of the events they stand beside, without any model.

The mean of any function f of the observables changes with theta as the joint score says:

    d/dtheta E[f | theta] = E[f t_xz | theta],

since int dx dz f p(x, z | theta) t_xz = int f grad p. The left side comes from the events alone, as a polynomial in
theta through the observables; the right side from the joint scores. Their ratio, over all observables, is one. A score
of (x - theta) in place of (z - theta) has the right mean and the wrong size, and shows here.
"""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.estimators.verdicts import CheckResult, judge

Array = NDArray[np.float64]

_BLOCKS = 50
_LEAST_CHANGE = 5.0  # standard deviations
_QUANTILES = (0.005, 0.995)  # of the observables, beyond which they are cut: rare events decide no mean
_DEGREES = {1: 3, 2: 3}  # by the number of parameters; 2 for more


def score_identity(
    x: ArrayLike,
    theta: ArrayLike,
    t_xz: ArrayLike,
    parameters: tuple[str, ...],
    events: NDArray[np.integer],
    tolerance: float = 0.1,
) -> tuple[CheckResult, ...]:
    """Compare the joint scores with the change of the observables, for each parameter with which these do change.

    Parameters
    ----------
    x, theta, t_xz
        Events (N, O), each drawn at its hypothesis (N, P), and their joint scores there (N, P).
    parameters
        Their names.
    events
        The event of each row, numbers from 0, shape (N,).
    tolerance
        Of the ratio of both sides: E[f | theta] need not be a polynomial.
    """
    scaled, units = _to_unit(np.asarray(theta, dtype=np.float64))
    features = _features(np.asarray(x, dtype=np.float64))
    exponents = _exponents(scaled.shape[1], _DEGREES.get(scaled.shape[1], 2))
    block = events % _BLOCKS
    results = []
    for p, name in enumerate(parameters):
        if units[p] <= 0.0:
            continue
        t = np.asarray(t_xz, dtype=np.float64)[:, p] * units[p]
        moments = [
            _moments(features[block == b], scaled[block == b], t[block == b], exponents, p) for b in range(_BLOCKS)
        ]
        found = _jackknifed(np.stack(moments))
        if found is not None:
            results.append(judge(f"joint score of {name} against observables", *found, 1.0, tolerance))
    return tuple(results)


def _moments(f: Array, theta: Array, t: Array, exponents: NDArray[np.int64], p: int) -> Array:
    """Return sums over rows, stacked to (C, 3 C + 2 K): all that the ratio is made of."""
    monomials = np.prod(theta[:, None, :] ** exponents, axis=2)
    lowered = exponents.copy()
    lowered[:, p] = np.maximum(exponents[:, p] - 1, 0)
    slopes = exponents[:, p] * np.prod(theta[:, None, :] ** lowered, axis=2)
    tilted = slopes * t[:, None]
    return np.concatenate(
        [monomials.T @ monomials, slopes.T @ slopes, tilted.T @ monomials, monomials.T @ f, tilted.T @ f], axis=1
    )


def _sides(moments: Array) -> tuple[float, float]:
    """Return what the joint scores say of the change of the observables, and the change; both squared, as it were."""
    n = len(moments)
    gram, slopes, tilted, projected, tilted_f = np.split(
        moments, [n, 2 * n, 3 * n, 3 * n + (moments.shape[1] - 3 * n) // 2], axis=1
    )
    coefficients = np.linalg.lstsq(gram, projected, rcond=None)[0]
    change = float(np.sum(coefficients * (slopes @ coefficients)))
    # E[t | theta] = 0, so that f may be taken relative to its mean there: the same number with less noise
    told = float(np.sum(coefficients * (tilted_f - tilted @ coefficients)))
    return told, change


def _jackknifed(moments: Array) -> tuple[float, float] | None:
    """Return the ratio of both sides and its error, or None if the observables do not change.

    The jackknife takes the bias of the order of one over the number of events away, which a square of noise has.
    """
    n, total = len(moments), moments.sum(axis=0)
    whole, without = _sides(total), np.array([_sides(total - block) for block in moments])
    change, error = _estimate(n, whole[1], without[:, 1])
    if not change > _LEAST_CHANGE * error:
        return None
    return _estimate(n, whole[0] / whole[1], without[:, 0] / without[:, 1])


def _estimate(n: int, whole: float, without: Array) -> tuple[float, float]:
    mean = float(without.mean())
    return n * whole - (n - 1) * mean, math.sqrt((n - 1) / n * float(((without - mean) ** 2).sum()))


def _to_unit(theta: Array) -> tuple[Array, Array]:
    low, high = theta.min(axis=0), theta.max(axis=0)
    units = (high - low) / 2.0
    return (theta - (low + high) / 2.0) / np.where(units > 0, units, 1.0), units


def _features(x: Array) -> Array:
    """Return the observables, cut and standardised, and their squares."""
    low, high = np.quantile(x, _QUANTILES, axis=0)
    cut = np.clip(x, low, high)
    spread = cut.std(axis=0)
    u = (cut - cut.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    return np.concatenate([u, u**2 / np.sqrt(2.0)], axis=1)


def _exponents(n_parameters: int, degree: int) -> NDArray[np.int64]:
    """Return the powers of all monomials up to a degree, shape (C, P)."""
    rows = [
        np.bincount(np.array(chosen, dtype=np.int64), minlength=n_parameters)
        for d in range(degree + 1)
        for chosen in combinations_with_replacement(range(n_parameters), d)
    ]
    return np.stack(rows)
