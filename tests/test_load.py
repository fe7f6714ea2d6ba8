"""`assay.load`: a trained model, or an ensemble, in two lines."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import assay
from assay.errors import ModelError
from assay.estimators.description import ModelDescription, TrainingRecord
from assay.estimators.ensemble import RatioEnsemble
from assay.estimators.model_folder import save_estimator
from assay.estimators.networks import RatioNetwork, Standardisation
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.settings import NetworkSettings, TrainingSettings

pytestmark = pytest.mark.fast

SETTINGS = NetworkSettings((4,), preprocessing=("standard", "standard"))
DESCRIPTION = ModelDescription(
    "alice", "parameterised_ratio", ("a", "b"), ("c",), ((-1.0, 1.0),), (0.0,), SETTINGS,
    TrainingRecord(TrainingSettings(), "", "", 1, 1, 1, 1, 0.0, 0.0),
)  # fmt: skip
X, THETA = np.array([[0.1, 2.0], [-1.0, 0.5]]), np.array([[0.3], [-0.2], [0.9]])


def saved(folder: Path, seed: int) -> ParameterisedRatio:
    torch.manual_seed(seed)
    x, theta = Standardisation(torch.zeros(2), torch.ones(2)), Standardisation(torch.zeros(1), torch.ones(1))
    estimator = ParameterisedRatio(RatioNetwork(x, theta, SETTINGS).eval(), DESCRIPTION)
    save_estimator(folder, estimator)
    return estimator


def test_a_folder_is_its_estimator(tmp_path: Path) -> None:
    expected = saved(tmp_path / "model", 1).log_ratio(X, THETA)
    estimator = assay.load(tmp_path / "model")
    np.testing.assert_array_equal(estimator.log_ratio(X, THETA), expected)  # type: ignore[union-attr]
    assert assay.load(str(tmp_path / "model"), ["a", "b"]).observables == ("a", "b")
    with pytest.raises(ModelError, match="other observables"):
        assay.load(tmp_path / "model", ["b", "a"])


def test_folders_are_an_ensemble(tmp_path: Path) -> None:
    members = [saved(tmp_path / str(seed), seed) for seed in (1, 2, 3)]
    ensemble = assay.load([tmp_path / str(seed) for seed in (1, 2, 3)])
    assert isinstance(ensemble, RatioEnsemble)
    expected = np.mean([member.log_ratio(X, THETA) for member in members], axis=0)
    np.testing.assert_allclose(ensemble.log_ratio(X, THETA), expected)


def test_nothing_there_is_an_error_with_the_place(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=str(tmp_path / "none")):
        assay.load(tmp_path / "none")
    other = replace(DESCRIPTION, method="carl")
    estimator = saved(tmp_path / "alice", 1)
    save_estimator(tmp_path / "carl", ParameterisedRatio(estimator.network, other))
    with pytest.raises(ModelError, match="differ in method"):
        assay.load([tmp_path / "alice", tmp_path / "carl"])


def test_the_import_alone_is_light() -> None:
    code = "import sys, assay; print(sorted({'torch', 'zuko', 'numpy', 'h5py'} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert found.stdout.strip() == "[]"
