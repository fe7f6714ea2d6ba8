"""Likelihoods of morphing-aware and quadratic ratios: a network once per event, then polynomials at any hypothesis."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from assay.estimators.coefficient_ratio import CoefficientRatio
from assay.estimators.normalised import NormalisedRatio
from assay.inference.likelihoods import Product, RatioLikelihood
from assay.inference.protocols import Array, Likelihood, RatioEstimator, as_points

_PAIRS = 1 << 18  # at a time: what is between coefficients and sums stays in the cache


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
        self._network = estimator.network
        device = next(estimator.network.parameters()).device
        with torch.inference_mode():
            rows = torch.from_numpy(np.asarray(x, dtype=np.float32)).to(device)
            self._coefficients = torch.cat([self._network.coefficients(part) for part in torch.split(rows, _PAIRS)])
        self._coefficients = self._coefficients.clone()  # a tensor of inference takes no part in gradients
        self._counts = torch.from_numpy(np.asarray(counts, dtype=np.float64)).to(device)
        self._step = max(1, _PAIRS // max(1, len(x)))

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P)."""
        with torch.inference_mode():
            return self._sums(self._points(theta)).cpu().numpy().astype(np.float64)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, (P,) at theta (P,) and (T, P) at theta (T, P)."""
        points = self._points(theta).requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(self._sums(points).sum(), points)
        return gradient.cpu().numpy().astype(np.float64).reshape(np.shape(theta))

    def _points(self, theta: Array) -> Tensor:
        return torch.from_numpy(as_points(theta).astype(np.float32)).to(self._counts.device)

    def _sums(self, points: Tensor) -> Tensor:
        """Return the sums over events in double precision, (T,)."""
        grids = (self._network.grid(self._coefficients, part) for part in torch.split(points, self._step))
        return torch.cat([grid.double() @ self._counts for grid in grids])


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
