r"""Nuisance parameters in a likelihood: their constraint terms, profiling them, and holding them fixed.

theta = (parameters of interest, nuisance parameters); nuisance parameters are 0 at the nominal value and 1 at one
standard deviation of what is known of them.

- `ConstraintTerm`: what auxiliary measurements say about the last columns of theta.
- `Profiled`: the likelihood of the parameters of interest alone, maximised over the nuisance parameters (1007.1727,
  equation 7), with the constraint term.
- `Fixed`: the likelihood of the parameters of interest at given nuisance parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.likelihoods import Product
from assay.inference.maximisation import maximise_over
from assay.inference.protocols import Array, Likelihood, as_points
from assay.theory.constraints import Constraints

DEFAULT_RANGE = (-5.0, 5.0)
"""In standard deviations: where nuisance parameters are looked for."""


@dataclass(frozen=True)
class ConstraintTerm:
    """The constraints on the last columns of theta, as a likelihood."""

    constraints: Constraints

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,), zero where every nuisance parameter has its most likely value."""
        return self.constraints.log_likelihood(as_points(theta)[:, -self._n :])

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta, zero in the parameters of interest."""
        gradient = np.zeros(np.shape(theta))
        gradient[..., -self._n :] = self.constraints.gradient(np.asarray(theta)[..., -self._n :])
        return gradient

    @property
    def _n(self) -> int:
        return len(self.constraints.terms)


@dataclass(frozen=True)
class Profiled:
    """A likelihood of the parameters of interest, maximised over all nuisance parameters.

    Every point is maximised once; asking again for its value, its gradient or its nuisance parameters costs nothing.

    Parameters
    ----------
    likelihood
        Of the P parameters of interest and K nuisance parameters, without constraint term.
    n_nuisance
        K.
    constraints
        By default unit Gaussians.
    bounds
        Where nuisance parameters are looked for, (K, 2) or one pair for all.
    """

    likelihood: Likelihood
    n_nuisance: int
    constraints: Constraints | None = None
    bounds: npt.ArrayLike = DEFAULT_RANGE
    _known: dict[bytes, tuple[float, Array]] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.n_nuisance < 1 or (self.constraints is not None and len(self.constraints.terms) != self.n_nuisance):
            raise InferenceError(
                f"{self.n_nuisance} nuisance parameters with constraints {self.constraints}",
                expected="one or more nuisance parameters, and a constraint (or None) for each",
            )

    @property
    def joint(self) -> Product:
        """The likelihood of all parameters, with the constraint term."""
        constraints = Constraints.unit(self.n_nuisance) if self.constraints is None else self.constraints
        return Product((self.likelihood, ConstraintTerm(constraints)))

    def log_likelihood(self, theta: Array) -> Array:
        """Return the maximum over the nuisance parameters, (T,), for theta (T, P)."""
        return self._maxima(theta)[0]

    def nuisance_at(self, theta: npt.ArrayLike) -> Array:
        """Return the nuisance parameters at that maximum, (T, K), for theta (T, P)."""
        return self._maxima(theta)[1]

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta: that of the likelihood at the maximum, which is stationary."""
        points = as_points(theta)
        gradient: Array = self.joint.gradient(np.hstack([points, self.nuisance_at(points)]))[:, : points.shape[1]]
        return gradient.reshape(np.shape(theta))

    def _maxima(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        points = as_points(theta) + 0.0  # -0 becomes 0
        new = np.unique(np.array([point for point in points if point.tobytes() not in self._known]), axis=0)
        if len(new):
            start = np.hstack([new, np.zeros((len(new), self.n_nuisance))])
            free = range(new.shape[1], start.shape[1])
            bounds = np.broadcast_to(np.asarray(self.bounds, dtype=np.float64), (self.n_nuisance, 2))
            values, found = maximise_over(self.joint, start, free, bounds, np.ones(self.n_nuisance))
            rows = zip(new, values, found[:, new.shape[1] :], strict=True)
            self._known.update({point.tobytes(): (float(value), nuisance) for point, value, nuisance in rows})
        known = [self._known[point.tobytes()] for point in points]
        return np.array([value for value, _ in known]), np.array([nuisance for _, nuisance in known])


@dataclass(frozen=True)
class Fixed:
    """A likelihood of some parameters, with the others held at given values.

    Parameters
    ----------
    likelihood
        Of all parameters.
    free
        Positions of those that stay.
    at
        Values of all parameters (P,); those of the free ones are not used.
    """

    likelihood: Likelihood
    free: tuple[int, ...]
    at: tuple[float, ...]

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, len(free))."""
        return self.likelihood.log_likelihood(self._full(as_points(theta)))

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        gradient: Array = self.likelihood.gradient(self._full(as_points(theta)))[:, list(self.free)]
        return gradient.reshape(np.shape(theta))

    def _full(self, points: Array) -> Array:
        full = np.tile(np.asarray(self.at, dtype=np.float64), (len(points), 1))
        full[:, list(self.free)] = points
        return full
