r"""Likelihoods of morphing-aware and quadratic ratios: a network once per event, then polynomials at any hypothesis.

Without nuisance parameters R(theta) r(x_i|theta) = pos(sum_c a_ic v^c) with v the standardised parameters, so that

    sum_i c_i log r_i = sum_i c_i log pos(a_i v(theta)) + sum_i c_i (b_i nu + d_i nu^2) - n log R(theta).

The first sum is a product of matrices and a logarithm in double precision; the second needs sums over events that
are taken once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from assay.estimators.coefficient_ratio import CoefficientRatio
from assay.estimators.normalised import NormalisedRatio
from assay.inference.likelihoods import Product, RatioLikelihood
from assay.inference.protocols import Array, Likelihood, RatioEstimator, as_points
from assay.theory.monomials import monomial_gradients, monomials

_EVENTS = 1 << 13  # at a time
_PAIRS = 1 << 16  # of a hypothesis and an event, at a time: half a megabyte stays in the cache
_ROWS = 1 << 18  # through the network at a time
_FLOOR = float(np.finfo(np.float32).tiny)  # below it a sum of squares is a rounding error


class CoefficientLikelihood:
    """sum_i counts_i log r(x_i|theta, theta_ref), as `assay.inference.likelihoods.RatioLikelihood`, only faster.

    Parameters
    ----------
    estimator
        The ratio.
    x
        Observables (E, O).
    counts
        How many events each one stands for, (E,).
    """

    def __init__(self, estimator: CoefficientRatio, x: Array, counts: Array) -> None:
        network = estimator.network
        device = next(network.parameters()).device
        self._counts = np.asarray(counts, dtype=np.float64)
        self._n, self._n_parameters = float(self._counts.sum()), network.n_parameters
        self._smallest, self._powers = network.smallest, network.powers
        with torch.inference_mode():
            rows = torch.from_numpy(np.asarray(x, dtype=np.float32)).to(device)
            outputs = [network.coefficients(part) for part in torch.split(rows, _ROWS)]
            terms = [network.polynomial(part).cpu().numpy() for part in outputs]
            exponents = [part[:, network.n_terms :].double().cpu().numpy() for part in outputs]
        self._terms = np.ascontiguousarray(np.concatenate(terms).T)
        self._exponent = self._counts @ np.concatenate(exponents)
        self._centre, self._scale = (_double(tensor) for tensor in (network.theta.centre, network.theta.scale))
        self._rate_powers = network.log_rate.monomials.powers
        self._rate = _double(network.log_rate.coefficients)

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P)."""
        points = as_points(theta)
        hypotheses = monomials(self._standardised(points), self._powers)
        sums = np.zeros(len(points))
        for part, events, density in self._densities(hypotheses):
            counts = self._counts[events]
            if self._smallest:
                below = np.minimum(density, self._smallest)
                sums[part] += below @ counts / self._smallest - counts.sum()
            np.maximum(density, self._smallest or _FLOOR, out=density)
            sums[part] += np.log(density, out=density) @ counts
        sums += self._nuisance(points) @ self._exponent
        rate: Array = self._n * np.log(monomials(self._in_units(points), self._rate_powers) @ self._rate)
        return sums - rate

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        points, n = as_points(theta), self._n_parameters
        value, units = self._standardised(points), self._in_units(points)
        of_terms = np.zeros((len(points), len(self._powers)))
        for part, events, density in self._densities(monomials(value, self._powers)):
            np.maximum(density, self._smallest or _FLOOR, out=density)
            of_terms[part] += (self._counts[events] / density) @ self._terms[:, events].T
        rate = monomials(units, self._rate_powers) @ self._rate
        of_rate = np.einsum("tcp,c->tp", monomial_gradients(units, self._rate_powers), self._rate)
        result = np.empty(points.shape)
        result[:, :n] = np.einsum("tc,tcp->tp", of_terms, monomial_gradients(value, self._powers))
        result[:, :n] -= self._n * of_rate / rate[:, None]
        linear, square = np.split(self._exponent, 2)
        result[:, n:] = linear + 2.0 * square * ((points - self._centre) / self._scale)[:, n:]
        return (result / self._scale).reshape(np.shape(theta))

    def _densities(self, hypotheses: Array) -> Iterator[tuple[slice, slice, Array]]:
        """Yield (hypotheses, events, R r without nuisance parameters of all pairs), block by block, of (T, C)."""
        step = max(1, _PAIRS // min(_EVENTS, max(1, len(self._counts))))
        for first in range(0, len(self._counts), _EVENTS):
            events = slice(first, min(first + _EVENTS, len(self._counts)))
            block = self._terms[:, events]
            space = np.empty((step, block.shape[1]))
            for start in range(0, len(hypotheses), step):
                part = slice(start, min(start + step, len(hypotheses)))
                yield part, events, np.matmul(hypotheses[part], block, out=space[: part.stop - start])

    def _standardised(self, points: Array) -> Array:
        """Return the theory parameters from the reference on, in typical distances, (T, P)."""
        standardised: Array = ((points - self._centre) / self._scale)[:, : self._n_parameters]
        return standardised

    def _in_units(self, points: Array) -> Array:
        """Return the theory parameters in the units of the cross section's polynomial, (T, P)."""
        units: Array = (points / self._scale)[:, : self._n_parameters]
        return units

    def _nuisance(self, points: Array) -> Array:
        """Return nu and nu^2 of points, (T, 2 Q)."""
        nuisance = ((points - self._centre) / self._scale)[:, self._n_parameters :]
        return np.concatenate([nuisance, nuisance**2], axis=1)


def _double(tensor: torch.Tensor) -> NDArray[np.float64]:
    return tensor.detach().double().cpu().numpy()


class Normalisation:
    """What dividing a ratio by its mean adds to the log likelihood of n events: -n log E[r|theta_ref].

    Parameters
    ----------
    ratio
        The normalised ratio.
    x
        Observables of any event, (1, O): gradients are the difference between the ratio's with and without it.
    n
        Number of events.
    """

    def __init__(self, ratio: NormalisedRatio, x: Array, n: float) -> None:
        self._ratio, self._x, self._n = ratio, x, n

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P)."""
        return -self._n * self._ratio.log_normalisation(theta)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        rows = [
            self._ratio.score(self._x, point) - self._ratio.ratio.score(self._x, point) for point in as_points(theta)
        ]
        gradient: Array = self._n * np.concatenate(rows)
        return gradient.reshape(np.shape(theta))


def ratio_likelihood(estimator: RatioEstimator, x: Array, counts: Array) -> Likelihood:
    """Return the likelihood of events from a ratio, by the fastest way that the estimator has."""
    if len(x) and isinstance(estimator, CoefficientRatio):
        return CoefficientLikelihood(estimator, x, counts)
    if len(x) and isinstance(estimator, NormalisedRatio) and isinstance(estimator.ratio, CoefficientRatio):
        bare = CoefficientLikelihood(estimator.ratio, x, counts)
        return Product((bare, Normalisation(estimator, x[:1], float(counts.sum()))))
    return RatioLikelihood(estimator, x, counts)
