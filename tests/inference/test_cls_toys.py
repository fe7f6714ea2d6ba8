from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, norm, poisson

from assay.errors import InferenceError
from assay.inference.cls import CountingModel, asymptotic_cls
from assay.inference.cls_toys import asymptotic_region_cls, cls_of, counting_cls

pytestmark = pytest.mark.fast


class Counting:
    """strength x signal + background, in events: the cross section is that of a luminosity of 0.001 fb^-1."""

    n_bins = 1

    def __init__(self, signal: float, background: float, uncertainty: float = 0.0) -> None:
        self.signal, self.background, self.uncertainty = signal, background, uncertainty

    def cross_sections(self, theta: np.ndarray) -> np.ndarray:
        points = np.atleast_2d(theta)
        background = self.background * np.exp(self.uncertainty * points[:, 1:].sum(axis=1))
        return (self.signal * points[:, 0] + background)[:, None]

    def gradients(self, theta: np.ndarray) -> np.ndarray:
        points = np.atleast_2d(theta)
        background = self.background * np.exp(self.uncertainty * points[:, 1:].sum(axis=1))
        columns = [np.full(len(points), self.signal)]
        columns += [self.uncertainty * background] * (points.shape[1] - 1)
        gradients = np.stack(columns, axis=1)[:, None]
        return gradients if np.ndim(theta) > 1 else gradients[0]


def test_counting_experiment_against_poisson_sums() -> None:
    """Without nuisance parameters q falls with the count up to the tested strength: CLs are sums of probabilities."""
    model = CountingModel(Counting(6.0, 3.0), 0.001, 0)
    found = counting_cls(model, np.array([4.0]), 1.0, 5.0, 400, np.random.default_rng(0))
    cl_sb, cl_b = poisson.cdf(4, 9.0), poisson.cdf(4, 3.0)
    assert found.cl_sb == pytest.approx(cl_sb, abs=4 * found.cl_sb_error + 4e-3)
    assert found.cl_b == pytest.approx(cl_b, abs=4 * found.cl_b_error + 4e-3)
    assert found.cls == pytest.approx(cl_sb / cl_b, abs=4 * found.cls_error)
    assert not found.excluded
    assert not found.failures


def test_toys_agree_with_formulas_for_many_events() -> None:
    model = CountingModel(Counting(40.0, 400.0, 0.05), 0.001, 1)
    counts = np.array([410.0])
    by_toys = counting_cls(model, counts, 1.5, 10.0, 150, np.random.default_rng(1))
    formula = asymptotic_cls(model, counts, 1.5, 10.0)
    assert by_toys.q == pytest.approx(formula.q, rel=1e-6)
    assert by_toys.cl_sb == pytest.approx(formula.cl_sb, abs=4 * by_toys.cl_sb_error)
    assert by_toys.cl_b == pytest.approx(formula.cl_b, abs=4 * by_toys.cl_b_error)


def test_regions_of_a_gaussian_measurement() -> None:
    """theta is measured with unit error; it is tested at 2 and 3 with data at 0.5, beside theta_0 = 0."""
    rng = np.random.default_rng(2)
    for theta in (2.0, 3.0):
        q = (0.5 - theta) ** 2
        with_signal, without = rng.normal(0, 1, 20_000) ** 2, (rng.normal(0, 1, 20_000) - theta) ** 2
        found, formula = cls_of(q, with_signal, without), asymptotic_region_cls(q, theta**2, 1)
        distance = abs(0.5 - theta)
        exact_b = norm.cdf(theta - distance) + norm.sf(theta + distance)
        assert formula.cl_sb == pytest.approx(2 * norm.sf(distance))
        assert formula.cl_b == pytest.approx(norm.cdf(-distance, -theta) + norm.sf(distance, -theta), rel=1e-6)
        assert exact_b > 0
        assert found.cls == pytest.approx(formula.cls, abs=4 * found.cls_error)


def test_without_separation_cls_is_one() -> None:
    assert asymptotic_region_cls(1.3, 0.0, 2).cls == 1.0
    assert asymptotic_region_cls(1.3, 0.0, 2).cl_sb == pytest.approx(chi2.sf(1.3, 2))


def test_no_p_value_is_zero() -> None:
    found = cls_of(100.0, np.zeros(99), np.zeros(99))
    assert found.cl_sb == pytest.approx(0.01)


def test_wrong_arguments_are_refused() -> None:
    with pytest.raises(InferenceError, match="toys"):
        cls_of(1.0, [], [1.0])
    with pytest.raises(InferenceError, match="finite"):
        cls_of(1.0, [np.nan], [1.0])
    with pytest.raises(InferenceError, match="0 or more"):
        asymptotic_region_cls(-1.0, 1.0, 1)
    model = CountingModel(Counting(6.0, 3.0), 0.001, 0)
    with pytest.raises(InferenceError, match="strength"):
        counting_cls(model, np.array([4.0]), 6.0, 5.0, 10, np.random.default_rng(0))
