"""The generalised Galton board (arXiv 1805.12244, section IV.A): a ball falls through 20 rows of 31 nails.

At the relative height z_v and the horizontal position z_h in [-1, 1] it goes left with the probability
(1 - f)/2 + f sigmoid(10 theta z_h), f = sin(pi z_v). In even rows left is the same number and right the next one, in
odd rows left is the number before and right the same one, with edges at 0 and 31. The observable x is the number at
the bottom; the path is latent, and its probability gives joint ratio and score. p(x | theta) is exact by dynamic
programming over the rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from assay.estimators.ratio import BlockwiseRatio
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import DensitySample, RatioSample, SampleInfo

Array = NDArray[np.float64]

ROWS, NAILS, START = 20, 31, 15
RANGE = (-1.0, -0.4)
THETA0, THETA1 = -0.8, -0.6
INFO = SampleInfo(("x",), ("theta",), (RANGE,), (THETA1,))
_HEIGHTS = np.sin(np.pi * np.arange(ROWS) / (ROWS - 1))


def probability_left(row: int, position: Array, theta: Array) -> tuple[Array, Array]:
    """Return the probability to go left, and its derivative in theta."""
    horizontal, f = 2.0 * position / (NAILS - 1) - 1.0, _HEIGHTS[row]
    s = expit(10.0 * theta * horizontal)
    left, slope = (1.0 - f) / 2.0 + f * s, f * 10.0 * horizontal * s * (1.0 - s)
    if row % 2:
        at_edge = (position == 0) | (position == NAILS)
        left = np.where(position == 0, 0.0, np.where(position == NAILS, 1.0, left))
        slope = np.where(at_edge, 0.0, slope)
    return left, slope


def exact(theta: float) -> tuple[Array, Array]:
    """Return p(x | theta) for x = 0..31, and its derivative in theta."""
    p, slope = np.zeros(NAILS + 1), np.zeros(NAILS + 1)
    p[START] = 1.0
    positions = np.arange(NAILS + 1.0)
    for row in range(ROWS):
        left, change = probability_left(row, positions, np.full(NAILS + 1, theta))
        to_left, to_right = p * left, p * (1.0 - left)
        slope_left, slope_right = slope * left + p * change, slope * (1.0 - left) - p * change
        if row % 2:
            p, slope = to_right + np.append(to_left[1:], 0.0), slope_right + np.append(slope_left[1:], 0.0)
        else:
            p, slope = to_left + np.append(0.0, to_right[:-1]), slope_left + np.append(0.0, slope_right[:-1])
    return p, slope


def log_ratio(theta0: float, theta1: float) -> Array:
    """Return log p(x | theta0) / p(x | theta1) for x = 0..31; not finite where x is impossible."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.log(exact(theta0)[0] / exact(theta1)[0])


@dataclass(frozen=True)
class Balls:
    """Balls with their observable, and what their paths say.

    Parameters
    ----------
    x
        Where they ended, (N,).
    log_r_xz
        Joint log ratio of theta0 to theta1, (N,).
    t_xz
        Joint score at theta0, (N,).
    """

    x: Array
    log_r_xz: Array
    t_xz: Array


def fall(theta: Array, theta0: Array, theta1: Array, rng: np.random.Generator) -> Balls:
    """Let a ball fall at every theta (N,); joint quantities are of theta0 and theta1 (N,)."""
    position = np.full(len(theta), float(START))
    log_r, t = np.zeros(len(theta)), np.zeros(len(theta))
    for row in range(ROWS):
        goes_left = rng.random(len(theta)) < probability_left(row, position, theta)[0]
        left0, slope0 = probability_left(row, position, theta0)
        left1, _ = probability_left(row, position, theta1)
        p0, p1 = np.where(goes_left, left0, 1.0 - left0), np.where(goes_left, left1, 1.0 - left1)
        log_r += np.log(p0 / p1)
        t += np.where(goes_left, slope0, -slope0) / p0
        position += np.where(goes_left, -1.0, 0.0) if row % 2 else np.where(goes_left, 0.0, 1.0)
    return Balls(position, log_r, t)


def ratio_sample(n: int, seed: int) -> RatioSample:
    """Return samples for the ratio methods: theta0 flat over the range, theta1 fixed, half of the balls from each."""
    rng = np.random.default_rng(seed)
    theta0, theta1 = rng.uniform(*RANGE, n), np.full(n, THETA1)
    y = (np.arange(n) % 2).astype(float)
    balls = fall(np.where(y == 0, theta0, theta1), theta0, theta1, rng)
    columns = {
        "x": balls.x[:, None],
        "theta0": theta0[:, None],
        "theta1": theta1[:, None],
        "y": y,
        "r_xz": np.exp(balls.log_r_xz),
        "t_xz": balls.t_xz[:, None],
    }
    return RatioSample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})


def density_sample(n: int, seed: int) -> DensitySample:
    """Return samples for the density methods: every ball at a theta of its own, flat over the range."""
    rng = np.random.default_rng(seed)
    theta = rng.uniform(*RANGE, n)
    balls = fall(theta, theta, theta, rng)
    columns = {"x": balls.x, "theta": theta, "t_xz": balls.t_xz}
    return DensitySample(info=INFO, **{name: column[:, None].astype(np.float32) for name, column in columns.items()})


def mean_squared_error(estimated: Array) -> float:
    """Return E[(log r_hat - log r)^2] over x at theta1, for log r_hat(x | theta0, theta1) at x = 0..31."""
    p = exact(THETA1)[0]
    possible = p > 0
    return float(p[possible] @ (estimated[possible] - log_ratio(THETA0, THETA1)[possible]) ** 2)


METHODS = ("carl", "rolr", "cascal", "rascal", "alice", "alices", "nde", "scandal")
_FLOW = FlowSettings("nsf", transforms=1, bins=16)


def trained_error(method: str, n: int, seed: int) -> float:
    """Train a method with n balls and return its mean squared error of log r.

    The settings are the same for all methods, but for the network and the weight of the score of densities, and a
    quarter of the epochs for those without joint quantities and with labels, which overtrain soonest. There is no
    validation sample and no early stopping: n balls are all that is known.
    """
    density = method in ("nde", "scandal")
    sample = density_sample(n, 100 + seed) if density else ratio_sample(n, 100 + seed)
    network = NetworkSettings((50, 50) if density else (100, 100), "tanh")
    settings = TrainingSettings(
        epochs={200: 200, 1000: 80}.get(n, 30) // (4 if method in ("carl", "cascal", "nde") else 1),
        batch_size={200: 32, 1000: 128}.get(n, 256),
        learning_rate=5e-3,
        patience=None,
        alpha=3.0 if density else 0.3,
        seed=seed,
        device="cpu",
    )
    estimator = train_estimator(method, sample, sample, network, settings, flow=_FLOW).estimator
    assert isinstance(estimator, BlockwiseRatio)
    return mean_squared_error(estimator.log_ratio(np.arange(NAILS + 1.0)[:, None], np.array([[THETA0]]))[0])
