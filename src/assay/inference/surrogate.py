r"""A cheap function in place of a costly log likelihood: a parabola and a Gaussian process for what it leaves over.

    q(theta) = 2 [max log L - log L(theta)]  ~  (second-order polynomial) + GP(0, RBF kernel),

in coordinates in which the box of parameters is the unit cube. Only the values near contours matter: an evaluation far
above the highest of them counts with an uncertainty that grows with its height, so that the steep walls of a likelihood
do not distort its valley.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Kernel

from assay.inference.protocols import Array, as_points

_NOISE = 1e-3  # of q near contours: networks in single precision have about this
_NOISE_OF_EXCESS = 0.03
_EXCESS_FROM = 1.5  # in units of the highest contour's q
_TREND_WIDTH = 3.0  # of q: how closely the parabola follows the lowest values
_LENGTHS = (0.02, 3.0)


@dataclass(frozen=True)
class Surrogate:
    """What is believed of q after some evaluations; a `Likelihood` of its mean.

    Parameters
    ----------
    bounds
        Of the parameters, (P, 2).
    process
        Of what the parabola leaves over.
    trend
        Coefficients of the parabola, (1 + P + P (P + 1) / 2,).
    """

    bounds: Array
    process: GaussianProcessRegressor = field(repr=False)
    trend: Array = field(repr=False)

    @property
    def kernel(self) -> Kernel:
        """The kernel with its fitted parameters."""
        return self.process.kernel_

    def q(self, theta: Array) -> Array:
        """Return the mean of q, (T,), for theta (T, P)."""
        u = self.unit(theta)
        mean: Array = self.process.predict(u) + _monomials(u) @ self.trend
        return mean

    def q_and_spread(self, theta: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of q, (T,) each."""
        u = self.unit(theta)
        mean, spread = self.process.predict(u, return_std=True)
        return mean + _monomials(u) @ self.trend, spread

    def q_and_covariance(self, theta: Array) -> tuple[Array, Array]:
        """Return mean (T,) and covariance (T, T) of q."""
        u = self.unit(theta)
        mean, covariance = self.process.predict(u, return_cov=True)
        return mean + _monomials(u) @ self.trend, covariance

    def log_likelihood(self, theta: Array) -> Array:
        """Return -q / 2, (T,), for theta (T, P); minus infinity beyond the bounds."""
        points = as_points(theta)
        inside = ((points >= self.bounds[:, 0]) & (points <= self.bounds[:, 1])).all(axis=1)
        return np.where(inside, -0.5 * self.q(np.clip(points, *self.bounds.T)), -np.inf)

    def gradient(self, theta: Array) -> Array:
        """Return the gradient of -q / 2, of the shape of theta."""
        u = self.unit(as_points(theta))
        scaled = self.kernel.k2.length_scale**2 * np.ones(u.shape[1])
        similar = self.kernel(u, self.process.X_train_) * self.process.alpha_  # (T, N)
        towards = (self.process.X_train_[None] - u[:, None]) / scaled
        gradient = np.einsum("tn,tnp->tp", similar, towards) + _monomial_gradients(u) @ self.trend
        return np.asarray(-0.5 * gradient / np.ptp(self.bounds, axis=1)).reshape(np.shape(theta))

    def unit(self, theta: Array) -> Array:
        """Return theta (T, P) in the unit cube."""
        low, high = self.bounds.T
        return np.asarray((theta - low) / (high - low))


def fit_surrogate(
    theta: Array, q: Array, bounds: Array, highest: float, kernel: Kernel | None = None, tune: bool = True
) -> Surrogate:
    """Fit parabola and process to evaluations.

    Parameters
    ----------
    theta, q
        Points (N, P), and q there (N,); finite.
    bounds
        (P, 2).
    highest
        q of the highest contour.
    kernel
        Where to begin, or what to keep.
    tune
        Whether to fit the kernel's parameters.
    """
    u = (theta - bounds[:, 0]) / np.ptp(bounds, axis=1)
    noise = _NOISE + _NOISE_OF_EXCESS * np.maximum(0.0, q - _EXCESS_FROM * highest)
    weights = 1.0 / (noise + _TREND_WIDTH)
    trend: Array = np.linalg.lstsq(_monomials(u) * weights[:, None], q * weights, rcond=None)[0].astype(np.float64)
    rest = q - _monomials(u) @ trend
    if kernel is None:
        spread = max(float(rest.std()), _NOISE) ** 2
        kernel = ConstantKernel(spread, (1e-8 * spread, 1e6 * spread)) * RBF(np.full(u.shape[1], 0.5), _LENGTHS)
    process = GaussianProcessRegressor(kernel, alpha=noise**2, optimizer="fmin_l_bfgs_b" if tune else None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is meant: the function is flat
        process.fit(u, rest)
    return Surrogate(bounds, process, trend)


def _monomials(u: Array) -> Array:
    """Return 1, u_i, u_i u_j, (T, 1 + P + P (P + 1) / 2)."""
    i, j = np.triu_indices(u.shape[1])
    return np.column_stack([np.ones(len(u)), u, u[:, i] * u[:, j]])


def _monomial_gradients(u: Array) -> Array:
    """Return their gradients (T, P, ...)."""
    n = u.shape[1]
    i, j = np.triu_indices(n)
    unit = np.eye(n)
    products = unit[:, i] * u[:, None, j] + unit[:, j] * u[:, None, i]
    linear = np.broadcast_to(unit, (len(u), n, n))
    return np.concatenate([np.zeros((len(u), n, 1)), linear, products], axis=2)
