from __future__ import annotations

import numpy as np
import pytest
from tests.inference.test_maximisation import Quadratic, correlated

from assay.errors import InferenceError
from assay.inference.channels import Channel, Combination
from assay.inference.nuisance import Profiled

pytestmark = pytest.mark.fast


def test_parameters_are_matched_by_name() -> None:
    first, second = correlated(3, 1), correlated(3, 2)
    both = Combination.of([Channel(first, ("a", "b", "lumi")), Channel(second, ("scale", "lumi", "a"))], ("a", "b"))
    assert both.parameters == ("a", "b", "lumi", "scale")
    theta = np.random.default_rng(0).normal(size=(6, 4))
    expected = first.log_likelihood(theta[:, [0, 1, 2]]) + second.log_likelihood(theta[:, [3, 2, 0]])
    assert np.allclose(both.log_likelihood(theta), expected)
    for p in range(4):
        step = 1e-5 * np.eye(4)[p]
        slope = (both.log_likelihood(theta + step) - both.log_likelihood(theta - step)) / 2e-5
        assert np.allclose(both.gradient(theta)[:, p], slope, atol=1e-6)
    assert np.allclose(both.gradient(theta[1]), both.gradient(theta)[1])


def test_a_shared_nuisance_parameter_does_not_average_out() -> None:
    """Two measurements x_i = theta + delta nu_i +- s: with one nu, the variance is s^2/2 + delta^2; with two, half."""
    s, delta = 0.3, 0.5
    row = np.array([1.0, delta])
    measurement = Quadratic(np.outer(row, row) / s**2, np.zeros(2))
    for names, variance in ((("nu", "nu"), s**2 / 2 + delta**2), (("nu1", "nu2"), (s**2 + delta**2) / 2)):
        both = Combination.of([Channel(measurement, ("theta", name)) for name in names], ("theta",))
        profiled = Profiled(both, len(both.parameters) - 1)
        q = -2.0 * profiled.log_likelihood(np.array([[0.7]]))[0]
        assert np.isclose(q, 0.7**2 / variance, rtol=1e-8)


def test_a_parameter_that_the_combination_lacks_is_named() -> None:
    with pytest.raises(InferenceError, match="lacks lumi") as failure:
        Combination((Channel(correlated(2, 1), ("a", "lumi")),), ("a",))
    assert failure.value.where == "channel 0"
    with pytest.raises(InferenceError, match="0 channels"):
        Combination((), ("a",))
