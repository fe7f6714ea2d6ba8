r"""Monomials in the theory parameters, :math:`\prod_p \theta_p^{k_{cp}}`, their gradients and moments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import MorphingError
from assay.study.powers import Powers, n_parts, per_part, terms


def components(max_powers: Sequence[Powers], max_overall_power: Powers) -> NDArray[np.int64]:
    """Return the powers of all monomials allowed by the maximal powers, the constant first.

    Parameters
    ----------
    max_powers
        The maximal power of each of the P parameters in the squared matrix element; where the amplitude is a product
        of parts (production and decay), a list of its maximal powers in the squares of these parts.
    max_overall_power
        The maximal sum of the powers in a monomial, or a list of those of the parts. One number beside lists stands
        for the same power in every part.

    Returns
    -------
    Powers, shape `(n_components, n_parameters)`, ordered by overall power: all products of a monomial of each part.

    Raises
    ------
    MorphingError
        If there is no parameter, a power is negative, or lists differ in length.
    """
    parts = n_parts(max_powers, max_overall_power)
    powers = [per_part(power, parts) for power in (*max_powers, max_overall_power)]
    lengths = {len(power) for power in powers}
    if len(max_powers) == 0 or lengths != {parts} or min(map(min, powers)) < 0:
        raise MorphingError(
            f"maximal powers {list(max_powers)} with overall power {max_overall_power}",
            expected="at least one parameter, powers of zero or more, and lists of equal length",
        )
    return np.array(terms(max_powers, max_overall_power), dtype=np.int64)


def monomials(theta: ArrayLike, powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Evaluate monomials at theta `(..., n_parameters)`, shape `(..., n_components)`."""
    return np.moveaxis(products(_power_table(theta, powers), powers), 0, -1)


def monomial_gradients(theta: ArrayLike, powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Evaluate the derivatives of monomials by each parameter, shape `(..., n_components, n_parameters)`."""
    table = _power_table(theta, powers)
    slopes = np.zeros_like(table)
    for power in range(1, table.shape[1]):
        slopes[:, power] = power * table[:, power - 1]
    return np.moveaxis(product_derivatives(table, slopes, powers), (1, 0), (-2, -1))


def products(table: NDArray[np.float64], powers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Multiply one function per parameter.

    Parameters
    ----------
    table
        Values of functions number 0 to `highest` of one parameter each, shape `(n_parameters, highest + 1, ...)`.
    powers
        Which of them to multiply, shape `(n_components, n_parameters)`.

    Returns
    -------
    Shape `(n_components, ...)`: the product over p of table[p, powers[c, p]].
    """
    result: NDArray[np.float64] = table[0, powers[:, 0]]
    for p in range(1, powers.shape[1]):
        result *= table[p, powers[:, p]]
    return result


def product_derivatives(
    table: NDArray[np.float64], slopes: NDArray[np.float64], powers: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the derivatives of `products` by each parameter, shape `(n_parameters, n_components, ...)`.

    `slopes` are the derivatives of the functions in `table`, in the same shape.
    """
    n_parameters = powers.shape[1]
    each = np.arange(n_parameters)[:, None], powers.T
    factors, derivatives = table[each], slopes[each]
    # multiplied by all factors before and by all after it, not divided by its own, which can be zero
    before, after = factors[0].copy(), factors[-1].copy()
    for p in range(1, n_parameters):
        derivatives[p] *= before
        derivatives[-1 - p] *= after
        before *= factors[p]
        after *= factors[-1 - p]
    return derivatives


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
    """Return theta_p^k for k from 0 to the highest power, shape `(n_parameters, highest + 1, ...)`."""
    values = np.moveaxis(np.asarray(theta, dtype=np.float64), -1, 0)
    table = np.ones((len(values), int(powers.max(initial=0)) + 1, *values.shape[1:]))
    for power in range(1, table.shape[1]):
        table[:, power] = values * table[:, power - 1]
    return table
