"""Small samples of a two-parameter Gaussian model: z ~ N(theta, 1) in two dimensions, x = (z + noise, noise)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch

from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import TrainedEstimator, train_estimator
from assay.sampling.samples import DensitySample, RatioSample, SampleInfo, ScoreSample

# units that differ by orders of magnitude, so that forgotten scalings show
UNITS = np.array([1.0, 100.0])
INFO = SampleInfo(("x0", "x1", "noise"), ("p", "q"), ((-1.0, 1.0), (-100.0, 100.0)), (0.0, 0.0))


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def _draw(theta: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    z = rng.normal(theta / UNITS, 1.0)
    noise = rng.normal(0.0, 1.0, (len(z), 1))
    return np.column_stack([500.0 + 30.0 * (z + rng.normal(0.0, 0.5, z.shape)), noise]), z


@pytest.fixture(scope="session")
def make_ratio_sample() -> Callable[..., RatioSample]:
    def make(n: int = 2000, seed: int = 1) -> RatioSample:
        rng = np.random.default_rng(seed)
        theta0 = rng.uniform(-1.0, 1.0, (n, 2)) * UNITS
        y = (np.arange(n) % 2).astype(float)
        x, z = _draw(theta0 * (1.0 - y)[:, None], rng)
        scaled = theta0 / UNITS
        columns = {
            "x": x,
            "theta0": theta0,
            "theta1": np.zeros_like(theta0),
            "y": y,
            "r_xz": np.exp(np.sum(z * scaled - scaled**2 / 2.0, axis=1)),
            "t_xz": (z - scaled) / UNITS,
        }
        return RatioSample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})

    return make


@pytest.fixture(scope="session")
def make_score_sample() -> Callable[..., ScoreSample]:
    def make(n: int = 2000, seed: int = 1) -> ScoreSample:
        rng = np.random.default_rng(seed)
        x, z = _draw(np.zeros((n, 2)), rng)
        columns = {"x": x, "theta": np.zeros((n, 2)), "t_xz": z / UNITS}
        return ScoreSample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})

    return make


@pytest.fixture(scope="session")
def make_density_sample() -> Callable[..., DensitySample]:
    def make(n: int = 2000, seed: int = 1) -> DensitySample:
        rng = np.random.default_rng(seed)
        theta = rng.uniform(-1.0, 1.0, (n, 2)) * UNITS
        x, z = _draw(theta, rng)
        columns = {"x": x, "theta": theta, "t_xz": (z - theta / UNITS) / UNITS}
        return DensitySample(info=INFO, **{name: column.astype(np.float32) for name, column in columns.items()})

    return make


@pytest.fixture(scope="session")
def trained_ratio(make_ratio_sample: Callable[..., RatioSample]) -> TrainedEstimator:
    settings = TrainingSettings(epochs=3, batch_size=250)
    return train_estimator(
        "alices", make_ratio_sample(), make_ratio_sample(1000, 2), NetworkSettings((16, 12)), settings
    )


@pytest.fixture(scope="session")
def trained_score(make_score_sample: Callable[..., ScoreSample]) -> TrainedEstimator:
    settings = TrainingSettings(epochs=3, batch_size=250)
    return train_estimator(
        "sally", make_score_sample(), make_score_sample(1000, 2), NetworkSettings((16, 12)), settings
    )
