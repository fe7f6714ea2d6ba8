"""Scans: which trials there are, who runs them, and which one is kept."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from assay.errors import TrainingError
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.scan import Choices, Integer, Scan, Trial, Uniform, Value, run_scan
from assay.estimators.training import TrainedEstimator

pytestmark = pytest.mark.fast

SPACE = {"learning_rate": Uniform(1e-4, 1e-1, logarithmic=True), "layers": Integer(1, 4), "batch": Choices((64, 128))}


def _trained(loss: float) -> TrainedEstimator:
    history = TrainingHistory((EpochRecord(1, loss, loss, 1e-3),), 1, False)
    return cast(TrainedEstimator, SimpleNamespace(history=history, estimator=loss))


def _loss(values: Mapping[str, Value]) -> float:
    """Least at a learning rate of 0.01 and three layers."""
    rate, layers = cast(float, values["learning_rate"]), cast(int, values["layers"])
    return (math.log10(rate) + 2.0) ** 2 + (layers - 3) ** 2


def _run(scan: Scan, job: int = 0) -> Any:
    return run_scan(scan, job, lambda values, number: _trained(_loss(values)))


def test_a_grid_is_shared_among_jobs() -> None:
    space = {"learning_rate": Choices((1e-3, 1e-2, 1e-1)), "layers": Choices((1, 3))}
    scan = Scan("grid", 100, 2, space)
    shares = [_run(scan, job) for job in (0, 1)]
    tried = [(t.values["learning_rate"], t.values["layers"]) for share in shares for t in share.trials]
    assert sorted(tried) == sorted((rate, n) for rate in (1e-3, 1e-2, 1e-1) for n in (1, 3))
    assert sorted(t.number for share in shares for t in share.trials) == list(range(6))
    best = min((share.best_trial for share in shares), key=lambda trial: trial.validation_loss)
    assert best.values == {"learning_rate": 1e-2, "layers": 3}
    assert _run(Scan("grid", 4, 1, space)).trials[-1].number <= 5


def test_random_trials_are_the_same_whatever_the_number_of_jobs() -> None:
    alone = {trial.number: trial.values for trial in _run(Scan("random", 9, 1, SPACE, seed=3)).trials}
    shared = {
        trial.number: trial.values
        for job in range(4)
        for trial in _run(Scan("random", 9, 4, SPACE, seed=3), job).trials
    }
    assert alone == shared
    assert len({str(values) for values in alone.values()}) == 9
    assert all(1e-4 <= v["learning_rate"] <= 1e-1 and v["layers"] in (1, 2, 3, 4) for v in alone.values())


def test_optuna_learns_from_its_trials() -> None:
    outcome = _run(Scan("optuna", 40, 1, SPACE, seed=1))
    losses = [trial.validation_loss for trial in outcome.trials]
    assert sum(losses[20:]) < sum(losses[:20])
    assert outcome.best.estimator == min(losses) == outcome.best_trial.validation_loss
    assert min(losses) < 0.5


def test_failing_trials_are_told_and_lose_nothing() -> None:
    seen: list[Trial] = []

    def train(values: Mapping[str, Value], number: int) -> TrainedEstimator:
        if number % 2:
            raise TrainingError("the loss of epoch 1 is nan")
        return _trained(_loss(values))

    for sampler in ("random", "optuna"):
        outcome = run_scan(Scan(sampler, 6, 1, SPACE), 0, train, seen.append)  # type: ignore[arg-type]
        assert [trial.error for trial in outcome.trials][:2] == ["", "the loss of epoch 1 is nan"]
        assert math.isfinite(outcome.best_trial.validation_loss)
    assert len(seen) == 12

    def fail(values: Mapping[str, Value], number: int) -> TrainedEstimator:
        raise TrainingError("no")

    with pytest.raises(TrainingError, match="all 2 trials failed"):
        run_scan(Scan("random", 2, 1, SPACE), 0, fail)


def test_impossible_scans_are_refused() -> None:
    with pytest.raises(TrainingError, match="a grid over learning_rate, layers"):
        Scan("grid", 10, 1, SPACE)
    with pytest.raises(TrainingError, match="at least one"):
        Scan("random", 0, 1, SPACE)
    with pytest.raises(TrainingError, match="job 3 of 3"):
        _run(Scan("random", 9, 3, SPACE), 3)
