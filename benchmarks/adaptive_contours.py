"""Adaptive contours against full grids: evaluations and errors of the contours.

    .venv/bin/python benchmarks/adaptive_contours.py [--seeds 5]

The error of a region is the volume on the wrong side of its contour as a share of the region's, with contours of the
grid by linear interpolation between its points, as they are drawn. Likelihoods are of counts in bins whose rates are
squares of amplitudes, as in effective theories; the exact region is that of the function itself.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import minimize
from scipy.stats import qmc

from assay.inference.adaptive_contours import ContourResult, ContourSettings, adaptive_contours
from assay.inference.contour_limits import MOST_EVALUATIONS

Array = NDArray[np.float64]
Inside = Callable[[Array, int], NDArray[np.bool_]]
"""Whether points are in the region of the level with a number."""

CONFIDENCE_LEVELS = (0.68, 0.95)
POINTS_PER_AXIS = 25
TEST_POINTS = 17  # a power of two


@dataclass(frozen=True)
class Problem:
    """A log likelihood over a box."""

    name: str
    log_likelihood: Callable[[Array], Array]
    bounds: Array

    @property
    def n_parameters(self) -> int:
        """P."""
        return len(self.bounds)

    def even(self, exponent: int) -> Array:
        """Return points that are even in the box."""
        low, high = self.bounds.T
        return np.asarray(low + (high - low) * qmc.Sobol(self.n_parameters, seed=99).random_base2(exponent))

    def highest(self) -> float:
        """Return the highest log likelihood."""
        points = self.even(TEST_POINTS)
        starts = points[np.argsort(-self.log_likelihood(points))[:20:4]]

        def negative(theta: Array) -> float:
            return -float(self.log_likelihood(theta[None])[0])

        return -min(float(minimize(negative, start, bounds=self.bounds).fun) for start in starts)


def of_counts(name: str, n_parameters: int, n_bins: int, events: float, width: float, seed: int) -> Problem:
    """Return the likelihood of expected counts at theta = 0, of rates n (1 + a theta)^2 + n |theta|^2 / 10."""
    rng = np.random.default_rng(seed)
    slopes = rng.normal(0.0, 0.5, (n_bins, n_parameters))
    expected = rng.uniform(0.3, 1.0, n_bins) * events

    def log_likelihood(theta: Array) -> Array:
        rates = expected * ((1.0 + theta @ slopes.T) ** 2 + 0.1 * (theta**2).sum(axis=1, keepdims=True))
        return np.asarray((expected * np.log(rates) - rates).sum(axis=1))

    return Problem(name, log_likelihood, np.array([(-width, width)] * n_parameters))


def two_minima() -> Problem:
    """Return the likelihood of counts that grow with the squares of the parameters: its region is a ring or two."""
    expected, found = np.array([100.0, 60.0, 30.0]), np.array([115.0, 78.0, 48.0])
    first, second = np.array([0.3, 0.8, 1.5]), np.array([0.2, 0.1, 0.5])

    def log_likelihood(theta: Array) -> Array:
        a, b = theta.T[:, :, None]
        rates = expected * (1.0 + 0.05 * a + first * a**2 + 0.1 * b + second * b**2)
        return np.asarray((found * np.log(rates) - rates).sum(axis=1))

    return Problem("two minima", log_likelihood, np.array([(-1.5, 1.5)] * 2))


def errors(
    problem: Problem, inside: Callable[[Array, int], NDArray[np.bool_]], levels: tuple[float, ...]
) -> list[float]:
    """Return the share of each region's volume that is on the wrong side."""
    theta = problem.even(TEST_POINTS)
    q = 2.0 * (problem.highest() - problem.log_likelihood(theta))
    true = [q <= level for level in levels]
    return [float((inside(theta, n) != one).sum() / one.sum()) for n, one in enumerate(true)]


def grid_errors(problem: Problem, levels: tuple[float, ...]) -> list[float]:
    """Return the errors of a full grid with linear interpolation."""
    axes = [np.linspace(low, high, POINTS_PER_AXIS) for low, high in problem.bounds]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, problem.n_parameters)
    values = problem.log_likelihood(points).reshape([POINTS_PER_AXIS] * problem.n_parameters)
    interpolated, highest = RegularGridInterpolator(axes, values), problem.highest()
    return errors(problem, lambda theta, n: 2.0 * (highest - interpolated(theta)) <= levels[n], levels)


def found_by(problem: Problem, seed: int) -> ContourResult:
    """Return the contours by few evaluations."""
    names = tuple(f"p{number}" for number in range(problem.n_parameters))
    settings = ContourSettings(MOST_EVALUATIONS[problem.n_parameters], seed=seed)
    return adaptive_contours(problem.log_likelihood, names, problem.bounds, CONFIDENCE_LEVELS, settings)


def inside_of(result: ContourResult) -> Inside:
    """Return whether points are in the region of a result."""
    return lambda theta, n: result.inside(theta, CONFIDENCE_LEVELS[n])


def row(problem: Problem, seeds: int) -> str:
    """Return a line of the table: the worst of the seeds."""
    started = time.perf_counter()
    results = [found_by(problem, seed) for seed in range(seeds)]
    seconds = (time.perf_counter() - started) / seeds
    levels = results[0].levels
    adaptive = np.array([errors(problem, inside_of(result), levels) for result in results]).max(axis=0)
    full = grid_errors(problem, levels)
    n_grid = POINTS_PER_AXIS**problem.n_parameters
    most = max(result.n_evaluations for result in results)
    figures = " | ".join(f"{100 * one:.2f} % / {100 * other:.2f} %" for one, other in zip(adaptive, full, strict=True))
    verdict = "yes" if (adaptive <= full).all() else "no"
    return (
        f"| {problem.name} | {problem.n_parameters} | {most} | {n_grid} | {n_grid / most:.0f} "
        f"| {figures} | {verdict} | {seconds:.1f} |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="of the search; the worst one counts")
    seeds = parser.parse_args().seeds
    problems = [
        of_counts("rates", 2, 5, 60.0, 1.0, 1),
        of_counts("rates, wide box", 2, 8, 100.0, 2.0, 2),
        two_minima(),
        of_counts("rates", 3, 8, 60.0, 0.5, 3),
        of_counts("rates", 4, 8, 80.0, 0.4, 4),
        of_counts("rates, more bins", 4, 20, 40.0, 0.3, 5),
    ]
    print("| likelihood | parameters | evaluations | grid | ratio | 68 %: found / grid | 95 %: found / grid | "
          "not worse | s |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|")
    for problem in problems:
        print(row(problem, seeds), flush=True)


if __name__ == "__main__":
    main()
