"""A process of which everything is known: |A0(z) + theta_0 A1(z) + i theta_1 A2(z)|^2 over a square, smeared into x."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assay.events.pool import EventPool
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

POINTS = {"sm": (0.0, 0.0), "a": (0.8, 0.0), "b": (-0.7, 0.5), "c": (0.0, 0.9), "d": (0.6, -0.7), "e": (-0.4, -0.8)}


def density(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """dsigma/dz in pb, shape (E,), at theta (2,)."""
    amplitude = 1.0 + 0.3 * z[:, 0] + theta[0] * z[:, 0] + 0.4j * theta[1] * (z[:, 1] + 0.5)
    return np.abs(amplitude) ** 2


def cross_section(theta: np.ndarray) -> float:
    """The integral of `density` over [-1, 1]^2: 4 (1 + (0.3 + theta_0)^2 / 3 + 0.16 theta_1^2 (1/3 + 1/4))."""
    return 4.0 * (1.0 + (0.3 + theta[0]) ** 2 / 3.0 + 0.16 * theta[1] ** 2 * (1.0 / 3.0 + 0.25))


def draw(n: int, theta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """n values of z by rejection."""
    accepted = np.empty((0, 2))
    while len(accepted) < n:
        z = rng.uniform(-1.0, 1.0, (4 * n, 2))
        accepted = np.concatenate([accepted, z[rng.uniform(0.0, 6.0, len(z)) < density(z, theta)]])
    return accepted[:n]


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., EventPool]:
    """Pool of `n` events at each of six benchmarks; z itself is x (columns z0, z1), followed by its smeared value."""

    def make(n: int = 2000, seed: int = 1, scale: dict[str, float] | None = None) -> EventPool:
        rng = np.random.default_rng(seed)
        space = ParameterSpace(
            (Parameter("p", "B", 1, (-0.8, 0.8)), Parameter("q", "B", 2, (-0.9, 0.9))),
            tuple(Benchmark(name, values) for name, values in POINTS.items()),
        )
        points = space.benchmark_values
        z = np.concatenate([draw(n, point, rng) for point in points])
        weights = np.stack([density(z, point) for point in points], axis=1)
        index = np.repeat(np.arange(len(points)), n).astype(np.int32)
        sigma = np.array([cross_section(point) for point in points])
        # unweighted events: their weight at their own benchmark is sigma / n, others follow by the ratio of densities
        weights *= (sigma[index] / n / weights[np.arange(len(z)), index])[:, None]
        x = np.column_stack([z, z + rng.normal(0.0, 0.3, z.shape)])
        table = EventTable(
            space=space,
            morphing=Morphing.of_space(space, 2),
            observables=tuple(ObservableInfo(name, name) for name in ("z0", "z1", "x0", "x1")),
            samples=tuple(Sample(name, name, n, s) for name, s in zip(POINTS, sigma, strict=True)),
            x=x,
            weights=weights,
            sample_index=index,
        )
        return EventPool.from_table(table)

    return make


@pytest.fixture(scope="session")
def pool(make_pool: Callable[..., EventPool]) -> EventPool:
    return make_pool()
