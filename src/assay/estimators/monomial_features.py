"""Monomials of standardised parameters, as a differentiable function of them."""

from __future__ import annotations

from math import comb

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from assay.estimators.preprocessing import Standardisation
from assay.sampling.rate import PolynomialRate


class Monomials(nn.Module):
    """prod_p v_p^k_cp of v (n, P), shape (n, C), by products alone: their derivatives exist at zero, too.

    Parameters
    ----------
    powers
        k, shape (C, P).
    """

    def __init__(self, powers: NDArray[np.integer]) -> None:
        super().__init__()
        self.powers = np.asarray(powers, dtype=np.int64)

    def forward(self, value: Tensor) -> Tensor:
        """Return the monomials."""
        return _products(value, self.powers)

    def slopes(self, value: Tensor) -> Tensor:
        """Return the monomials' gradients, shape (n, P, C)."""
        steps = np.eye(self.powers.shape[1], dtype=np.int64)
        lowered = [_products(value, np.maximum(self.powers - step, 0)) for step in steps]
        return torch.stack(lowered, dim=1) * value.new_tensor(self.powers.T)


def _products(value: Tensor, powers: NDArray[np.integer]) -> Tensor:
    result = value.new_ones(len(value), len(powers))
    for p, column in enumerate(powers.T):
        table = [torch.ones_like(value[:, p])]
        for _ in range(int(column.max(initial=0))):
            table.append(table[-1] * value[:, p])
        result = result * torch.stack(table, dim=1)[:, column.tolist()]
    return result


class LogRate(nn.Module):
    """log sigma(theta) / sigma(reference), from its polynomial in the parameters' own units.

    Parameters
    ----------
    rate
        The polynomial.
    theta
        Scaling of the parameters, whose scales are the units of the powers.
    """

    coefficients: Tensor

    def __init__(self, rate: PolynomialRate, theta: Standardisation) -> None:
        super().__init__()
        powers = np.asarray(rate.powers)
        self.n_parameters = powers.shape[1]
        units = theta.scale[: self.n_parameters].numpy().astype(np.float64)
        coefficients = np.asarray(rate.coefficients) * np.prod(units**powers, axis=1)
        self.register_buffer("coefficients", torch.tensor(coefficients, dtype=torch.float32))
        self.monomials = Monomials(powers)

    def forward(self, theta: Tensor, scale: Tensor) -> Tensor:
        """Return log rate (n,) at theta (n, P), given the parameters' scale (P,)."""
        value = (theta / scale)[:, : self.n_parameters]
        return torch.log(self.monomials(value) @ self.coefficients)

    def slopes(self, theta: Tensor, scale: Tensor) -> Tensor:
        """Return the gradient by theta / scale, shape (n, P)."""
        value = (theta / scale)[:, : self.n_parameters]
        rate = self.monomials(value) @ self.coefficients
        result: Tensor = (self.monomials.slopes(value) @ self.coefficients) / rate[:, None]
        return result


def half_powers(powers: tuple[tuple[int, ...], ...]) -> NDArray[np.int64]:
    """Return the powers whose doubles are among those of a polynomial, the constant first: (H, P).

    Squares of sums of such monomials stay within the polynomial's terms.
    """
    known = {tuple(map(int, row)) for row in powers}
    halves = {tuple(power // 2 for power in row) for row in known if all(power % 2 == 0 for power in row)}
    return np.array(sorted(halves, key=lambda row: (sum(row), row)), dtype=np.int64)


def shifted(powers: NDArray[np.int64], away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return B (H, H) with (v + away)^h = sum_j B_hj v^j, for the powers (H, P) of all monomials.

    Monomials that are not among them are left out; there are none if with each power its lower ones are, too.
    """
    chosen = np.array([[[comb(int(k), int(j)) for k, j in zip(h, g, strict=True)] for g in powers] for h in powers])
    steps = np.maximum(powers[:, None, :] - powers[None, :, :], 0)
    return np.asarray(np.prod(chosen * away**steps, axis=2))
