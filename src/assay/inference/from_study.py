"""What a study asks of the inference."""

from __future__ import annotations

import numpy as np

from assay.inference.expected import Expectation
from assay.inference.grid import Grid
from assay.study.model import Study
from assay.study.resolve import resolve, trained_interval
from assay.theory.parameters import ParameterSpace


def expectation(study: Study, space: ParameterSpace) -> Expectation:
    """Return grid, true parameters, luminosity and confidence levels of a study's expected limits."""
    full = resolve(study)
    limits = full.limits
    axes = [limits.grid[name] for name in space.names]
    grid = Grid(tuple(space.names), tuple(np.linspace(*axis.range, axis.points) for axis in axes))
    true = limits.theta_true
    if isinstance(true, dict):
        theta_true = tuple(float(true[name]) for name in space.names)
    else:
        theta_true = tuple(float(value) for value in space.benchmark_values[space.index_of(str(true))])
    ranges = tuple(trained_interval(full.parameters[name], full.sampling.prior[name]) for name in space.names)
    return Expectation(grid, theta_true, full.luminosity, limits.confidence_levels, limits.include_rate, ranges)
