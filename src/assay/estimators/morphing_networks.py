r"""Ratio networks that know how theta enters.

dsigma(x|theta) is a polynomial, so a network needs to learn its coefficients as functions of x alone. Both ratios are 1
at the reference by construction. With v = (theta - theta1) / scale, R(theta) = sigma(theta) / sigma(theta1) (the exact
polynomial of the simulation) and nuisance parameters nu of zero mean,

- morphing-aware (1805.00020, section III.C):

    r(x|theta) = pos(1 + sum_c v^c f_c(x)) exp(a(x) nu + b(x) nu^2) / R(theta),

  f_c free; pos(u) = u above a hundredth, eps exp(u / eps - 1) below, so that the logarithm exists where an imperfect
  polynomial is negative;

- quadratic (2007.10356, for any number of parameters and any even powers): the density is |amplitude|^2, a sum of
  squares of polynomials of half the powers,

    r(x|theta) = f(x|theta) / f(x|theta1) exp(...) / R(theta),     f = sum_k (sum_{h >= k} L_kh(x) w^h)^2,

  with w^h the monomials of half the powers in w, theta as seen from the middle of the range: positive by construction.
  Where the amplitude nearly vanishes at theta1, r is large at all other theta; L stays of order one there.

The score follows from the coefficients, without differentiating the network.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from assay.errors import TrainingError
from assay.estimators.monomial_features import LogRate, Monomials, half_powers, shifted
from assay.estimators.networks import Features, Perceptron
from assay.estimators.preprocessing import Standardisation
from assay.estimators.settings import NetworkSettings
from assay.sampling.rate import PolynomialRate

_SMALLEST = 0.01  # of the reference's density, below which the morphing-aware ratio bends


class CoefficientNetwork(Perceptron):
    """What both have in common: coefficients (n, K) from observables, and log r from coefficients and theta.

    Parameters
    ----------
    x
        The preprocessing of the observables (O,).
    theta
        The reference as centre, and a typical distance of every parameter as scale (P + Q,).
    rate
        sigma(theta) / sigma(theta1) in the P theory parameters; further columns of theta are nuisance parameters.
    n_terms
        Number of the polynomial's own coefficients.
    settings
        The hidden layers.
    """

    def __init__(
        self, x: Features, theta: Standardisation, rate: PolynomialRate, n_terms: int, settings: NetworkSettings
    ) -> None:
        n_parameters = len(rate.powers[0])
        super().__init__(x, n_terms + 2 * (theta.n_features - n_parameters), settings)
        self.theta = theta
        self.n_parameters, self.n_terms = n_parameters, n_terms
        self.log_rate = LogRate(rate, theta)
        with torch.no_grad():  # begin near r = 1, where every hypothesis is far from the bend
            self.output.weight.mul_(0.1)
            self.output.bias.zero_()

    def coefficients(self, x: Tensor) -> Tensor:
        """Return the coefficients (n, K) of observables (n, O): all that has to be known of an event."""
        return self.outputs(x)

    def forward(self, x: Tensor, theta: Tensor) -> Tensor:
        """Return log r, shape (n,), for x (n, O) and theta (n, P + Q), row by row."""
        coefficients = self.coefficients(x)
        density = self.log_density_pairs(coefficients[:, : self.n_terms], self.features(theta))
        nuisance = self.theta(theta)[:, self.n_parameters :]
        exponent = torch.cat([nuisance, nuisance**2], dim=1)
        return density + (coefficients[:, self.n_terms :] * exponent).sum(dim=1) - self.rate_at(theta)

    def with_score(self, x: Tensor, theta: Tensor, n: int) -> tuple[Tensor, Tensor]:
        """Return log r as `forward`, and its gradient by standardised theta (n, P + Q) in the first n rows."""
        coefficients = self.coefficients(x)
        own, of_nuisance = coefficients[:, : self.n_terms], coefficients[:, self.n_terms :]
        value = self.theta(theta)
        slopes = self.monomials.slopes(value[:n, : self.n_parameters])
        density, gradient = self.log_density_slopes(own, self.features(theta), slopes)
        log_r = density - self.rate_at(theta)
        score = gradient - self.log_rate.slopes(theta[:n], self.theta.scale)
        nuisance = value[:, self.n_parameters :]
        if nuisance.shape[1]:
            log_r = log_r + (of_nuisance * torch.cat([nuisance, nuisance**2], dim=1)).sum(dim=1)
            linear, square = of_nuisance[:n].chunk(2, dim=1)
            score = torch.cat([score, linear + 2.0 * square * nuisance[:n]], dim=1)
        return log_r, score

    def rate_at(self, theta: Tensor) -> Tensor:
        """Return log R(theta), shape (n,)."""
        result: Tensor = self.log_rate(theta, self.theta.scale)
        return result

    def features(self, theta: Tensor) -> Tensor:
        """Return the monomials (n, C) of standardised theory parameters."""
        result: Tensor = self.monomials(self.theta(theta)[:, : self.n_parameters])
        return result

    def grid(self, coefficients: Tensor, theta: Tensor) -> Tensor:
        """Return log r (T, E) of events with coefficients (E, K) at theta (T, P + Q)."""
        result = self.log_density_grid(coefficients[:, : self.n_terms], self.features(theta))
        nuisance = self.theta(theta)[:, self.n_parameters :]
        if nuisance.shape[1]:
            result = result + torch.cat([nuisance, nuisance**2], dim=1) @ coefficients[:, self.n_terms :].T
        return result - self.rate_at(theta)[:, None]

    monomials: Monomials

    smallest = 0.0
    """The density, as a share of the reference's, below which the logarithm is continued by its tangent."""

    @property
    def powers(self) -> NDArray[np.int64]:
        """The powers (C, P) of the standardised parameters in R r without nuisance parameters, a polynomial."""
        raise NotImplementedError

    def polynomial(self, coefficients: Tensor) -> Tensor:
        """Return the coefficients of that polynomial in double precision, (n, C), of coefficients (n, K)."""
        raise NotImplementedError

    def log_density_pairs(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """Return log R r without nuisance parameters, row by row, shape (n,)."""
        raise NotImplementedError

    def log_density_slopes(self, coefficients: Tensor, features: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
        """Return `log_density_pairs` and its gradient (n, P) of the first n rows, by the features' slopes (n, P, C)."""
        raise NotImplementedError

    def log_density_grid(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """Return the same for all events (E, K) at all hypotheses (T, C), shape (T, E)."""
        raise NotImplementedError


class MorphingAwareNetwork(CoefficientNetwork):
    """The polynomial with free coefficients."""

    def __init__(self, x: Features, theta: Standardisation, rate: PolynomialRate, settings: NetworkSettings) -> None:
        powers = np.asarray(rate.powers)
        powers = powers[powers.sum(axis=1) > 0]
        super().__init__(x, theta, rate, len(powers), settings)
        self.monomials = Monomials(powers)

    smallest = _SMALLEST

    @property
    def powers(self) -> NDArray[np.int64]:
        """See `CoefficientNetwork`."""
        own = self.monomials.powers
        return np.concatenate([np.zeros((1, own.shape[1]), dtype=np.int64), own])

    def polynomial(self, coefficients: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        own = coefficients[:, : self.n_terms].double()
        return torch.cat([torch.ones_like(own[:, :1]), own], dim=1)

    def log_density_pairs(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        return _log_positive(1.0 + (coefficients * features).sum(dim=1))

    def log_density_slopes(self, coefficients: Tensor, features: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
        """See `CoefficientNetwork`."""
        density = 1.0 + (coefficients * features).sum(dim=1)
        n = len(slopes)
        steepness = torch.clamp(density[:n], min=_SMALLEST)
        gradient = (slopes @ coefficients[:n, :, None])[:, :, 0] / steepness[:, None]
        return _log_positive(density), gradient

    def log_density_grid(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        return _log_positive(1.0 + features @ coefficients.T)


class QuadraticNetwork(CoefficientNetwork):
    """The sum of squares.

    Parameters
    ----------
    x, theta, rate, settings
        See `CoefficientNetwork`.
    middle
        The middle of the parameters' ranges (P + Q,), near which L_00 alone is the amplitude; by default the reference.
        It is part of the saved numbers.
    """

    spread: Tensor
    constant: Tensor

    def __init__(
        self,
        x: Features,
        theta: Standardisation,
        rate: PolynomialRate,
        settings: NetworkSettings,
        middle: Tensor | None = None,
    ) -> None:
        powers = half_powers(rate.powers)
        n = len(powers)
        if not _are_squares(rate.powers, powers):
            raise TrainingError(
                f"the cross section has the powers {[list(row) for row in rate.powers]}",
                expected="those of a squared amplitude, of which the quadratic family takes the square root",
                mend="take the family parameterised or morphing_aware, or max_power: 2",
            )
        entries = [(k, h) for k in range(n) for h in range(k, n)]  # of L (H, H)
        super().__init__(x, theta, rate, len(entries), settings)
        self.monomials, self.n_monomials = Monomials(powers), n
        away = torch.zeros(self.n_parameters, dtype=torch.float64)
        if middle is not None:
            away = ((theta.centre.double() - middle) / theta.scale)[: self.n_parameters]
        seen = torch.from_numpy(shifted(powers, away.numpy()))
        rows, columns = torch.tensor(entries).T
        spread, constant = torch.zeros(len(entries), n, n), torch.zeros(n, n)
        spread[torch.arange(len(entries)), rows] = seen[columns].float()
        constant[0] = seen[0].float()
        self.register_buffer("spread", spread.reshape(len(entries), n * n))
        self.register_buffer("constant", constant.reshape(n * n))

    @property
    def powers(self) -> NDArray[np.int64]:
        """See `CoefficientNetwork`."""
        return self._products()[0]

    def polynomial(self, coefficients: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        powers, term = self._products()
        factors = self.factors(coefficients[:, : self.n_terms]).double()
        squares = torch.einsum("nkh,nkj->nhj", factors, factors).flatten(1)
        result = squares.new_zeros(len(squares), len(powers))
        return result.index_add_(1, torch.from_numpy(term).to(squares.device), squares)

    def _products(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the powers of all products of two monomials, and which of them each product (H^2,) has."""
        half = self.monomials.powers
        pairs = (half[:, None, :] + half[None, :, :]).reshape(-1, half.shape[1])
        powers, term = np.unique(pairs, axis=0, return_inverse=True)
        return powers, term.reshape(-1)

    def factors(self, coefficients: Tensor) -> Tensor:
        """Return M (n, H, H): R r is the sum over rows of (M v^h)^2, with v as seen from the reference, 1 at v = 0."""
        n = self.n_monomials
        factors = (coefficients @ self.spread + self.constant).reshape(-1, n, n)
        at_reference: Tensor = torch.linalg.vector_norm(factors[:, :, 0], dim=1)
        return factors / at_reference[:, None, None]

    def log_density_pairs(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        parts = (self.factors(coefficients) @ features[:, :, None])[:, :, 0]
        return torch.log((parts**2).sum(dim=1))

    def log_density_slopes(self, coefficients: Tensor, features: Tensor, slopes: Tensor) -> tuple[Tensor, Tensor]:
        """See `CoefficientNetwork`."""
        factors, n = self.factors(coefficients), len(slopes)
        parts = (factors @ features[:, :, None])[:, :, 0]
        density = (parts**2).sum(dim=1)
        combined = (parts[:n, None, :] @ factors[:n])[:, 0]
        gradient = 2.0 * (slopes @ combined[:, :, None])[:, :, 0] / density[:n, None]
        return torch.log(density), gradient

    def log_density_grid(self, coefficients: Tensor, features: Tensor) -> Tensor:
        """See `CoefficientNetwork`."""
        factors = self.factors(coefficients)
        total = (features @ factors[:, 0].T) ** 2
        for k in range(1, factors.shape[1]):
            total = total + (features @ factors[:, k].T) ** 2
        return torch.log(total)


def _are_squares(powers: tuple[tuple[int, ...], ...], halves: NDArray[np.int64]) -> bool:
    """Return whether every power (C, P) of a polynomial is in the square of a polynomial with the powers (H, P)."""
    known = {tuple((one + other).tolist()) for one in halves for other in halves}
    return len(halves) > 1 and all(tuple(map(int, row)) in known for row in powers)


def _log_positive(value: Tensor) -> Tensor:
    """Return log pos(u): log u above the smallest, and linear in u below, with the same slope there."""
    above = torch.clamp(value, min=_SMALLEST)
    below = torch.clamp(value, max=_SMALLEST)
    return torch.log(above) + below / _SMALLEST - 1.0
