from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError
from assay.files import read_json, write_json
from assay.inference.calibration_ranks import CalibrationRanks
from assay.inference.expectation import Expectation
from assay.inference.grid import Grid
from assay.inference.posterior import ChainSettings, Posterior
from assay.inference.posterior_from_study import chains_of, prior_of
from assay.inference.posterior_results import PosteriorRecord, read_posteriors, write_posteriors
from assay.inference.priors import Marginal, Prior
from assay.study.model_sampling import FlatPrior, GaussianPrior, LogUniformPrior
from assay.study.model_toys import PosteriorSection

pytestmark = pytest.mark.fast

RNG = np.random.default_rng(0)
PRIOR = Prior((Marginal("flat", -1.0, 1.0), Marginal("gaussian", -3.0, 3.0, 0.0, 1.0)))
POSTERIOR = Posterior(("a", "b"), PRIOR, RNG.normal(size=(50, 2)), RNG.normal(size=50), (3.0, 4.0), 0.5, 25)
RANKS = CalibrationRanks(("a", "b"), PRIOR, RNG.normal(size=(9, 2)), RNG.random((9, 2)), RNG.random(9), (("x", 1),))


def test_posteriors_come_back_as_they_were(tmp_path: Path) -> None:
    records = [
        PosteriorRecord("alices", True, POSTERIOR, POSTERIOR.intervals([0.68]), RANKS),
        PosteriorRecord("alices", False, POSTERIOR, POSTERIOR.intervals([0.68, 0.95])),
    ]
    write_posteriors(tmp_path / "posterior", records)
    found = read_posteriors(tmp_path / "posterior")
    for one, other in zip(found, records, strict=True):
        assert (one.method, one.include_rate, one.intervals) == (other.method, other.include_rate, other.intervals)
        assert np.array_equal(one.posterior.samples, other.posterior.samples)
        assert one.posterior.prior == PRIOR
        assert one.posterior.effective_samples == other.posterior.effective_samples
    assert found[1].calibration is None
    assert found[0].calibration is not None
    assert np.array_equal(found[0].calibration.ranks, RANKS.ranks)
    assert found[0].calibration.failures == RANKS.failures


def test_the_prior_is_stated_in_words(tmp_path: Path) -> None:
    write_posteriors(tmp_path / "posterior", [PosteriorRecord("m", True, POSTERIOR, POSTERIOR.intervals([0.68]))])
    (entry,) = read_json(tmp_path / "posterior.json")["results"]
    assert entry["prior_in_words"][0] == "flat within [-1, 1]"
    assert entry["reliable"] is False


def test_other_files_are_refused(tmp_path: Path) -> None:
    write_json(tmp_path / "posterior.json", {})
    with pytest.raises(AssayError, match="not a file of posteriors"):
        read_posteriors(tmp_path / "posterior")
    write_json(tmp_path / "posterior.json", {"format": "assay-posterior-1", "results": []})
    with pytest.raises(AssayError, match="cannot be read"):
        read_posteriors(tmp_path / "posterior")


def test_priors_of_a_study_stay_within_the_grid() -> None:
    grid = Grid.regular(("a", "b", "c", "d"), [(-1.0, 1.0), (-1.0, 1.0), (-1.0, 1.0), (0.1, 5.0)], 3)
    section = PosteriorSection(
        prior={
            "b": FlatPrior(flat=(-2.0, 0.5)),
            "c": GaussianPrior(gaussian=(0.1, 0.3)),
            "d": LogUniformPrior(log_uniform=(0.01, 2.0)),
        },
        walkers=10,
        steps=200,
        burn_in=20,
    )
    found = prior_of(section, Expectation(grid, (0.0,) * 4, 100.0))
    assert found.marginals == (
        Marginal("flat", -1.0, 1.0),
        Marginal("flat", -1.0, 0.5),
        Marginal("gaussian", -1.0, 1.0, 0.1, 0.3),
        Marginal("log_uniform", 0.1, 2.0),
    )
    assert chains_of(section) == ChainSettings(10, 200, 20)
