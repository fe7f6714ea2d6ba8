"""A process whose cross section is a known polynomial in two parameters, with as many runs as a test likes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.polynomial import Polynomial

from assay.events.table import CutFlowRow, EventTable, ObservableInfo, Sample
from assay.theory.morphing import Morphing, components
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

POINTS = {"sm": (0, 0), "a": (1, 0), "b": (0, 1), "c": (-1, 0.5), "d": (0.5, -1), "e": (0.8, 0.9)}
POWERS = components((2, 2), 2)


@dataclass(frozen=True)
class Toy:
    """dsigma/dx = 5 pb [(1 + a theta_0 + b theta_1)^2 + 0.2 theta^2] for 0 < x < 1 with a = 2x - 1, b = 3x^2 - 1."""

    space: ParameterSpace
    morphing: Morphing

    def terms(self) -> dict[tuple[int, int], Polynomial]:
        one, a, b = Polynomial([1]), Polynomial([-1, 2]), Polynomial([-1, 0, 3])
        both = {
            (0, 0): one,
            (1, 0): 2 * a,
            (0, 1): 2 * b,
            (2, 0): a**2 + 0.2,
            (1, 1): 2 * a * b,
            (0, 2): b**2 + 0.2,
        }
        return {powers: 5.0 * term for powers, term in both.items()}

    def density(self, x, theta) -> np.ndarray:
        """dsigma/dx in pb at x (E,) for one theta."""
        return sum(theta[0] ** k * theta[1] ** m * term(x) for (k, m), term in self.terms().items())

    def cross_section(self, theta, low=0.0) -> float:
        total = sum(theta[0] ** k * theta[1] ** m * term for (k, m), term in self.terms().items())
        return total.integ()(1.0) - total.integ()(low)

    def draw(self, theta, n, rng) -> np.ndarray:
        """Draw x at theta by inverting the distribution function on a fine grid."""
        edges = np.linspace(0, 1, 4001)
        total = sum(theta[0] ** k * theta[1] ** m * term for (k, m), term in self.terms().items())
        cumulative = total.integ()(edges) - total.integ()(0.0)
        return np.interp(rng.uniform(size=n) * cumulative[-1], cumulative, edges)

    def run(self, benchmark, n, rng) -> tuple[np.ndarray, np.ndarray]:
        """One run of n events at a benchmark: x (n,) and weights (n, B) in pb that add up to its cross section."""
        point = POINTS[benchmark]
        x = self.draw(point, n, rng)
        weights = np.stack([self.density(x, p) for p in POINTS.values()], axis=1)
        weights *= (self.cross_section(point) / n / self.density(x, point))[:, None]
        return x, weights

    def table(self, runs, rng, cut=0.0, names=None) -> EventTable:
        """A table of runs [(benchmark, n_events), ...], each normalised to its own cross section."""
        parts = [self.run(benchmark, n, rng) for benchmark, n in runs]
        names = names or [f"{benchmark}_{i}" for i, (benchmark, _) in enumerate(runs)]
        samples, rows, x, weights, index = [], [], [], [], []
        for i, ((benchmark, n), (x_run, w_run)) in enumerate(zip(runs, parts, strict=True)):
            own = w_run[:, list(POINTS).index(benchmark)]
            samples.append(Sample(names[i], benchmark, n, self.cross_section(POINTS[benchmark])))
            keep = x_run > cut
            rows += [
                CutFlowRow(names[i], "generated", n, own.sum()),
                CutFlowRow(names[i], "x > cut", keep.sum(), own[keep].sum()),
            ]
            x.append(x_run[keep])
            weights.append(w_run[keep])
            index.append(np.full(keep.sum(), i, dtype=np.int32))
        x = np.concatenate(x)[:, None]
        x = np.concatenate([x, np.sin(7 * x)], axis=1)
        observables = (ObservableInfo("x", "j[0].pt", "GeV", r"p_T"), ObservableInfo("s", "sin(7*x)"))
        return EventTable(
            self.space,
            self.morphing,
            observables,
            tuple(samples),
            x,
            np.concatenate(weights),
            np.concatenate(index),
            tuple(rows),
        )


@pytest.fixture(scope="session")
def toy() -> Toy:
    parameters = (
        Parameter("t0", "dim6", 2, (-1.0, 1.0), 2, "16.52*theta", r"\theta_0"),
        Parameter("t1", "dim6", 5, (-1.0, 1.0), 2),
    )
    benchmarks = tuple(Benchmark(name, tuple(map(float, values))) for name, values in POINTS.items())
    space = ParameterSpace(parameters, benchmarks, "sm")
    return Toy(space, Morphing.of_space(space, 2))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20240806)
