r"""Monomials in the theory parameters, :math:`\prod_p \theta_p^{k_{cp}}`, their gradients and moments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import MorphingError


def components(max_powers: Sequence[int], max_overall_power: int) -> NDArray[np.int64]:
    """Return the powers of all monomials allowed by the maximal powers, the constant first.

    Parameters
    ----------
    max_powers
        The maximal power of each of the P parameters.
    max_overall_power
        The maximal sum of the powers in a monomial.

    Returns
    -------
    Powers, shape `(n_components, n_parameters)`, ordered by overall power.

    Raises
    ------
    MorphingError
        If there is no parameter or a power is negative.
    """
    if len(max_powers) == 0 or min(max_powers) < 0 or max_overall_power < 0:
        raise MorphingError(
            f"maximal powers {list(max_powers)} with overall power {max_overall_power}",
            expected="at least one parameter, and powers of zero or more",
        )
    allowed = [k for k in product(*(range(n + 1) for n in max_powers)) if sum(k) <= max_overall_power]
    allowed.sort(key=lambda powers: (sum(powers), [-k for k in powers]))
    return np.array(allowed, dtype=np.int64)


def monomials(theta: ArrayLike, powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Evaluate monomials at theta `(..., n_parameters)`, shape `(..., n_components)`."""
    table = _power_table(theta, powers)
    return np.asarray(np.prod(_pick(table, powers), axis=-1))


def monomial_gradients(theta: ArrayLike, powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Evaluate the derivatives of monomials by each parameter, shape `(..., n_components, n_parameters)`."""
    factors = _pick(_power_table(theta, powers), powers)
    lowered = powers * _pick(_power_table(theta, powers), np.maximum(powers - 1, 0))
    gradients = np.empty_like(factors)
    for p in range(powers.shape[1]):
        others = np.prod(np.delete(factors, p, axis=-1), axis=-1)
        gradients[..., p] = lowered[..., p] * others
    return gradients


def gram_matrix(powers: NDArray[np.int64], ranges: ArrayLike) -> NDArray[np.float64]:
    """Return the exact means of products of two monomials over a box, shape `(n_components, n_components)`.

    The mean of theta^k over [a, b] is (b^(k+1) - a^(k+1)) / ((k+1) (b-a)); it factorises over the parameters.
    """
    low, high = np.asarray(ranges, dtype=np.float64).T
    sums = powers[:, None, :] + powers[None, :, :]
    moments = np.stack([_moments(a, b, int(sums.max())) for a, b in zip(low, high, strict=True)])
    return np.asarray(np.prod(moments[np.arange(powers.shape[1]), sums], axis=-1))


def _moments(low: float, high: float, highest: int) -> NDArray[np.float64]:
    # b^(k+1) - a^(k+1) = (b-a) sum_j a^j b^(k-j): no cancellation for narrow ranges
    return np.array([sum(low**j * high ** (k - j) for j in range(k + 1)) / (k + 1) for k in range(highest + 1)])


def _power_table(theta: ArrayLike, powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return theta_p^k for k from 0 to the highest power, shape `(..., n_parameters, highest + 1)`."""
    theta = np.asarray(theta, dtype=np.float64)
    return theta[..., None] ** np.arange(int(powers.max(initial=0)) + 1)


def _pick(table: NDArray[np.float64], powers: NDArray[np.int64]) -> NDArray[np.float64]:
    picked: NDArray[np.float64] = table[..., np.arange(powers.shape[1]), powers]
    return picked
