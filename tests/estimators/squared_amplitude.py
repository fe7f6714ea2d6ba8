"""A squared amplitude with exact answers: x ~ N(0, 1) in two dimensions at the reference, and

R(theta) r(x|theta) = [1 + (1 + 2 p x0)^2] / 2 + (q (1 + x1^2) / 2)^2,     R = 1 + 2 p^2 + 1.5 q^2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.sampling.rate import PolynomialRate
from assay.sampling.samples import DensitySample, RatioSample, SampleInfo

Array = NDArray[np.float64]

RATE = PolynomialRate(((0, 0), (1, 0), (0, 1), (2, 0), (1, 1), (0, 2)), (1.0, 0.0, 0.0, 2.0, 0.0, 1.5))
INFO = SampleInfo(("x0", "x1"), ("p", "q"), ((-0.5, 0.5), (-0.8, 0.8)), (0.0, 0.0), rate=RATE)
_LOW, _HIGH = np.array(INFO.ranges).T


def density(x: Array, theta: Array) -> Array:
    """Return R r, row by row."""
    return 0.5 + 0.5 * (1.0 + 2.0 * theta[:, 0] * x[:, 0]) ** 2 + (theta[:, 1] * (1.0 + x[:, 1] ** 2) / 2.0) ** 2


def log_ratio(x: Array, theta: Array) -> Array:
    """Return log r(x | theta), row by row."""
    return np.log(density(x, theta)) - np.log(RATE.values(theta))


def score(x: Array, theta: Array) -> Array:
    """Return the gradient of log r, row by row."""
    steps = 1e-6 * np.eye(2)
    return np.stack([(log_ratio(x, theta + s) - log_ratio(x, theta - s)) / 2e-6 for s in steps], axis=1)


def draw(theta: Array, rng: np.random.Generator) -> Array:
    """Return one x for every theta, by picking among candidates with their ratios."""
    candidates = rng.normal(size=(len(theta), 60, 2))
    flat = density(candidates.reshape(-1, 2), np.repeat(theta, 60, axis=0)).reshape(len(theta), 60)
    cumulated = np.cumsum(flat, axis=1)
    chosen = (cumulated < rng.uniform(0.0, cumulated[:, -1:])).sum(axis=1)
    return candidates[np.arange(len(theta)), chosen]


def points(n: int, rng: np.random.Generator) -> Array:
    """Return hypotheses flat in the ranges."""
    return rng.uniform(_LOW, _HIGH, (n, 2))


def ratio_sample(n: int, seed: int, at: Array | None = None) -> RatioSample:
    """Return a ratio sample at hypotheses of the prior, or among those given."""
    rng = np.random.default_rng(seed)
    theta0 = points(n, rng) if at is None else at[rng.integers(len(at), size=n)]
    y = (np.arange(n) % 2).astype(float)
    x = draw(theta0 * (1.0 - y)[:, None], rng)
    columns = {
        "x": x,
        "theta0": theta0,
        "theta1": np.zeros_like(theta0),
        "y": y,
        "r_xz": np.exp(log_ratio(x, theta0)),
        "t_xz": score(x, theta0),
    }
    return RatioSample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})


def doubly_sample(n: int, seed: int) -> RatioSample:
    """Return a ratio sample in which both hypotheses vary."""
    rng = np.random.default_rng(seed)
    theta0, theta1 = points(n, rng), points(n, rng)
    y = (np.arange(n) % 2).astype(float)
    x = draw(np.where(y[:, None] == 0, theta0, theta1), rng)
    columns = {
        "x": x,
        "theta0": theta0,
        "theta1": theta1,
        "y": y,
        "r_xz": np.exp(log_ratio(x, theta0) - log_ratio(x, theta1)),
        "t_xz": score(x, theta0),
        "t_xz1": score(x, theta1),
    }
    info = SampleInfo(**{**vars(INFO), "doubly": True})
    return RatioSample(info=info, **{name: column.astype(np.float32) for name, column in columns.items()})


def density_sample(n: int, seed: int) -> DensitySample:
    """Return a density sample."""
    rng = np.random.default_rng(seed)
    theta = points(n, rng)
    x = draw(theta, rng)
    columns = {"x": x, "theta": theta, "t_xz": score(x, theta)}
    return DensitySample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})
