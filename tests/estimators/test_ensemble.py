"""Ensembles: the mean and the spread of members, which have to belong together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.errors import ModelError
from assay.estimators.diagnostics import diagnose
from assay.estimators.ensemble import RatioEnsemble, ScoreEnsemble, load_ensemble
from assay.estimators.model_folder import save_estimator
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import TrainedEstimator, train_estimator
from assay.sampling.samples import RatioSample, ScoreSample

pytestmark = pytest.mark.fast

THETA = np.array([[0.3, 20.0], [-0.5, 0.0]])


@pytest.fixture(scope="module")
def ratios(trained_ratio: TrainedEstimator, make_ratio_sample: Callable[..., RatioSample]) -> list[Any]:
    others = [
        train_estimator(
            "alices",
            make_ratio_sample(1000, seed),
            make_ratio_sample(500, 2),
            NetworkSettings((16, 12)),
            TrainingSettings(epochs=2, batch_size=250, seed=seed),
        ).estimator
        for seed in (7, 8)
    ]
    return [trained_ratio.estimator, *others]


def test_mean_and_spread_of_ratios(ratios: list[Any], make_ratio_sample: Callable[..., RatioSample]) -> None:
    ensemble, sample = RatioEnsemble(ratios), make_ratio_sample(50, 9)
    members = np.stack([one.log_ratio(sample.x, THETA) for one in ratios])
    np.testing.assert_allclose(ensemble.log_ratio(sample.x, THETA), members.mean(axis=0))
    np.testing.assert_allclose(ensemble.spread(sample.x, THETA), members.std(axis=0, ddof=1))
    w = np.linspace(0.0, 1.0, 50)
    np.testing.assert_allclose(ensemble.summed_log_ratio(sample.x, THETA, w), members.mean(axis=0) @ w, rtol=1e-5)
    np.testing.assert_allclose(ensemble.summed_spread(sample.x, THETA, w), (members @ w).std(axis=0, ddof=1), rtol=1e-4)
    scores = np.stack([one.score(sample.x, THETA[0]) for one in ratios])
    np.testing.assert_allclose(ensemble.score(sample.x, THETA[0]), scores.mean(axis=0))
    paired = np.stack([one.paired_log_ratio(sample.x, sample.theta0) for one in ratios])
    np.testing.assert_allclose(ensemble.paired_log_ratio(sample.x, sample.theta0), paired.mean(axis=0))


def test_an_ensemble_is_an_estimator(ratios: list[Any], make_ratio_sample: Callable[..., RatioSample]) -> None:
    ensemble = RatioEnsemble(ratios)
    assert (ensemble.observables, ensemble.parameters) == (("x0", "x1", "noise"), ("p", "q"))
    assert ensemble.nuisance == ()
    np.testing.assert_array_equal(ensemble.reference, [0.0, 0.0])
    np.testing.assert_array_equal(ensemble.inside([[0.0, 0.0], [2.0, 0.0]]), [True, False])
    assert {check.name for check in diagnose(ensemble, make_ratio_sample(1000, 3)).checks} >= {
        "classifier two-sample test",
        "events beyond the training's range",
    }


def test_the_range_is_that_of_all_members(ratios: list[Any]) -> None:
    narrow = type(ratios[1])(ratios[1].network, replace(ratios[1].description, ranges=((-0.5, 2.0), (-100.0, 50.0))))
    ensemble = RatioEnsemble([ratios[0], narrow])
    np.testing.assert_array_equal(ensemble.ranges, [[-0.5, 1.0], [-100.0, 50.0]])
    np.testing.assert_array_equal(ensemble.inside([[-0.7, 0.0], [0.0, 0.0]]), [False, True])


def test_mean_and_spread_of_scores(
    trained_score: TrainedEstimator, make_score_sample: Callable[..., ScoreSample]
) -> None:
    other: Any = train_estimator(
        "sally",
        make_score_sample(1000, 5),
        make_score_sample(500, 6),
        NetworkSettings((16, 12)),
        TrainingSettings(epochs=2, batch_size=250, seed=3),
    ).estimator
    first: Any = trained_score.estimator
    ensemble, sample = ScoreEnsemble([first, other]), make_score_sample(50, 9)
    members = np.stack([first.score(sample.x), other.score(sample.x)])
    np.testing.assert_allclose(ensemble.score(sample.x), members.mean(axis=0))
    np.testing.assert_allclose(ensemble.spread(sample.x), members.std(axis=0, ddof=1))
    assert (ensemble.spread(sample.x) > 0).all()


@pytest.mark.parametrize(
    ("field", "value"), [("method", "alice"), ("observables", ("x1", "x0", "noise")), ("reference", (0.1, 0.0))]
)
def test_members_that_do_not_belong_together_are_refused(ratios: list[Any], field: str, value: Any) -> None:
    changes: Any = {field: value}
    other = type(ratios[1])(ratios[1].network, replace(ratios[1].description, **changes))
    with pytest.raises(ModelError, match=f"members of an ensemble differ in {field}"):
        RatioEnsemble([ratios[0], other])


def test_one_member_is_no_ensemble(ratios: list[Any]) -> None:
    with pytest.raises(ModelError, match="an ensemble of 1"):
        RatioEnsemble(ratios[:1])


def test_ensembles_are_loaded_from_their_folders(
    ratios: list[Any], make_ratio_sample: Callable[..., RatioSample], tmp_path: Path
) -> None:
    folders = [tmp_path / str(k) for k in range(3)]
    for folder, one in zip(folders, ratios, strict=True):
        save_estimator(folder, one)
    ensemble, sample = load_ensemble(folders), make_ratio_sample(20, 9)
    assert isinstance(ensemble, RatioEnsemble)
    np.testing.assert_array_equal(ensemble.log_ratio(sample.x, THETA), RatioEnsemble(ratios).log_ratio(sample.x, THETA))
