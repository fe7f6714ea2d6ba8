"""A pool's events at many hypotheses: theory parameters and, after them, nuisance parameters.

With W_b the weights of an event at the benchmarks, w_b(theta) the morphing weights and F its dependence on the nuisance
parameters (`assay.theory.nuisance`), the same at all theta,

    W(theta, nu) = sum_b w_b(theta) W_b F(nu),    F(nu) = exp[sum_i (a_i nu_i + b_i nu_i^2)],

    grad_theta log W = sum_b W_b grad w_b / sum_b W_b w_b,    d log W / d nu_i = a_i + 2 b_i nu_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SamplingError
from assay.events.pool import EventPool
from assay.theory.nuisance import LogQuadratic

Array = NDArray[np.float64]
Integers = NDArray[np.int64]

_WEIGHTS_AT_A_TIME = 1 << 20


def varying(pool: EventPool, nuisance: Sequence[str]) -> EventPool:
    """Return a pool that depends on some of its nuisance parameters alone, in this order; the others are nominal.

    Raises
    ------
    SamplingError
        If the pool has no nuisance parameter of a name.
    """
    unknown = [name for name in nuisance if name not in pool.nuisance_names]
    if unknown:
        raise SamplingError(
            f"the events do not depend on {', '.join(unknown)}",
            expected=f"some of the nuisance parameters {', '.join(pool.nuisance_names) or '(there are none)'}",
        )
    if pool.dependence is None or not nuisance:
        return replace(pool, nuisance_names=(), dependence=None)
    columns = [pool.nuisance_names.index(name) for name in nuisance]
    whole = pool.dependence
    part = LogQuadratic(whole.linear[:, columns], whole.quadratic[:, columns], whole.status[:, columns])
    return replace(pool, nuisance_names=tuple(nuisance), dependence=part)


@dataclass(frozen=True, eq=False)
class Rates:
    """Cross sections after cuts at T hypotheses.

    Parameters
    ----------
    values
        In pb, shape (T,).
    log_gradients
        Gradients of their logarithms by theory and nuisance parameters, shape (T, P).
    """

    values: Array
    log_gradients: Array


@dataclass(frozen=True, eq=False)
class Hypotheses:
    """T hypotheses and the morphing weights there.

    Parameters
    ----------
    theta
        Theory parameters, then the nuisance parameters of the pool, shape (T, P).
    nu
        Their nuisance part, shape (T, Q).
    morphing
        The morphing weights, shape (T, B).
    gradients
        Their gradients by the theory parameters, shape (T, B, P - Q).
    """

    theta: Array
    nu: Array
    morphing: Array
    gradients: Array

    @classmethod
    def of_pool(cls, pool: EventPool, theta: ArrayLike) -> Hypotheses:
        """Return hypotheses theta (T, P) or (P,) for the parameters of a pool.

        Raises
        ------
        SamplingError
            If their number of columns is not that of the pool's parameters, or a value is not finite.
        """
        points = np.atleast_2d(np.asarray(theta, dtype=np.float64))
        names = (*pool.space.names, *pool.nuisance_names)
        if points.ndim != 2 or points.shape[1] != len(names) or not np.isfinite(points).all():
            raise SamplingError(
                f"a hypothesis {np.asarray(theta).tolist() if np.size(theta) < 20 else np.shape(theta)}",
                expected=f"finite values of {', '.join(names)}",
            )
        theory, nu = points[:, : pool.space.n_parameters], points[:, pool.space.n_parameters :]
        return cls(points, nu, pool.morphing.weights(theory), pool.morphing.weight_gradients(theory))

    def __len__(self) -> int:
        return len(self.theta)

    def __getitem__(self, part: slice) -> Hypotheses:
        return Hypotheses(self.theta[part], self.nu[part], self.morphing[part], self.gradients[part])

    def parts(self, n_events: int) -> list[slice]:
        """Return slices of the hypotheses for each of which the weights of so many events are held at a time."""
        step = max(1, _WEIGHTS_AT_A_TIME // max(1, n_events))
        return [slice(start, min(start + step, len(self))) for start in range(0, len(self), step)]

    def rates(self, pool: EventPool) -> Rates:
        """Return the cross sections of all events of a pool.

        Raises
        ------
        SamplingError
            If one is not positive.
        """
        if pool.dependence is None:
            totals = np.broadcast_to(pool.weights.sum(axis=0), self.morphing.shape)
            slopes = np.empty((len(self), 0))
        else:
            totals, slopes = self._varied_totals(pool, pool.dependence)
        values = np.einsum("tb,tb->t", self.morphing, totals)
        if not (values > 0.0).all():
            index = int(np.argmin(values))
            raise SamplingError(
                f"the cross section after cuts is {values[index]:.4g} pb",
                where=f"theta = {self.theta[index].tolist()}",
                expected="above zero",
                mend="generate more events, or narrow the prior",
            )
        gradients = np.concatenate([np.einsum("tb,tbp->tp", totals, self.gradients), slopes], axis=1)
        return Rates(values, gradients / values[:, None])

    def _varied_totals(self, pool: EventPool, dependence: LogQuadratic) -> tuple[Array, Array]:
        """Return sum_e W_eb F_e (T, B), and the gradients of the cross sections by the nuisance parameters (T, Q)."""
        totals, slopes = np.empty_like(self.morphing), np.empty_like(self.nu)
        for part in self.parts(pool.n_events):
            factors = dependence.factors(self.nu[part])
            totals[part] = factors.T @ pool.weights
            weights = (pool.weights @ self.morphing[part].T) * factors
            slopes[part] = weights.T @ dependence.linear + 2.0 * self.nu[part] * (weights.T @ dependence.quadratic)
        return totals, slopes


def joint_weights(pool: EventPool, events: Integers, hypotheses: Hypotheses, at: Integers) -> Array:
    """Return weights in pb (N,) of events (N,) at hypotheses number `at` (N,); one below zero counts as zero."""
    weights = _row_products(pool.weights[events], hypotheses.morphing, at)
    np.maximum(weights, 0.0, out=weights)
    if pool.dependence is not None:
        linear, quadratic = pool.dependence.linear[events], pool.dependence.quadratic[events]
        nu = hypotheses.nu[at]
        weights *= np.exp(np.sum((linear + quadratic * nu) * nu, axis=1))
    return weights


def joint_gradients(
    pool: EventPool, events: Integers, hypotheses: Hypotheses, at: Integers
) -> tuple[Array, NDArray[np.bool_]]:
    """Return gradients of the logarithms of weights (N, P), arguments as of `joint_weights`, and which exist (N,).

    Where the weight is not above zero, there is no logarithm. The dependence on the nuisance parameters cancels in the
    gradients by the theory parameters.
    """
    rows = pool.weights[events]
    nominal = _row_products(rows, hypotheses.morphing, at)
    possible = nominal > 0.0
    scale = 1.0 / np.where(possible, nominal, 1.0)
    columns = [_row_products(rows, slopes, at) * scale for slopes in np.moveaxis(hypotheses.gradients, 2, 0)]
    gradients = np.stack(columns, axis=1)
    if pool.dependence is None:
        return gradients, possible
    linear, quadratic = pool.dependence.linear[events], pool.dependence.quadratic[events]
    return np.concatenate([gradients, linear + 2.0 * quadratic * hypotheses.nu[at]], axis=1), possible


def _row_products(rows: Array, table: Array, at: Integers) -> Array:
    """Return the sums over b of rows (N, B) and table[at] (N, B), shape (N,)."""
    if len(table) == 1:
        return np.asarray(rows @ table[0])
    return np.asarray(np.einsum("nb,nb->n", rows, table[at]))
