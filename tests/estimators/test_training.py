"""From samples to estimators: what is trained, and on what it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from assay.errors import TrainingError
from assay.estimators.density import Density
from assay.estimators.history import EpochRecord
from assay.estimators.methods import METHODS, RatioMethod, ScoreMethod, method_named
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import TrainedEstimator, train_estimator
from assay.sampling.samples import DensitySample, RatioSample, Sample, ScoreSample

pytestmark = pytest.mark.fast

NETWORK = NetworkSettings((12,))
SETTINGS = TrainingSettings(epochs=2, batch_size=250, device="cpu")
Make = Callable[..., RatioSample]
MakeScore = Callable[..., ScoreSample]
MakeDensity = Callable[..., DensitySample]


def _train(method: str, train: Sample, validation: Sample) -> TrainedEstimator:
    return train_estimator(method, train, validation, NETWORK, SETTINGS)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains(
    method: str, make_ratio_sample: Make, make_score_sample: MakeScore, make_density_sample: MakeDensity
) -> None:
    definition = method_named(method)
    make: Callable[..., Sample] = make_ratio_sample
    kind: type = ParameterisedRatio
    if not isinstance(definition, RatioMethod):
        score = isinstance(definition, ScoreMethod)
        make, kind = (make_score_sample, LocalScore) if score else (make_density_sample, Density)
    trained = _train(method, make(), make(500, 2))
    estimator = trained.estimator
    assert isinstance(estimator, kind)
    assert estimator.observables == ("x0", "x1", "noise")
    assert estimator.parameters == ("p", "q")
    assert estimator.reference.tolist() == [0.0, 0.0]
    record = estimator.description.training
    assert (record.n_train, record.n_validation, record.n_epochs) == (2000, 500, 2)
    assert record.train_digest == make().digest() != record.validation_digest
    losses = [epoch.train_loss for epoch in trained.history.records]
    assert losses[1] < losses[0]
    assert record.validation_loss == trained.history.best.validation_loss


def test_scores_follow_the_joint_scores_in_units_that_differ(make_score_sample: MakeScore) -> None:
    train, validation = make_score_sample(20_000, 3), make_score_sample(5000, 4)
    settings = TrainingSettings(epochs=10, batch_size=250, learning_rate=5e-3)
    estimator = train_estimator("sally", train, validation, NetworkSettings((20,)), settings).estimator
    assert isinstance(estimator, LocalScore)
    # x0 = 500 + 30 (z + noise of 0.5): E[z | x] = (x - 500) / 30 / 1.25
    expected = (validation.x[:, :2] - 500.0) / 30.0 / 1.25 / np.array([1.0, 100.0])
    np.testing.assert_allclose(estimator.score(validation.x)[:, 0], expected[:, 0], atol=0.25)
    np.testing.assert_allclose(estimator.score(validation.x)[:, 1], expected[:, 1], atol=0.0025)


def test_the_score_term_does_not_depend_on_the_units_of_theta(make_ratio_sample: Make) -> None:
    """The same sample with the second parameter in other units: same losses, and a score in the other units."""
    sample, validation = make_ratio_sample(), make_ratio_sample(500, 2)
    rescale = np.array([1.0, 2.0**-7], dtype=np.float32)

    def in_other_units(s: RatioSample) -> RatioSample:
        low_high = tuple(
            (low * float(u), high * float(u)) for (low, high), u in zip(s.info.ranges, rescale, strict=True)
        )
        return replace(s, theta0=s.theta0 * rescale, t_xz=s.t_xz / rescale, info=replace(s.info, ranges=low_high))

    first = _train("alices", sample, validation)
    second = _train("alices", in_other_units(sample), in_other_units(validation))
    assert second.history.best.validation_loss == pytest.approx(first.history.best.validation_loss, rel=1e-5)
    assert isinstance(first.estimator, ParameterisedRatio)
    assert isinstance(second.estimator, ParameterisedRatio)
    point = np.array([0.5, 40.0])
    np.testing.assert_allclose(
        second.estimator.score(sample.x[:50], point * rescale),
        first.estimator.score(sample.x[:50], point) / rescale,
        rtol=1e-3,
        atol=1e-4,
    )


def test_alpha_weighs_the_score(make_ratio_sample: Make) -> None:
    sample, validation = make_ratio_sample(), make_ratio_sample(500, 2)
    losses = {
        (method, alpha): train_estimator(
            method, sample, validation, NETWORK, replace(SETTINGS, alpha=alpha)
        ).history.best.validation_loss
        for method in ("alice", "alices")
        for alpha in (0.0, 1.0)
    }
    assert losses["alice", 0.0] == losses["alice", 1.0] == pytest.approx(losses["alices", 0.0], rel=1e-6)
    assert losses["alices", 1.0] > losses["alices", 0.0] + 0.1


def test_the_seed_decides_and_the_callers_random_numbers_are_left_alone(make_ratio_sample: Make) -> None:
    sample, validation = make_ratio_sample(), make_ratio_sample(500, 2)
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    first = _train("alice", sample, validation)
    assert torch.rand(1) == expected
    torch.manual_seed(8)
    again = _train("alice", sample, validation)
    other = train_estimator("alice", sample, validation, NETWORK, replace(SETTINGS, seed=1))
    assert first.history == again.history != other.history


def test_checkpoints_are_of_one_training(make_ratio_sample: Make, tmp_path: Path) -> None:
    sample, validation = make_ratio_sample(), make_ratio_sample(500, 2)
    for settings, n_expected in ((SETTINGS, 2), (SETTINGS, 0), (replace(SETTINGS, alpha=0.3), 2)):
        seen: list[EpochRecord] = []
        train_estimator(
            "alices", sample, validation, NETWORK, settings, callback=seen.append, checkpoint=tmp_path / "c.pt"
        )
        assert len(seen) == n_expected


@pytest.mark.parametrize(
    ("array", "column", "named"),
    [("x", (3, 1), r"`x` \(x1\)"), ("t_xz", (3, 0), r"`t_xz` \(p\)"), ("r_xz", (3,), "`r_xz`")],
)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_named(
    make_ratio_sample: Make, array: str, column: tuple[int, ...], named: str, value: float
) -> None:
    sample = make_ratio_sample()
    broken = getattr(sample, array).copy()
    broken[column] = value
    with pytest.raises(TrainingError, match=rf"validation sample: 1 rows of {named} .* row 3"):
        _train("alices", sample, replace(sample, **{array: broken}))


def test_a_free_denominator_is_refused(make_ratio_sample: Make) -> None:
    sample = make_ratio_sample()
    theta1 = sample.theta1.copy()
    theta1[5] = 0.5
    with pytest.raises(TrainingError, match="theta1 is not the same"):
        _train("alice", replace(sample, theta1=theta1), sample)


def test_unequal_labels_are_refused(make_ratio_sample: Make) -> None:
    sample = make_ratio_sample()
    y = sample.y.copy()
    y[0] = 1.0
    with pytest.raises(TrainingError, match="1001 of 2000 samples have y = 1"):
        _train("alice", replace(sample, y=y), sample)
    with pytest.raises(TrainingError, match="1001 of 2000 samples have y = 1"):
        _train("alice", sample, replace(sample, y=y))


def test_samples_of_another_kind_are_refused(make_ratio_sample: Make, make_score_sample: MakeScore) -> None:
    ratio, score = make_ratio_sample(), make_score_sample()
    for method, train, validation in (("sally", ratio, ratio), ("alice", score, score), ("alice", ratio, score)):
        with pytest.raises(TrainingError, match=f"{method} cannot be trained"):
            _train(method, train, validation)


@pytest.mark.parametrize(
    "change", [{"observables": ("x0", "x1", "other")}, {"parameters": ("p", "r")}, {"reference": (0.0, 1.0)}]
)
def test_samples_of_different_studies_are_refused(make_ratio_sample: Make, change: dict[str, tuple[str, ...]]) -> None:
    sample = make_ratio_sample()
    with pytest.raises(TrainingError, match=next(iter(change))):
        _train("alice", sample, replace(sample, info=replace(sample.info, **change)))


def test_an_empty_sample_is_refused(make_score_sample: MakeScore) -> None:
    sample = make_score_sample()
    empty = replace(sample, x=sample.x[:0], theta=sample.theta[:0], t_xz=sample.t_xz[:0])
    with pytest.raises(TrainingError, match="validation sample is empty"):
        _train("sally", sample, empty)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said(make_ratio_sample: Make) -> None:
    with pytest.raises(TrainingError, match="GPU"):
        train_estimator("alice", make_ratio_sample(), make_ratio_sample(), NETWORK, replace(SETTINGS, device="cuda"))
