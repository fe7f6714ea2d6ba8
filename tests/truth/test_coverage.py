"""Do 68.27 % intervals cover in 68.27 % of repeated experiments? On dsigma = sigma_0 (1 + a theta x)^2 N(x; 0, 1).

Bands are two binomial standard deviations; an over-confident estimator has to fall out of them.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.inference.grid import Grid
from assay.inference.likelihoods import BinnedLikelihood, Product, RateLikelihood, RatioLikelihood
from assay.inference.limits import DataSet, limits
from assay.inference.protocols import Likelihood
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.slow
SLOPE, SIGMA_0, LUMINOSITY = 0.7, 0.002, 100.0
N_TOYS = 200
GRID = Grid.regular(("theta",), [(-0.6, 0.6)], 25)
BASIS = np.array([[0.0], [1.0], [-1.0]])
MORPHING = Morphing.from_basis(components([2], 2), BASIS)


def templates(edges: np.ndarray) -> Templates:
    """Exact cross sections in bins: integrals of (1 + a theta x)^2 times the normal density."""
    lower, upper = np.append(-40.0, edges), np.append(edges, 40.0)
    zeroth = norm.cdf(upper) - norm.cdf(lower)
    first = norm.pdf(lower) - norm.pdf(upper)
    second = zeroth + lower * norm.pdf(lower) - upper * norm.pdf(upper)
    slope = SLOPE * BASIS.T
    sums = SIGMA_0 * (zeroth[:, None] + 2 * slope * first[:, None] + slope**2 * second[:, None])
    return Templates(MORPHING, sums, np.zeros((len(sums), 3, 3)))


BINNED = templates(norm.ppf(np.arange(1, 10) / 10))
TOTAL = templates(np.empty(0))


class Ratio:
    observables = ("x",)

    def __init__(self, confidence: float) -> None:
        self.confidence = confidence

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        exact = 2 * np.log(np.abs(1 + SLOPE * theta @ x.T)) - np.log1p((SLOPE * theta) ** 2)
        return self.confidence * exact

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        slope = SLOPE * theta
        return self.confidence * (2 * SLOPE * x / (1 + slope * x) - 2 * SLOPE * slope / (1 + slope**2))


def draw(theta: float, rng: np.random.Generator) -> np.ndarray:
    """Events at theta by rejection from a wide normal density."""
    expected = 1000 * LUMINOSITY * SIGMA_0 * (1 + (SLOPE * theta) ** 2)
    wanted, events = rng.poisson(expected), np.empty(0)
    while len(events) < wanted:
        x = rng.normal(scale=1.5, size=2000)
        density = (1 + SLOPE * theta * x) ** 2 * norm.pdf(x) / norm.pdf(x, scale=1.5)
        events = np.append(events, x[rng.uniform(size=2000) * 2.5 < density])
    return events[:wanted]


def likelihood_of(kind: str, events: np.ndarray) -> Likelihood:
    rate = RateLikelihood(TOTAL, LUMINOSITY, float(len(events)))
    if kind == "histogram":
        bins = np.digitize(events, norm.ppf(np.arange(1, 10) / 10))
        return Product((BinnedLikelihood(BINNED, np.bincount(bins, minlength=10).astype(float)), rate))
    confidence = {"exact ratio": 1.0, "over-confident": 2.5}[kind]
    return Product((RatioLikelihood(Ratio(confidence), events[:, None], np.ones(len(events))), rate))


def coverage(kind: str, theta: float) -> float:
    rng = np.random.default_rng(7)
    covered = 0
    for _ in range(N_TOYS):
        events = draw(theta, rng)
        data = DataSet(LUMINOSITY, len(events))
        result = limits(kind, True, likelihood_of(kind, events), GRID, data, (0.6827,))
        covered += any(s.lower <= theta <= s.upper for s in result.interval("theta", 0.6827).segments)
    return covered / N_TOYS


BAND = 2 * np.sqrt(0.6827 * 0.3173 / N_TOYS)


@pytest.mark.parametrize("theta", [0.0, 0.15])
@pytest.mark.parametrize("kind", ["histogram", "exact ratio"])
def test_intervals_cover(kind: str, theta: float) -> None:
    assert abs(coverage(kind, theta) - 0.6827) < BAND


def test_an_over_confident_ratio_does_not_cover() -> None:
    assert coverage("over-confident", 0.0) < 0.6827 - BAND
