"""Adaption of sampling grids and integration over all of them at once.

Cross sections use every point of every benchmark's grid with the balance heuristic (Veach and Guibas 1995): a point
drawn from any grid has the density g = sum_k n_k g_k / N, and sigma_b = mean of dsigma_b / g. No benchmark depends on
its own grid alone, and since all use the same points, the cross sections are exactly quadratic in the couplings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.generation.adaptive_grid import AdaptiveGrid, uniform_grid
from assay.generation.hard_process import HardPoints, HardProcess
from assay.generation.kinematics import FloatArray

POINTS_PER_CHUNK = 20_000
TAIL_LENGTH = 10_000


@dataclass(frozen=True)
class CrossSections:
    """Values (B,) in pb, their covariance (B, B) in pb^2, and the largest weights on each benchmark's own grid."""

    values: FloatArray
    covariance: FloatArray
    tails: list[WeightTail]


@dataclass
class WeightTail:
    """The points of largest weight w = dsigma_b / g_b on the grid of benchmark b, whichever grid they were drawn from.

    `weights` (n,) in pb; `shares` (n,) what each stands for of the cross section (with its other points), in pb.
    """

    weights: FloatArray
    shares: FloatArray

    def add(self, weights: FloatArray, shares: FloatArray) -> None:
        """Add points (n,), and keep the `TAIL_LENGTH` of largest weight."""
        weights = np.concatenate([self.weights, weights])
        shares = np.concatenate([self.shares, shares])
        if len(weights) > TAIL_LENGTH:
            largest = np.argpartition(weights, -TAIL_LENGTH)[-TAIL_LENGTH:]
            weights, shares = weights[largest], shares[largest]
        self.weights, self.shares = weights, shares

    def maximum(self, overweight: float) -> float:
        """Return the weight m above which lie `overweight` pb: the sum of shares times (1 - m / w) over w > m."""
        order = np.argsort(self.weights)[::-1]
        weights, shares = self.weights[order], self.shares[order]
        above = np.cumsum(shares) - weights * np.cumsum(shares / weights)
        last = int(np.searchsorted(above, overweight, side="right")) - 1
        return float(weights[max(last, 0)])


def evaluate_on_grid(
    process: HardProcess, grid: AdaptiveGrid, n_points: int, rng: np.random.Generator
) -> tuple[FloatArray, HardPoints, FloatArray]:
    """Draw points: those accepted (n, axes), the integrand's parts at them, and their inverse density (n,)."""
    cube, inverse_density = grid.sample(rng.random((n_points, grid.n_axes)))
    points = process.evaluate(cube)
    return cube[points.accepted], points, inverse_density[points.accepted]


def adapt(
    process: HardProcess,
    couplings: FloatArray,
    rng: np.random.Generator,
    *,
    n_bins: int,
    iterations: int,
    n_points: int,
) -> AdaptiveGrid:
    """Return a grid adapted to one coupling vector (1 + operators,)."""
    grid = uniform_grid(process.phase_space.n_axes, n_bins)
    for _ in range(iterations):
        cube, points, inverse_density = evaluate_on_grid(process, grid, n_points, rng)
        grid = grid.refined(cube, points.differential(couplings[None])[:, 0] * inverse_density)
    return grid


def integrate(
    process: HardProcess,
    grids: list[AdaptiveGrid],
    couplings: FloatArray,
    rngs: list[np.random.Generator],
    n_points: int,
) -> CrossSections:
    """Integrate at all coupling vectors (B, 1 + operators) with `n_points` points from each of their grids."""
    n_benchmarks = len(grids)
    total = np.zeros(n_benchmarks)
    covariance = np.zeros((n_benchmarks, n_benchmarks))
    tails = [WeightTail(np.empty(0), np.empty(0)) for _ in grids]
    for grid, rng in zip(grids, rngs, strict=True):
        sums, products = np.zeros(n_benchmarks), np.zeros((n_benchmarks, n_benchmarks))
        for chunk in _chunks(n_points):
            cube, points, _ = evaluate_on_grid(process, grid, chunk, rng)
            values = points.differential(couplings)
            densities = np.stack([other.density(cube) for other in grids], axis=1)
            weights = values / np.mean(densities, axis=1)[:, None]
            sums += weights.sum(axis=0)
            products += weights.T @ weights
            for tail, on_own_grid, share in zip(tails, (values / densities).T, weights.T, strict=True):
                positive = on_own_grid > 0.0
                tail.add(on_own_grid[positive], share[positive] / (n_benchmarks * n_points))
        mean = sums / n_points
        total += mean / n_benchmarks
        covariance += (products / n_points - np.outer(mean, mean)) / n_points / n_benchmarks**2
    return CrossSections(total, covariance, tails)


def _chunks(n_points: int) -> list[int]:
    whole, rest = divmod(n_points, POINTS_PER_CHUNK)
    return [POINTS_PER_CHUNK] * whole + [rest] * (rest > 0)
