r"""Cross sections in bins as functions of theta and of nuisance parameters.

Every event's weight depends on nuisance parameters as :math:`\exp\sum_i (a_i \nu_i + b_i \nu_i^2)`
(`assay.theory.nuisance`). A bin is given the same form:

    sigma_n(theta, nu) = sigma_n(theta, 0) exp[sum_i (a_ni(theta) nu_i + b_ni(theta) nu_i^2)],

with a and b such that sigma_n is exact at every theta for nu_i = 0, +1 and -1, one i at a time. Where all events of a
bin vary alike it is exact everywhere. The cost does not depend on the number of events. `interpolation_error` says how
far it is from the sum over events elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.protocols import Array, Expectations, Integers, WeightedEvents, as_points
from assay.inference.templates import Templates


@dataclass(frozen=True)
class VaryingTemplates:
    """Templates with K nuisance parameters, in the last columns of theta.

    Parameters
    ----------
    nominal
        At nu = 0.
    up, down
        At nu_i = +1 and -1, one for each nuisance parameter.
    """

    nominal: Templates
    up: tuple[Templates, ...]
    down: tuple[Templates, ...]

    def __post_init__(self) -> None:
        if len(self.up) != len(self.down) or not self.up:
            raise InferenceError(
                f"{len(self.up)} templates up and {len(self.down)} down",
                expected="one of each for every nuisance parameter, and one nuisance parameter or more",
            )

    @classmethod
    def fill(cls, pool: WeightedEvents, bins: Integers, n_bins: int) -> VaryingTemplates:
        """Sum the weights of events in the bins (E,), for all nuisance parameters of the pool."""
        if pool.dependence is None or not pool.nuisance_names:
            raise InferenceError("the events do not depend on nuisance parameters", mend="use Templates")
        unit = np.eye(len(pool.nuisance_names))
        varied = [
            [
                Templates.fill(pool.morphing, pool.weights * pool.dependence.factors(sign * row), bins, n_bins)
                for row in unit
            ]
            for sign in (1.0, -1.0)
        ]
        nominal = Templates.fill(pool.morphing, pool.weights, bins, n_bins)
        return cls(nominal, tuple(varied[0]), tuple(varied[1]))

    @property
    def n_bins(self) -> int:
        """N."""
        return self.nominal.n_bins

    @property
    def n_nuisance(self) -> int:
        """K."""
        return len(self.up)

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        """Return (T, N) in pb for theta (T, P + K)."""
        points, nu = self._split(theta)
        nominal = self.nominal.cross_sections(points)
        exponent = np.zeros_like(nominal)
        for i in range(self.n_nuisance):
            linear, quadratic = self._coefficients(i, nominal, points)
            exponent += linear * nu[:, i : i + 1] + quadratic * nu[:, i : i + 1] ** 2
        return nominal * np.exp(exponent)

    def gradients(self, theta: npt.ArrayLike) -> Array:
        """Return d sigma_n / d (theta, nu) in pb, (N, P + K) for one point and (T, N, P + K) for many."""
        points, nu = self._split(theta)
        nominal = self.nominal.cross_sections(points)
        of_nominal = _relative(self.nominal.gradients(points), nominal)
        exponent, slope = np.zeros_like(nominal), of_nominal.copy()
        by_nuisance = np.empty((*nominal.shape, self.n_nuisance))
        for i in range(self.n_nuisance):
            value = nu[:, i : i + 1]
            linear, quadratic = self._coefficients(i, nominal, points)
            exponent += linear * value + quadratic * value**2
            by_nuisance[..., i] = linear + 2.0 * quadratic * value
            d_linear, d_quadratic = self._coefficient_slopes(i, nominal, of_nominal, points)
            slope += d_linear * value[..., None] + d_quadratic * value[..., None] ** 2
        varied = (nominal * np.exp(exponent))[..., None]
        gradients: Array = varied * np.concatenate([slope, by_nuisance], axis=-1)
        return gradients if np.ndim(theta) > 1 else gradients[0]

    def merged(self, groups: Integers) -> VaryingTemplates:
        """Add up bins: bin n goes to bin `groups`[n], (N,) numbered from 0 without gaps."""
        up, down = (tuple(t.merged(groups) for t in part) for part in (self.up, self.down))
        return VaryingTemplates(self.nominal.merged(groups), up, down)

    def scaled(self, factor: float) -> VaryingTemplates:
        """Multiply all weights by a factor."""
        up, down = (tuple(t.scaled(factor) for t in part) for part in (self.up, self.down))
        return VaryingTemplates(self.nominal.scaled(factor), up, down)

    def _split(self, theta: npt.ArrayLike) -> tuple[Array, Array]:
        points = as_points(theta)
        return points[:, : -self.n_nuisance], points[:, -self.n_nuisance :]

    def _coefficients(self, i: int, nominal: Array, points: Array) -> tuple[Array, Array]:
        """Return a and b, (T, N) each; a missing side mirrors the other one, as for single events."""
        up, down = (t[i].cross_sections(points) for t in (self.up, self.down))
        has_up, has_down = (nominal > 0) & (up > 0), (nominal > 0) & (down > 0)
        log_up, log_down = _log_ratio(up, nominal, has_up), _log_ratio(down, nominal, has_down)
        both = has_up & has_down
        return np.where(both, 0.5, 1.0) * (log_up - log_down), np.where(both, 0.5 * (log_up + log_down), 0.0)

    def _coefficient_slopes(self, i: int, nominal: Array, of_nominal: Array, points: Array) -> tuple[Array, Array]:
        """Return the gradients of a and b by theta, (T, N, P) each."""
        up, down = (t[i].cross_sections(points) for t in (self.up, self.down))
        has_up, has_down = (nominal > 0) & (up > 0), (nominal > 0) & (down > 0)
        of_up = np.where(has_up[..., None], _relative(self.up[i].gradients(points), up) - of_nominal, 0.0)
        of_down = np.where(has_down[..., None], _relative(self.down[i].gradients(points), down) - of_nominal, 0.0)
        both = (has_up & has_down)[..., None]
        return np.where(both, 0.5, 1.0) * (of_up - of_down), np.where(both, 0.5 * (of_up + of_down), 0.0)


@dataclass(frozen=True)
class Total:
    """The sum over all bins, as one bin: the rate that belongs to a histogram."""

    of: Expectations

    @property
    def n_bins(self) -> int:
        """One."""
        return 1

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        """Return (T, 1) in pb for theta (T, P)."""
        total: Array = self.of.cross_sections(theta).sum(axis=1, keepdims=True)
        return total

    def gradients(self, theta: npt.ArrayLike) -> Array:
        """Return its gradient, (1, P) for one point and (T, 1, P) for many."""
        gradients: Array = self.of.gradients(theta).sum(axis=-2, keepdims=True)
        return gradients


def fill_templates(pool: WeightedEvents, bins: Integers, n_bins: int) -> Templates | VaryingTemplates:
    """Return templates with the pool's nuisance parameters, if it has any."""
    if pool.dependence is not None and pool.nuisance_names:
        return VaryingTemplates.fill(pool, bins, n_bins)
    return Templates.fill(pool.morphing, pool.weights, bins, n_bins)


def interpolation_error(
    templates: VaryingTemplates, pool: WeightedEvents, bins: Integers, theta: npt.ArrayLike, nu: npt.ArrayLike
) -> Array:
    """Return (interpolated - exact) / exact cross sections at one point theta (P,) and nu (K,), (N,)."""
    assert pool.dependence is not None  # noqa: S101 - there are templates of it
    point, nuisance = as_points(theta), np.atleast_2d(np.asarray(nu, dtype=np.float64))
    weights = (pool.weights @ pool.morphing.weights(point)[0]) * pool.dependence.factors(nuisance)[:, 0]
    exact = np.bincount(bins, weights=weights, minlength=templates.n_bins)
    found = templates.cross_sections(np.hstack([point, nuisance]))[0]
    error: Array = np.divide(found - exact, exact, out=np.zeros_like(exact), where=exact != 0)
    return error


def _log_ratio(varied: Array, nominal: Array, exists: npt.NDArray[np.bool_]) -> Array:
    ratio: Array = np.log(np.where(exists, varied, 1.0)) - np.log(np.where(exists, nominal, 1.0))
    return ratio


def _relative(gradients: Array, values: Array) -> Array:
    """Return gradients (T, N, P) of the logarithm; zero where there is none."""
    safe = np.where(values != 0, values, 1.0)[..., None]
    relative: Array = np.where((values != 0)[..., None], gradients / safe, 0.0)
    return relative
