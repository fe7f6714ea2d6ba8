r"""The exact likelihood ratio of the complete event record, as an estimator like any other.

    log r_xz(theta, nu) = log[w(theta, nu) / sigma(theta, nu)] - log[w(theta_ref) / sigma(theta_ref)]

from the weights w of an event (1805.00013, equation 12). Where all momenta are observed it is the exact ratio of the
observables; elsewhere its limits are a bound that no analysis of the observables can pass.

An event's "observables" are then its weights at the benchmarks and its dependence on nuisance parameters: `record`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.protocols import Array, MorphingWeights, WeightedEvents, as_points

_EVENTS_PER_CHUNK = 8192
_POINTS_PER_CHUNK = 64


def record(pool: WeightedEvents) -> Array:
    """Return what `TruthRatio` takes of each event, (E, B + 2 K): benchmark weights in pb, then a and b."""
    if pool.dependence is None or not pool.nuisance_names:
        return np.asarray(pool.weights, dtype=np.float64)
    return np.hstack([pool.weights, pool.dependence.linear, pool.dependence.quadratic])


@dataclass(frozen=True)
class TruthRatio:
    """The joint ratio to a reference, of P parameters and K nuisance parameters.

    Parameters
    ----------
    morphing
        The dependence of weights on theta.
    events
        The record (E, B + 2 K) of all events, whose weights add up to the cross section.
    n_benchmarks
        B.
    parameters, nuisance
        All names, and those of the last K.
    reference
        The parameters of the denominator, (P + K,), zero for nuisance parameters.
    """

    morphing: MorphingWeights
    events: Array = field(repr=False)
    n_benchmarks: int
    parameters: tuple[str, ...]
    nuisance: tuple[str, ...]
    reference: Array

    @classmethod
    def of_pool(cls, pool: WeightedEvents, parameters: tuple[str, ...], reference: npt.ArrayLike) -> TruthRatio:
        """Return the ratio with the cross sections of a pool's events; `reference` (P,), at nominal nuisance."""
        names = tuple(pool.nuisance_names) if pool.dependence is not None else ()
        point = np.concatenate([np.asarray(reference, dtype=np.float64), np.zeros(len(names))])
        return cls(pool.morphing, record(pool), pool.weights.shape[1], (*parameters, *names), names, point)

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the columns of the record."""
        weights = tuple(f"weight {b}" for b in range(self.n_benchmarks))
        return (
            *weights,
            *(f"linear {name}" for name in self.nuisance),
            *(f"quadratic {name}" for name in self.nuisance),
        )

    def log_ratio(self, x: Array, theta: Array) -> Array:
        """Return (T, E) for the record x (E, B + 2 K) and theta (T, P + K).

        It is minus infinity where an event has weight zero at theta, and NaN where its weight is negative or it has
        none at the reference.
        """
        at_reference = self._log_density(x, as_points(self.reference))
        return self._log_density(x, as_points(theta)) - at_reference

    def summed_log_ratio(self, x: Array, theta: Array, weights: Array) -> Array:
        """Return sum_i w_i log r(x_i | theta), (T,), in bounded memory."""
        return self._summed_logs(x, as_points(theta), weights) - self._summed_logs(
            x, as_points(self.reference), weights
        )

    def score(self, x: Array, theta: Array) -> Array:
        """Return the joint score (E, P + K) at theta (P + K,)."""
        point = as_points(theta)
        nominal, linear, quadratic = self._columns(x)
        of_interest, nu = self._split(point)
        weights = nominal @ self.morphing.weights(of_interest)[0]
        gradients = nominal @ self.morphing.weight_gradients(of_interest)[0]
        used = (weights != 0)[:, None]
        by_theta = np.divide(gradients, weights[:, None], out=np.zeros_like(gradients), where=used)
        score: Array = np.hstack([by_theta, linear + 2.0 * nu * quadratic]) - self._slopes(point)
        return score

    def summed_score(self, x: Array, theta: Array, weights: Array) -> Array:
        """Return sum_i w_i t(x_i | theta), (T, P + K), at theta (T, P + K)."""
        points = as_points(theta)
        nominal, linear, quadratic = self._columns(x)
        of_interest, nu = self._split(points)
        morphed, gradients = self.morphing.weights(of_interest), self.morphing.weight_gradients(of_interest)
        by_benchmark = np.zeros(morphed.shape)
        for events, part in _chunks(len(x), len(points)):
            values = morphed[part] @ nominal[events].T
            shares = np.divide(weights[events], values, out=np.zeros_like(values), where=values != 0)
            by_benchmark[part] += shares @ nominal[events]
        by_theta = np.einsum("tb,tbp->tp", by_benchmark, gradients)
        by_nuisance = weights @ linear + 2.0 * nu * (weights @ quadratic)
        sums: Array = np.hstack([by_theta, by_nuisance]) - weights.sum() * self._slopes(points)
        return sums

    def _columns(self, x: Array) -> tuple[Array, Array, Array]:
        """Return benchmark weights (E, B) at nominal nuisance parameters, a and b (E, K) each."""
        n_nuisance, n_benchmarks = len(self.nuisance), self.n_benchmarks
        if x.shape[1:] != (n_benchmarks + 2 * n_nuisance,):
            raise InferenceError(f"event records of shape {x.shape}", expected=f"columns {', '.join(self.observables)}")
        middle = n_benchmarks + n_nuisance
        return x[:, :n_benchmarks], x[:, n_benchmarks:middle], x[:, middle:]

    def _split(self, points: Array) -> tuple[Array, Array]:
        n = points.shape[1] - len(self.nuisance)
        return points[:, :n], points[:, n:]

    def _log_density(self, x: Array, points: Array) -> Array:
        nominal, linear, quadratic = self._columns(x)
        of_interest, nu = self._split(points)
        with np.errstate(divide="ignore", invalid="ignore"):
            density: Array = np.log(self.morphing.weights(of_interest) @ nominal.T)
            density += nu @ linear.T + nu**2 @ quadratic.T
            return density - np.log(self._cross_sections(points))[:, None]

    def _summed_logs(self, x: Array, points: Array, weights: Array) -> Array:
        """Return sum_i c_i log [w_i(theta, nu) / sigma(theta, nu)], (T,); of nu it needs two sums alone."""
        nominal, linear, quadratic = self._columns(x)
        of_interest, nu = self._split(points)
        morphed = self.morphing.weights(of_interest)
        total = nu @ (weights @ linear) + nu**2 @ (weights @ quadratic)
        with np.errstate(divide="ignore", invalid="ignore"):
            for events, part in _chunks(len(x), len(points)):
                total[part] += np.log(morphed[part] @ nominal[events].T) @ weights[events]
            sums: Array = total - weights.sum() * np.log(self._cross_sections(points))
        return sums

    def _cross_sections(self, points: Array) -> Array:
        """Return sigma(theta, nu) of all events, (T,) in pb."""
        of_interest, nu = self._split(points)
        sums: Array = np.einsum("tb,tb->t", self.morphing.weights(of_interest), self._varied(nu))
        return sums

    def _slopes(self, points: Array) -> Array:
        """Return grad log sigma, (T, P + K)."""
        of_interest, nu = self._split(points)
        morphed, gradients = self.morphing.weights(of_interest), self.morphing.weight_gradients(of_interest)
        benchmarks = self._varied(nu)
        total = np.einsum("tb,tb->t", morphed, benchmarks)[:, None]
        by_theta = np.einsum("tbp,tb->tp", gradients, benchmarks)
        slopes: Array = np.hstack([by_theta, np.einsum("tb,tbk->tk", morphed, self._varied_gradients(nu))]) / total
        return slopes

    def _varied(self, nu: Array) -> Array:
        """Return the sums over all events of W_b f(nu), (T, B)."""
        nominal, linear, quadratic = self._columns(self.events)
        if not nu.any():
            return np.tile(nominal.sum(axis=0), (len(nu), 1))
        sums = np.zeros((len(nu), nominal.shape[1]))
        for events, part in _chunks(len(nominal), len(nu)):
            sums[part] += np.exp(nu[part] @ linear[events].T + nu[part] ** 2 @ quadratic[events].T) @ nominal[events]
        return sums

    def _varied_gradients(self, nu: Array) -> Array:
        """Return the gradients of these sums by nu, (T, B, K)."""
        nominal, linear, quadratic = self._columns(self.events)
        gradients = np.zeros((len(nu), nominal.shape[1], nu.shape[1]))
        for events, part in _chunks(len(nominal), len(nu)) if nu.shape[1] else ():
            factors = np.exp(nu[part] @ linear[events].T + nu[part] ** 2 @ quadratic[events].T)
            for k in range(nu.shape[1]):
                by_linear = factors @ (nominal[events] * linear[events, k : k + 1])
                by_quadratic = factors @ (nominal[events] * quadratic[events, k : k + 1])
                gradients[part, :, k] += by_linear + 2.0 * nu[part, k : k + 1] * by_quadratic
        return gradients


def _chunks(n_events: int, n_points: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of events and points whose product fits into memory."""
    for start in range(0, n_events, _EVENTS_PER_CHUNK):
        for first in range(0, n_points, _POINTS_PER_CHUNK):
            yield slice(start, start + _EVENTS_PER_CHUNK), slice(first, first + _POINTS_PER_CHUNK)
