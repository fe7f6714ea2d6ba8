"""Closure: two samples that weights should make the same are so in every mean.

Events of theta0 with the weight 1 / (1 + r_hat), and events of theta1 with r_hat / (1 + r_hat), follow the same
distribution, p0 p1 / (p0 + p1), if r_hat = p0 / p1. (Weights r_hat for the events of theta1 alone would do, too, but
they have no bound, so that means, and worse their errors, would be those of a few events.) Compared are the means of
all observables, of their squares, and of their products with the parameters, each in units of its spread.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.estimators.verdicts import CheckResult, Events, by_event, worst_of

Array = NDArray[np.float64]

_LARGEST = 5.0  # standard deviations: a single event far out decides no mean


@dataclass(frozen=True, eq=False)
class WeightedRows:
    """Events to be compared with others.

    Parameters
    ----------
    x, theta
        Observables (N, O), and the hypothesis (N, P) that each event is looked at for.
    weights
        Shape (N,).
    events
        Which event each row is, numbers from 0, shape (N,): the same one may be drawn several times, in both samples.
    """

    x: Array
    theta: Array
    weights: Array
    events: Events


def closure(
    direct: WeightedRows,
    reweighted: WeightedRows,
    observables: tuple[str, ...],
    parameters: tuple[str, ...],
    tolerance: float = 0.05,
    name: str = "closure by reweighting",
) -> CheckResult:
    """Compare all means of two samples; the worst is told.

    Parameters
    ----------
    direct, reweighted
        The samples, with the weights that should make them the same.
    tolerance
        In standard deviations of what is averaged.
    """
    scales = [_scale(direct.x, direct.weights), _scale(direct.theta, direct.weights)]
    ours, theirs = (_features(rows, scales) for rows in (direct, reweighted))
    n = 1 + max(int(direct.events.max(initial=0)), int(reweighted.events.max(initial=0)))
    means, influences = [], []
    for rows, features in ((direct, ours), (reweighted, theirs)):
        shares = rows.weights / rows.weights.sum()
        mean = shares @ features
        means.append(mean)
        influences.append(_padded(by_event(shares[:, None] * (features - mean), rows.events), n))
    difference = means[1] - means[0]
    # what both samples have in common fluctuates alike in both
    errors = np.sqrt(((influences[1] - influences[0]) ** 2).sum(axis=0))
    return worst_of(name, difference, errors, _labels(observables, parameters), 0.0, tolerance)


def _scale(values: Array, weights: Array) -> tuple[Array, Array]:
    shares = weights / weights.sum()
    centre = shares @ values
    spread = np.sqrt(shares @ (values - centre) ** 2)
    return centre, np.where(spread > 0, spread, 1.0)


def _features(rows: WeightedRows, scales: list[tuple[Array, Array]]) -> Array:
    u, v = (
        np.clip((values - centre) / spread, -_LARGEST, _LARGEST)
        for values, (centre, spread) in zip((rows.x, rows.theta), scales, strict=True)
    )
    products = (u[:, :, None] * v[:, None, :]).reshape(len(u), -1)
    return np.concatenate([u, u**2 / np.sqrt(2.0), products], axis=1)


def _labels(observables: tuple[str, ...], parameters: tuple[str, ...]) -> tuple[str, ...]:
    products = tuple(f"mean of {o} times {p}" for o in observables for p in parameters)
    return (*(f"mean of {o}" for o in observables), *(f"mean square of {o}" for o in observables), *products)


def _padded(values: Array, n: int) -> Array:
    return np.concatenate([values, np.zeros((n - len(values), values.shape[1]))])
