"""Polynomial mixture, dsigma = sigma_0 (1 + a theta x)^2 N(x; 0, 1): histograms approach the ratio as bins multiply."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import chi2, norm

from assay.inference.fisher import histogram_information
from assay.inference.grid import Grid
from assay.inference.likelihoods import BinnedLikelihood, RatioLikelihood
from assay.inference.limits import DataSet, limits
from assay.inference.results import LimitResult
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.fast
SLOPE, N, TRUE = 0.7, 150.0, 0.1
BASIS = np.array([[0.0], [1.0], [-1.0]])
GRID = Grid.regular(("theta",), [(-0.3, 0.5)], 33)
DATA = DataSet(1.0, N, (TRUE,))


class ExactRatio:
    observables = ("x",)

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return 2 * np.log(np.abs(1 + SLOPE * theta @ x.T)) - np.log1p((SLOPE * theta) ** 2)

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return 2 * SLOPE * x / (1 + SLOPE * theta * x) - 2 * SLOPE**2 * theta / (1 + (SLOPE * theta) ** 2)


def templates(n_bins: int) -> Templates:
    edges = norm.ppf(np.arange(n_bins + 1) / n_bins)
    lower, upper = np.clip(edges[:-1], -40, 40), np.clip(edges[1:], -40, 40)
    zeroth = norm.cdf(upper) - norm.cdf(lower)
    first = norm.pdf(lower) - norm.pdf(upper)
    second = zeroth + lower * norm.pdf(lower) - upper * norm.pdf(upper)
    slope = SLOPE * BASIS.T
    sums = zeroth[:, None] + 2 * slope * first[:, None] + slope**2 * second[:, None]
    return Templates(Morphing.from_basis(components([2], 2), BASIS), sums, np.zeros((n_bins, 3, 3)))


def quadrature() -> tuple[np.ndarray, np.ndarray]:
    """A fine rule in place of events; log r has a singularity far out, so no Gaussian quadrature."""
    x = np.linspace(-9, 9, 40_001)
    return x[:, None], (1 + SLOPE * TRUE * x) ** 2 * norm.pdf(x)


def width(result: LimitResult) -> float:
    (segment,) = result.interval("theta", 0.68).segments
    return segment.upper - segment.lower


def exact_width() -> float:
    x, weights = quadrature()
    weights = weights / weights.sum()

    def excess(theta: float) -> float:
        log_ratio = ExactRatio().log_ratio(x, np.array([[theta]]))[0] - ExactRatio().log_ratio(x, np.array([[TRUE]]))[0]
        return float(-2 * N * weights @ log_ratio - chi2.ppf(0.68, 1))

    return float(brentq(excess, TRUE, 0.5) - brentq(excess, -0.3, TRUE))


def test_the_ratio_gives_the_exact_interval() -> None:
    result = limits("ratio", False, RatioLikelihood.asimov(ExactRatio(), *quadrature(), N), GRID, DATA, (0.68,))
    assert np.isclose(result.best_fit.theta[0], TRUE, atol=1e-5)
    assert np.isclose(width(result), exact_width(), rtol=1e-6)


def test_histograms_approach_it_from_above() -> None:
    widths = []
    for n_bins in (2, 4, 10, 40, 400):
        likelihood = BinnedLikelihood.asimov(templates(n_bins), N, (TRUE,))
        widths.append(width(limits("histogram", False, likelihood, GRID, DATA, (0.68,))))
    assert np.all(np.diff(widths) < 0)
    assert widths[0] > 1.2 * exact_width()
    assert 1.0 < widths[-1] / exact_width() < 1.003


def test_information_approaches_that_of_the_score_from_below() -> None:
    x, weights = quadrature()
    score = ExactRatio().score(x, np.array([TRUE]))[:, 0]
    exact = weights @ score**2 / weights.sum()
    sigma = 1 + (SLOPE * TRUE) ** 2
    found = [
        histogram_information(templates(n), [TRUE], 0.001, ("theta",), "h", False).information[0, 0] / sigma
        for n in (2, 10, 100, 1000)
    ]
    assert np.all(np.diff(found) > 0)
    assert 0.998 < found[-1] / exact < 1.0
