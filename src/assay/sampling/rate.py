"""The cross section as a polynomial in the theory parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.theory.monomials import monomials


@dataclass(frozen=True)
class PolynomialRate:
    """sigma(theta) / sigma(reference) after cuts, at nominal nuisance parameters.

    Parameters
    ----------
    powers
        Powers of the theory parameters in each of C monomials, shape (C, P).
    coefficients
        Of the monomials, shape (C,).
    """

    powers: tuple[tuple[int, ...], ...]
    coefficients: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.powers) != len(self.coefficients) or len({len(powers) for powers in self.powers}) != 1:
            raise SamplingError(
                f"{len(self.coefficients)} coefficients for the powers {self.powers}",
                expected="one coefficient for every monomial, and a power of every parameter in it",
            )

    @classmethod
    def of_pool(cls, pool: EventPool, reference: ArrayLike) -> PolynomialRate:
        """Return the rate of all events relative to that at a reference point (P,).

        Raises
        ------
        SamplingError
            If the cross section at the reference is not positive.
        """
        morphing = pool.morphing
        coefficients = morphing.matrix @ pool.weights.sum(axis=0)
        total = float(morphing.monomials(np.asarray(reference, dtype=np.float64)) @ coefficients)
        if not total > 0.0:
            raise SamplingError(
                f"the cross section after cuts is {total:.4g} pb",
                where=f"theta = {np.asarray(reference).tolist()}",
                expected="above zero",
            )
        powers = tuple(tuple(int(power) for power in row) for row in morphing.components)
        return cls(powers, tuple(float(value) for value in coefficients / total))

    def values(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the rates at theta (T, P), shape (T,); further columns (nuisance parameters) have no part in them."""
        powers = np.asarray(self.powers)
        points = np.atleast_2d(np.asarray(theta, dtype=np.float64))[:, : powers.shape[1]]
        rates: NDArray[np.float64] = monomials(points, powers) @ np.asarray(self.coefficients)
        return rates
