"""Adaption of sampling maps and integration over all of them at once.

Every channel of integration has a map per benchmark. Adaption and cross sections use every point of every benchmark's
map with the balance heuristic (Veach and Guibas 1995): a point drawn from any map has the density g = mean_b g_b, and
sigma_b = mean of dsigma_b / g. No benchmark depends on its own map alone, and since all use the same points, the cross
sections are exactly quadratic in the couplings.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.errors import GenerationError
from assay.generation.adaptive_map import AdaptiveMap, uniform_map
from assay.generation.hard_process import Channel, HardPoints, Integrand
from assay.generation.kinematics import FloatArray

POINTS_PER_CHUNK = 20_000
TAIL_LENGTH = 10_000
LEAST_SHARE_OF_POINTS = 0.02


@dataclass(frozen=True)
class Integrals:
    """Cross sections of a channel: values (B,) in pb, covariance (B, B) in pb^2, largest weights per benchmark."""

    values: FloatArray
    covariance: FloatArray
    tails: list[WeightTail]


@dataclass
class WeightTail:
    """The points of largest weight w = dsigma_b / g_b on the map of benchmark b, whichever map they were drawn from.

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
        """Return the weight m above which lie `overweight` pb: the sum of shares times (1 - m / w) over w > m.

        Zero where there is no weight at all.
        """
        if not len(self.weights):
            return 0.0
        order = np.argsort(self.weights)[::-1]
        weights, shares = self.weights[order], self.shares[order]
        above = np.cumsum(shares) - weights * np.cumsum(shares / weights)
        last = int(np.searchsorted(above, overweight, side="right")) - 1
        return float(weights[max(last, 0)])


def evaluate_on_map(
    integrand: Integrand, channel: Channel, sampling: AdaptiveMap, n_points: int, rng: np.random.Generator
) -> tuple[FloatArray, HardPoints, FloatArray]:
    """Draw points: those accepted (n, axes), the integrand's parts at them, and their inverse density (n,)."""
    cube, inverse_density = sampling.sample(rng.random((n_points, sampling.n_axes)))
    points = integrand.evaluate(channel, cube)
    return cube[points.accepted], points, inverse_density[points.accepted]


def adapt(
    integrand: Integrand,
    channel: Channel,
    couplings: FloatArray,
    rng: np.random.Generator,
    *,
    n_bins: int,
    iterations: int,
    n_points: int,
) -> tuple[list[AdaptiveMap], FloatArray]:
    """Return maps of a channel adapted to coupling vectors (B, 1 + operators), and rough cross sections (B,) in pb.

    An iteration has `n_points` points in all; those of every map train all maps.
    """
    maps = [uniform_map(channel.n_axes, n_bins)] * len(couplings)
    rough = np.zeros(len(couplings))
    for iteration in range(iterations):
        distinct = maps[:1] if iteration == 0 else maps
        share = -(-n_points // len(distinct))
        drawn = [evaluate_on_map(integrand, channel, sampling, share, rng)[:2] for sampling in distinct]
        cube = np.concatenate([part[0] for part in drawn])
        values = np.concatenate([part[1].differential(couplings) for part in drawn])
        densities = np.stack([sampling.density(cube) for sampling in maps], axis=1)
        mixture = densities.mean(axis=1)
        rough = (values / mixture[:, None]).sum(axis=0) / (share * len(distinct))
        if np.any(rough > 0.0):
            maps = [
                sampling.refined(cube, value / density, mixture / density) if np.any(value > 0.0) else sampling
                for sampling, value, density in zip(maps, values.T, densities.T, strict=True)
            ]
    return maps, rough


def integrate(
    integrand: Integrand,
    channel: Channel,
    maps: list[AdaptiveMap],
    couplings: FloatArray,
    rng: np.random.Generator,
    n_points: int,
) -> Integrals:
    """Integrate a channel at all coupling vectors (B, 1 + operators) with `n_points` points from each of their maps."""
    n_benchmarks = len(maps)
    total = np.zeros(n_benchmarks)
    covariance = np.zeros((n_benchmarks, n_benchmarks))
    tails = [WeightTail(np.empty(0), np.empty(0)) for _ in maps]
    for sampling in maps:
        sums, products = np.zeros(n_benchmarks), np.zeros((n_benchmarks, n_benchmarks))
        for chunk in _chunks(n_points):
            cube, points, _ = evaluate_on_map(integrand, channel, sampling, chunk, rng)
            values = points.differential(couplings)
            densities = np.stack([other.density(cube) for other in maps], axis=1)
            weights = values / np.mean(densities, axis=1)[:, None]
            sums += weights.sum(axis=0)
            products += weights.T @ weights
            for tail, on_own_map, share in zip(tails, (values / densities).T, weights.T, strict=True):
                positive = on_own_map > 0.0
                tail.add(on_own_map[positive], share[positive] / (n_benchmarks * n_points))
        mean = sums / n_points
        total += mean / n_benchmarks
        covariance += (products / n_points - np.outer(mean, mean)) / n_points / n_benchmarks**2
    return Integrals(total, covariance, tails)


def shares_of_points(rough: FloatArray) -> FloatArray:
    """Return the share of points that each channel gets, (channels,), from rough cross sections (channels, B).

    A channel gets the largest share of the cross section that it has at any benchmark, and no less than a fiftieth.

    Raises
    ------
    GenerationError
        If a benchmark has no cross section at all.
    """
    totals = rough.sum(axis=0)
    if not np.all(totals > 0.0):
        raise GenerationError(
            "no point of the sample has a positive weight",
            expected="cuts that leave some phase space",
            mend="loosen the cuts or raise the beam energy",
        )
    largest = np.maximum((rough / totals).max(axis=1), LEAST_SHARE_OF_POINTS)
    shares: FloatArray = largest / largest.sum()
    return shares


def _chunks(n_points: int) -> list[int]:
    whole, rest = divmod(n_points, POINTS_PER_CHUNK)
    return [POINTS_PER_CHUNK] * whole + [rest] * (rest > 0)
