"""What is prepared of an integrand: per channel adapted maps and maximum weights; cross sections of all benchmarks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from assay.errors import GenerationError
from assay.generation.adaptive_map import AdaptiveMap
from assay.generation.hard_process import Integrand
from assay.generation.integration import adapt, integrate, shares_of_points
from assay.generation.kinematics import FloatArray
from assay.generation.unweighting import Source

OVERWEIGHT_SHARE = 2e-4
LEAST_POINTS_PER_ITERATION = 4_000


@dataclass(frozen=True)
class Effort:
    """How many points a preparation spends.

    Attributes
    ----------
    n_points
        Points per benchmark for the cross sections; their error is about 1 / sqrt(n_points * number of benchmarks).
    iterations, n_points_per_iteration, n_bins
        Adaption of the maps: points per benchmark and iteration, which all channels share.
    """

    n_points: int = 300_000
    iterations: int = 6
    n_points_per_iteration: int = 20_000
    n_bins: int = 64


@dataclass(frozen=True)
class Sampling:
    """An integrand with C channels, ready to be sampled at B benchmarks.

    Attributes
    ----------
    maps
        Per channel the edges (B, n_axes, n_bins + 1) of every benchmark's map.
    maximum_weights
        (B, C), above which points are drawn more than once; zero where a channel has no events.
    values
        (B,) integrals: cross sections in pb, or widths in GeV.
    covariance
        (B, B) of the values: all benchmarks are integrated with the same points, so that they depend on the couplings
        exactly quadratically.
    """

    maps: tuple[FloatArray, ...]
    maximum_weights: FloatArray
    values: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        n = len(self.values)
        shapes = {"maximum_weights": (n, len(self.maps)), "values": (n,), "covariance": (n, n)}
        for name, shape in shapes.items():
            found = getattr(self, name)
            if found.shape != shape or not np.all(np.isfinite(found)):
                raise GenerationError(
                    f"{name} of the prepared process are damaged", expected=f"finite numbers of shape {shape}"
                )
        weights = self.maximum_weights
        good = np.all(self.values > 0.0) and np.all(weights >= 0.0) and np.all(np.any(weights > 0.0, axis=1))
        if not good or any(edges.shape[:1] != (n,) or edges.ndim != 3 for edges in self.maps):
            raise GenerationError(
                "the prepared process is damaged",
                expected="a map per channel, a weight and a cross section per benchmark",
                mend="run prepare again",
            )

    def sources(self, integrand: Integrand, benchmark: int) -> list[Source]:
        """Return the channels from which events at a benchmark are drawn.

        Raises
        ------
        GenerationError
            If the maps are not those of the integrand.
        """
        axes = [channel.n_axes for channel in integrand.channels]
        if axes != [edges.shape[1] for edges in self.maps]:
            raise GenerationError(
                "the prepared process has maps for other channels",
                expected=f"{len(axes)} channels with {', '.join(map(str, axes))} variables",
                mend="run prepare again",
            )
        return [
            Source(channel, AdaptiveMap(edges[benchmark]), float(maximum))
            for channel, edges, maximum in zip(
                integrand.channels, self.maps, self.maximum_weights[benchmark], strict=True
            )
            if maximum > 0.0
        ]


def sampling_of(integrand: Integrand, couplings: FloatArray, rng: np.random.Generator, effort: Effort) -> Sampling:
    """Adapt and integrate all channels of an integrand at coupling vectors (B, 1 + operators)."""
    channels, n_benchmarks = integrand.channels, len(couplings)
    points = effort.n_points_per_iteration * n_benchmarks
    per_iteration = max(points // len(channels), min(points, LEAST_POINTS_PER_ITERATION))
    streams = rng.spawn(len(channels))
    adapted = [
        adapt(
            integrand,
            channel,
            couplings,
            stream,
            n_bins=effort.n_bins,
            iterations=effort.iterations,
            n_points=per_iteration,
        )
        for channel, stream in zip(channels, streams, strict=True)
    ]
    shares = shares_of_points(np.stack([rough for _, rough in adapted]))
    integrals = [
        integrate(integrand, channel, maps, couplings, stream, max(int(share * effort.n_points), 1))
        for channel, (maps, _), stream, share in zip(channels, adapted, streams, shares, strict=True)
    ]
    maxima = [
        [tail.maximum(OVERWEIGHT_SHARE * value) for tail, value in zip(found.tails, found.values, strict=True)]
        for found in integrals
    ]
    return Sampling(
        maps=tuple(np.array([sampling.edges for sampling in maps]) for maps, _ in adapted),
        maximum_weights=np.array(maxima).T,
        values=np.sum([found.values for found in integrals], axis=0),
        covariance=np.sum([found.covariance for found in integrals], axis=0),
    )
