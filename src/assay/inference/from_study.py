"""What a study asks of the inference."""

from __future__ import annotations

import numpy as np

from assay.inference.expectation import Expectation
from assay.inference.grid import Grid
from assay.study.model import Study, Theta
from assay.study.resolve import resolve, trained_interval
from assay.theory.parameters import ParameterSpace


def expectation(study: Study, space: ParameterSpace) -> Expectation:
    """Return grid, true parameters, luminosity and confidence levels of a study's expected limits."""
    full = resolve(study)
    limits = full.limits
    axes = [limits.grid[name] for name in space.names]
    grid = Grid(tuple(space.names), tuple(np.linspace(*axis.range, axis.points) for axis in axes))
    theta_true = point_of(limits.theta_true, space)
    ranges = tuple(trained_interval(full.parameters[name], full.sampling.prior[name]) for name in space.names)
    return Expectation(
        grid,
        theta_true,
        full.luminosity,
        limits.confidence_levels,
        limits.include_rate,
        ranges,
        reference=tuple(float(value) for value in space.reference_values),
        strategy=limits.strategy or "grid",
        profile_nuisance=limits.nuisance == "profile",
    )


def fisher_point(study: Study, space: ParameterSpace) -> tuple[float, ...]:
    """Return where a study asks for Fisher information, (P,)."""
    return point_of(resolve(study).limits.fisher.at, space)


def point_of(theta: Theta | None, space: ParameterSpace) -> tuple[float, ...]:
    """Return a benchmark or a point of a resolved study as numbers, (P,)."""
    if isinstance(theta, dict):
        return tuple(float(theta[name]) for name in space.names)
    return tuple(float(value) for value in space.benchmark_values[space.index_of(str(theta))])
