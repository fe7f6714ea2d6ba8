from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.errors import InferenceError
from assay.inference.coverage import Coverage, coverages, fair_universe_score
from assay.inference.toy_batch import ToyBatch

pytestmark = pytest.mark.fast

Z = norm.ppf(0.5 + 0.6827 / 2)


def measured(n: int, confidence: float = 1.0, failures: int = 0, n_parameters: int = 1) -> ToyBatch:
    """Measurements with unit standard deviations, taken for ones of 1 / confidence."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n, n_parameters))
    covers = (np.abs(values) * confidence < Z)[..., None]
    failed = ("broken",) * failures + ("",) * (n - failures)
    return ToyBatch(
        method="toy",
        include_rate=True,
        parameters=tuple("abc"[:n_parameters]),
        point=0,
        points=np.zeros((1, n_parameters)),
        confidence_levels=(0.6827,),
        n_events=np.ones(n),
        best_fit=values,
        q=((values * confidence) ** 2).sum(axis=1, keepdims=True),
        widths=np.full((n, n_parameters, 1), 2 * Z / confidence),
        covers=covers,
        at_edge=np.zeros((n, n_parameters, 1), dtype=bool),
        failures=failed,
    )


@pytest.mark.parametrize(("n", "band"), [(100, (0.590, 0.776)), (500, (0.641, 0.724)), (1000, (0.653, 0.712))])
def test_published_bands(n: int, band: tuple[float, float]) -> None:
    assert Coverage("a", 0.6827, n // 2, n, 0).band == pytest.approx(band, abs=6e-4)


def test_intervals_as_promised_pass() -> None:
    intervals, regions = coverages(measured(1000, n_parameters=2))[0], coverages(measured(1000, n_parameters=2))[2]
    for one in (intervals, regions):
        assert one.verdict == "passed"
        assert one.tendency == "as promised"
    assert (intervals.parameter, regions.parameter) == ("a", None)
    assert regions.score is None
    assert intervals.mean_width == pytest.approx(2 * Z)


def test_over_confident_intervals_fail() -> None:
    (found,) = coverages(measured(300, confidence=1.7))
    assert found.value < 0.55
    assert (found.verdict, found.tendency) == ("failed", "over-confident")


def test_conservative_intervals_are_doubtful() -> None:
    (found,) = coverages(measured(300, confidence=0.5))
    assert (found.verdict, found.tendency) == ("doubtful", "conservative")


def test_slightly_low_coverage_is_doubtful() -> None:
    assert Coverage("a", 0.6827, 305, 500, 0).verdict == "failed"
    assert Coverage("a", 0.6827, 318, 500, 0).verdict == "doubtful"
    assert Coverage("a", 0.6827, 321, 500, 0).verdict == "passed"


def test_many_failures_make_coverage_doubtful() -> None:
    (found,) = coverages(measured(1000, failures=30))
    assert (found.n_toys, found.n_failed) == (970, 30)
    assert found.verdict == "doubtful"
    assert coverages(measured(1000, failures=5))[0].verdict == "passed"


def test_score_of_the_fair_universe_challenge() -> None:
    sigma = np.sqrt(0.6827 * 0.3173 / 1000)
    assert fair_universe_score(0.8, 0.6827, 1000) == pytest.approx(-np.log(0.801))
    low = 0.6827 - 2 * sigma - 3 * sigma
    assert fair_universe_score(0.8, low, 1000) == pytest.approx(-np.log(0.801 * (1 + 3**4)))
    high = 0.6827 + 2 * sigma + 1.5 * sigma
    assert fair_universe_score(0.8, high, 1000) == pytest.approx(-np.log(0.801 * (1 + 1.5**3)))


@pytest.mark.parametrize("wrong", [(-1.0, 0.5, 10), (1.0, 1.2, 10), (1.0, 0.5, 0)])
def test_wrong_scores_are_refused(wrong: tuple[float, float, int]) -> None:
    with pytest.raises(InferenceError, match="coverage"):
        fair_universe_score(*wrong)


def test_nothing_but_failures_is_an_error_that_names_them() -> None:
    with pytest.raises(InferenceError, match="4 x broken"):
        coverages(measured(4, failures=4))
