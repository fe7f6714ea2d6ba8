"""Weighted events of squared amplitudes that are linear in any number of parameters, for the benchmarks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.events.table import EventTable, ObservableInfo, Sample
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

PLANE = ((0.0, 0.0), (0.8, 0.0), (-0.7, 0.5), (0.0, 0.9), (0.6, -0.7), (-0.4, -0.8))
"""A basis of two parameters."""


def made_events(
    n_events: int, n_observables: int = 10, n_parameters: int = 2, n_parts: int = 1, seed: int = 7
) -> EventTable:
    """Return events drawn at all benchmarks of a basis.

    Parameters
    ----------
    n_events, n_observables, n_parameters
        How many; the first observables know the parameters, the others are noise.
    n_parts
        1: of the parameters' second power; 2: production and decay, of the fourth.
    seed
        Of the events.
    """
    rng = np.random.default_rng(seed)
    space, morphing = _space(n_parameters, n_parts)
    points = space.benchmark_values
    linear = 0.3 * rng.normal(size=(n_parts, 2, n_events, n_parameters))
    weights = np.ones((n_events, len(points)))
    for part in linear:
        amplitudes = np.array([1.0, 0.3])[:, None, None] + np.einsum("kep,bp->keb", part, points)
        weights *= (amplitudes**2).sum(axis=0)
    index = np.arange(n_events) % len(points)
    counts = np.bincount(index, minlength=len(points))
    weights *= (1.0 / counts[index] / weights[np.arange(n_events), index])[:, None]
    x = np.concatenate([linear[0, 0], rng.normal(size=(n_events, n_observables))], axis=1)[:, :n_observables]
    return EventTable(
        space,
        morphing,
        tuple(ObservableInfo(f"x{number}", f"x{number}") for number in range(n_observables)),
        tuple(Sample(name, name, int(count), 1.0) for name, count in zip(space.benchmark_names, counts, strict=True)),
        x,
        weights,
        index.astype(np.int32),
    )


def _space(n_parameters: int, n_parts: int) -> tuple[ParameterSpace, Morphing]:
    powers = components([(2,) * n_parts] * n_parameters, (2,) * n_parts)
    points: NDArray[np.float64] = np.asarray(PLANE)
    if (n_parameters, n_parts) != (2, 1):
        box = np.array([(-1.0, 1.0)] * n_parameters)
        points = optimise_basis(powers, box, np.zeros((1, n_parameters)), n_starts=1)
    power = int(powers.max())
    space = ParameterSpace(
        tuple(Parameter(f"p{n}", "dim6", n + 1, (-1.5, 1.5), power) for n in range(n_parameters)),
        tuple(Benchmark(f"b{n}", tuple(map(float, point))) for n, point in enumerate(points)),
    )
    return space, Morphing.from_basis(powers, points)
