"""The process of conftest with a background and two nuisance parameters: all densities written out.

    signal:     |1 + (0.3 + theta_0) z0 + 0.4 i theta_1 (z1 + 0.5)|^2 exp(0.2 z0 nu_0 - 0.05 nu_0^2)
    background: 1.5 (1 + 0.6 z1) 1.1^nu_1

in pb per unit square of -1 < z < 1.
"""

from __future__ import annotations

import numpy as np

from assay.events.pool import EventPool
from assay.events.table import EventTable, NuisanceWeights, ObservableInfo, Sample, Systematic
from assay.theory.morphing import Morphing
from assay.theory.nuisance import NuisanceParameter
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

POINTS = {"sm": (0.0, 0.0), "a": (0.8, 0.0), "b": (-0.7, 0.5), "c": (0.0, 0.9), "d": (0.6, -0.7), "e": (-0.4, -0.8)}
OBSERVABLES = ("z0", "z1", "background", "number")
NUISANCE = ("shape", "tt_normalisation")
BACKGROUND_PB = 6.0

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_GRID = np.stack(np.meshgrid(_NODES, _NODES, indexing="ij"), axis=-1).reshape(-1, 2)
_AREAS = np.outer(_WEIGHTS, _WEIGHTS).ravel()


def signal(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """dsigma/dz of the signal at z (..., 2) and theta (..., 4): theory, then nuisance parameters."""
    real = 1.0 + (0.3 + theta[..., 0]) * z[..., 0]
    imaginary = 0.4 * theta[..., 1] * (z[..., 1] + 0.5)
    return (real**2 + imaginary**2) * np.exp(0.2 * z[..., 0] * theta[..., 2] - 0.05 * theta[..., 2] ** 2)


def background(z: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """dsigma/dz of the background, arguments as of `signal`."""
    return 1.5 * (1.0 + 0.6 * z[..., 1]) * 1.1 ** theta[..., 3]


def cross_section(theta: np.ndarray) -> np.ndarray:
    """The integral of both over the square at theta (T, 4), shape (T,)."""
    total = signal(_GRID, theta[:, None]) + background(_GRID, theta[:, None])
    return np.asarray(total @ _AREAS)


def log_density(x: np.ndarray, theta: np.ndarray) -> np.ndarray:
    """log p(z, process | theta) of events x (N, 4), at one theta (N, 4) for each."""
    z = x[:, :2]
    density = np.where(x[:, 2] == 1.0, background(z, theta), signal(z, theta))
    points, row = np.unique(theta, axis=0, return_inverse=True)
    return np.asarray(np.log(density / cross_section(points)[row]))


def score(x: np.ndarray, theta: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """The gradient of `log_density`, by central differences."""
    shifts = step * np.eye(4)
    return np.stack([(log_density(x, theta + s) - log_density(x, theta - s)) / (2 * step) for s in shifts], axis=1)


def _draw(n: int, density: np.ndarray, highest: float, rng: np.random.Generator) -> np.ndarray:
    accepted = np.empty((0, 2))
    while len(accepted) < n:
        z = rng.uniform(-1.0, 1.0, (4 * n, 2))
        accepted = np.concatenate([accepted, z[rng.uniform(0.0, highest, len(z)) < density(z)]])
    return accepted[:n]


def varied_pool(n: int, n_background: int, seed: int = 1) -> EventPool:
    """Pool n events of the signal at each of six benchmarks, and n_background of the background."""
    rng = np.random.default_rng(seed)
    points = np.array([(*point, 0.0, 0.0) for point in POINTS.values()])
    runs = [_draw(n, lambda z, point=point: signal(z, point), 6.0, rng) for point in points]
    runs.append(_draw(n_background, lambda z: background(z, points[0]), 3.0, rng))
    z = np.concatenate(runs)
    index = np.repeat(np.arange(7), [len(run) for run in runs])
    flag = (index == 6).astype(float)
    sigma = np.append(cross_section(points) - BACKGROUND_PB, BACKGROUND_PB)
    weights = np.stack([np.where(flag == 1.0, 1.0, signal(z, point)) for point in points], axis=1)
    own = weights[np.arange(len(z)), np.minimum(index, 5)]
    weights *= (sigma[index] / np.bincount(index)[index] / own)[:, None]
    shape = (1.0 - flag) * np.exp(0.2 * z[:, 0] - 0.05) + flag, (1.0 - flag) * np.exp(-0.2 * z[:, 0] - 0.05) + flag
    columns = np.stack([*shape, 1.0 + 0.1 * flag], axis=1) * weights[:, :1]
    nuisance = NuisanceWeights(
        ("shape_up", "shape_down", "tt_up"),
        columns,
        (
            NuisanceParameter("shape", "shape", "shape_up", "shape_down"),
            NuisanceParameter("tt_normalisation", "tt_normalisation", "tt_up"),
        ),
        (Systematic("shape", "weights", "up,down"), Systematic("tt_normalisation", "normalisation", "1.1")),
    )
    space = ParameterSpace(
        (Parameter("p", "B", 1, (-0.8, 0.8)), Parameter("q", "B", 2, (-0.9, 0.9))),
        tuple(Benchmark(name, values) for name, values in POINTS.items()),
    )
    samples = [Sample(name, name, n, float(s)) for name, s in zip(POINTS, sigma, strict=False)]
    table = EventTable(
        space=space,
        morphing=Morphing.of_space(space, 2),
        observables=tuple(ObservableInfo(name, name) for name in OBSERVABLES),
        samples=(*samples, Sample("tt", None, n_background, BACKGROUND_PB)),
        x=np.column_stack([z, flag, np.arange(len(z))]),
        weights=weights,
        sample_index=index.astype(np.int32),
        nuisance=nuisance,
    )
    return EventPool.from_table(table, seed=seed)
