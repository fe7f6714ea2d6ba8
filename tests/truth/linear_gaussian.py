"""The linear Gaussian model, z ~ N(theta, 2) and x ~ N(z, 1), of which everything is known: formulae and samples.

log r(x | theta, 0) = theta x / 5 - theta^2 / 10, score (x - theta) / 5, information 0.2 per event, joint score (z -
theta) / 4 and joint log ratio (2 theta z - theta^2) / 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assay.sampling.samples import DensitySample, RatioSample, SampleInfo, ScoreSample

Array = NDArray[np.float64]

RANGE = 4.0
INFO = SampleInfo(("x",), ("theta",), ((-RANGE, RANGE),), (0.0,))


def log_ratio(x: Array, theta: Array) -> Array:
    return theta * x / 5.0 - theta**2 / 10.0


def joint_log_ratio(z: Array, theta: Array) -> Array:
    return (2.0 * theta * z - theta**2) / 8.0


def joint_score(x: Array, z: Array, theta: Array) -> Array:
    return (z - theta) / 4.0


def wrong_joint_score(x: Array, z: Array, theta: Array) -> Array:
    """The predecessor's tutorial: of the observable, not of the latent variable."""
    return (x - theta) / 4.0


def draw(theta: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    z = rng.normal(theta, 2.0)
    return rng.normal(z, 1.0), z


def ratio_sample(
    n: int, seed: int, score: Callable[[Array, Array, Array], Array] = joint_score, limit: float = RANGE
) -> RatioSample:
    """theta0 flat below the limit, half of x from there and half from 0."""
    rng = np.random.default_rng(seed)
    theta0 = rng.uniform(-limit, limit, n)
    y = (np.arange(n) % 2).astype(float)
    x, z = draw(np.where(y == 0, theta0, 0.0), rng)
    columns = {
        "x": x[:, None],
        "theta0": theta0[:, None],
        "theta1": np.zeros((n, 1)),
        "y": y,
        "r_xz": np.exp(joint_log_ratio(z, theta0)),
        "t_xz": score(x, z, theta0)[:, None],
    }
    info = replace(INFO, ranges=((-limit, limit),))
    return RatioSample(info=info, **{name: column.astype(np.float32) for name, column in columns.items()})


def score_sample(n: int, seed: int, score: Callable[[Array, Array, Array], Array] = joint_score) -> ScoreSample:
    rng = np.random.default_rng(seed)
    theta = np.zeros(n)
    x, z = draw(theta, rng)
    columns = {"x": x, "theta": theta, "t_xz": score(x, z, theta)}
    return ScoreSample(info=INFO, **{name: column[:, None].astype(np.float32) for name, column in columns.items()})


def density_sample(n: int, seed: int, score: Callable[[Array, Array, Array], Array] = joint_score) -> DensitySample:
    """Every x at a theta of its own, flat over the range."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(-RANGE, RANGE, n)
    x, z = draw(theta, rng)
    columns = {"x": x, "theta": theta, "t_xz": score(x, z, theta)}
    return DensitySample(info=INFO, **{name: column[:, None].astype(np.float32) for name, column in columns.items()})
