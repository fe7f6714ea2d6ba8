"""The score estimator: blocks, and inputs that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from assay.errors import ModelError
from assay.estimators import score
from assay.estimators.score import LocalScore
from assay.estimators.training import TrainedEstimator

pytestmark = pytest.mark.fast

X = np.column_stack([np.full(9, 500.0), np.linspace(400.0, 600.0, 9), np.linspace(-1.0, 1.0, 9)])


@pytest.fixture
def estimator(trained_score: TrainedEstimator) -> LocalScore:
    assert isinstance(trained_score.estimator, LocalScore)
    return trained_score.estimator


def test_blocks_do_not_matter(estimator: LocalScore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(score, "_ROWS_PER_CHUNK", 4)
    with torch.no_grad():
        expected = estimator.network(torch.from_numpy(X.astype(np.float32))).numpy()
    np.testing.assert_allclose(estimator.score(X), expected, rtol=1e-5)


def test_nothing_gives_nothing(estimator: LocalScore) -> None:
    assert estimator.score(np.empty((0, 3))).shape == (0, 2)


def test_inputs_that_do_not_fit_are_refused(estimator: LocalScore) -> None:
    with pytest.raises(ModelError, match=r"shape \(9, 2\)"):
        estimator.score(X[:, :2])
    broken = X.copy()
    broken[7, 2] = np.nan
    with pytest.raises(ModelError, match="row 7, column noise"):
        estimator.score(broken)
