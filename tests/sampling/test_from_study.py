from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.sampling.from_study import IndependentPrior, hypothesis_prior
from assay.sampling.priors import FlatPrior, GaussianPrior
from assay.study import model
from assay.study.load import load_study

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def study_with(prior: dict[str, model.Prior]) -> model.Study:
    study = load_study(INPUT)
    return study.model_copy(update={"sampling": study.sampling.model_copy(update={"prior": prior})})


def test_flat_gaussian_and_mixed_priors() -> None:
    flat, gaussian = model.FlatPrior(flat=(-0.5, 0.25)), model.GaussianPrior(gaussian=(0.1, 0.2))
    assert hypothesis_prior(study_with({"CWL2": flat, "CPWL2": flat})) == FlatPrior(((-0.5, 0.25), (-0.5, 0.25)))
    assert isinstance(hypothesis_prior(study_with({"CWL2": gaussian, "CPWL2": gaussian})), GaussianPrior)
    assert isinstance(hypothesis_prior(study_with({"CWL2": flat, "CPWL2": gaussian})), IndependentPrior)


def test_without_a_prior_the_range_counts() -> None:
    np.testing.assert_array_equal(hypothesis_prior(study_with({})).ranges, [[-1.2, 1.2], [-1.2, 1.2]])


def test_a_mixed_prior_has_the_right_marginals_and_no_correlation() -> None:
    prior = hypothesis_prior(
        study_with({"CWL2": model.FlatPrior(flat=(-0.5, 0.5)), "CPWL2": model.GaussianPrior(gaussian=(0.0, 0.2))})
    )
    n = 4096
    theta = prior.draw(n, np.random.default_rng(1))
    assert theta.shape == (n, 2)
    np.testing.assert_allclose(theta.mean(axis=0), 0.0, atol=0.01)
    np.testing.assert_allclose(theta.std(axis=0), [1.0 / np.sqrt(12.0), 0.2 * 0.9866], rtol=0.01)
    assert abs(np.corrcoef(theta.T)[0, 1]) < 4.0 / np.sqrt(n)
