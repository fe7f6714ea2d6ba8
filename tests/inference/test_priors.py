from __future__ import annotations

import numpy as np
import pytest

from assay.errors import InferenceError
from assay.inference.priors import Marginal, Prior

pytestmark = pytest.mark.fast

KINDS = [
    Marginal("flat", -1.0, 3.0),
    Marginal("gaussian", -1.0, 2.0, 0.5, 0.7),
    Marginal("log_uniform", 0.1, 10.0),
]


@pytest.mark.parametrize("marginal", KINDS)
def test_densities_are_normalised_and_those_of_the_samples(marginal: Marginal) -> None:
    prior = Prior((marginal,))
    axis = np.linspace(marginal.low, marginal.high, 20_001)[:, None]
    density = np.exp(prior.log_density(axis))
    assert np.trapezoid(density, axis[:, 0]) == pytest.approx(1.0, abs=1e-4)
    samples = prior.sample(20_000, np.random.default_rng(0))
    mean = np.trapezoid(density * axis[:, 0], axis[:, 0])
    assert samples.mean() == pytest.approx(mean, abs=5 * samples.std() / np.sqrt(20_000))
    assert samples.min() >= marginal.low
    assert samples.max() <= marginal.high


def test_prior_is_a_product_and_zero_outside() -> None:
    prior = Prior.flat([(0.0, 2.0), (-1.0, 1.0)])
    assert prior.log_density(np.array([[1.0, 0.0]]))[0] == pytest.approx(np.log(0.25))
    assert prior.log_density(np.array([[1.0, 1.5]]))[0] == -np.inf
    assert prior.bounds.tolist() == [[0.0, 2.0], [-1.0, 1.0]]


def test_priors_say_what_they_are() -> None:
    assert [str(kind) for kind in KINDS] == [
        "flat within [-1, 3]",
        "Gaussian of mean 0.5 and standard deviation 0.7 within [-1, 2]",
        "flat in the logarithm within [0.1, 10]",
    ]


@pytest.mark.parametrize("wrong", [("flat", 1.0, 0.0), ("log_uniform", 0.0, 1.0), ("gaussian", 0.0, 1.0, 0.5, 0.0)])
def test_wrong_priors_are_refused(wrong: tuple) -> None:
    with pytest.raises(InferenceError, match="prior"):
        Marginal(*wrong)
