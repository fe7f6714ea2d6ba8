r"""CLs of a counting experiment, n = b + mu s, without nuisance parameters: all in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from assay.errors import InferenceError
from assay.inference.cls import CountingModel, asymptotic_cls
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.fast
SIGNAL, BACKGROUND = 12.0, 50.0


def model() -> CountingModel:
    morphing = Morphing.from_basis(components([1], 1), np.array([[0.0], [1.0]]))
    sums = np.array([[BACKGROUND, BACKGROUND + SIGNAL]]) / 1000.0
    return CountingModel(Templates(morphing, sums, np.zeros((1, 2, 2))), 1.0, 0)


def q_tilde(n: float, mu: float) -> float:
    best = (n - BACKGROUND) / SIGNAL
    if best > mu:
        return 0.0
    top = BACKGROUND + SIGNAL * max(best, 0.0)
    expected = BACKGROUND + SIGNAL * mu
    return 2.0 * (expected - top + n * np.log(top / expected))


@pytest.mark.parametrize("n", [40.0, 50.0, 55.0, 63.0, 80.0])
@pytest.mark.parametrize("mu", [0.5, 1.0, 2.0])
def test_it_is_the_closed_form(n: float, mu: float) -> None:
    result = asymptotic_cls(model(), np.array([n]), mu, 10.0)
    q, q_a = q_tilde(n, mu), q_tilde(BACKGROUND, mu)
    t = np.sqrt(q) - np.sqrt(q_a) if q <= q_a else (q - q_a) / (2 * np.sqrt(q_a))
    assert np.isclose(result.q, q, atol=1e-8)
    assert np.isclose(result.q_asimov, q_a, atol=1e-8)
    assert np.isclose(result.cls, norm.sf(t + np.sqrt(q_a)) / norm.sf(t), rtol=1e-6)
    assert np.isclose(result.best_fit[0], max(0.0, (n - BACKGROUND) / SIGNAL), atol=1e-5)


def test_cls_is_one_half_of_nothing_seen_and_falls_with_strength() -> None:
    values = [asymptotic_cls(model(), np.array([50.0]), mu, 20.0).cls for mu in (0.1, 0.5, 1.0, 2.0, 4.0)]
    assert np.all(np.diff(values) < 0)
    assert values[0] > 0.8
    assert values[-1] < 0.01


@pytest.mark.parametrize("mu", [0.0, -1.0, 11.0])
def test_strengths_out_of_range_are_refused(mu: float) -> None:
    with pytest.raises(InferenceError, match="a strength of"):
        asymptotic_cls(model(), np.array([50.0]), mu, 10.0)
