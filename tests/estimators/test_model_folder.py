"""Model folders: what is saved comes back, also through ONNX; what was changed is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from safetensors.torch import load_file, save_file

from assay.errors import ModelError
from assay.estimators import model_folder
from assay.estimators.model_folder import load_estimator, save_estimator
from assay.estimators.networks import ACTIVATIONS, RatioNetwork, ScoreNetwork, Standardisation
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.estimators.settings import ActivationName, NetworkSettings
from assay.estimators.training import TrainedEstimator
from assay.files import sha256

pytestmark = pytest.mark.fast

RNG = np.random.default_rng(1)
X = np.column_stack([500.0 + 40.0 * RNG.normal(size=(50, 2)), RNG.normal(size=50)]).astype(np.float32)
THETA = np.column_stack([RNG.uniform(-1.0, 1.0, 50), RNG.uniform(-100.0, 100.0, 50)]).astype(np.float32)


@pytest.fixture
def ratio(trained_ratio: TrainedEstimator) -> ParameterisedRatio:
    assert isinstance(trained_ratio.estimator, ParameterisedRatio)
    return trained_ratio.estimator


@pytest.fixture
def score(trained_score: TrainedEstimator) -> LocalScore:
    assert isinstance(trained_score.estimator, LocalScore)
    return trained_score.estimator


def _run_onnx(folder: Path, **inputs: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    (result,) = session.run(None, inputs)
    return np.asarray(result)


def test_ratios_come_back(ratio: ParameterisedRatio, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    loaded = load_estimator(tmp_path / "model", ["x0", "x1", "noise"])
    assert isinstance(loaded, ParameterisedRatio)
    assert loaded.description == ratio.description
    np.testing.assert_array_equal(loaded.log_ratio(X, THETA), ratio.log_ratio(X, THETA))


def test_scores_come_back(score: LocalScore, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", score)
    loaded = load_estimator(tmp_path / "model")
    assert isinstance(loaded, LocalScore)
    assert loaded.description == score.description
    np.testing.assert_array_equal(loaded.score(X), score.score(X))


def test_the_folder_is_the_contract(ratio: ParameterisedRatio, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    assert {p.name for p in (tmp_path / "model").iterdir()} == {"model.json", "weights.safetensors", "model.onnx"}
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    content = json.loads((tmp_path / "model" / "model.json").read_text())
    assert content["method"] == "alices"
    assert content["network"] == {
        "hidden": [16, 12],
        "activation": "silu",
        "residual": False,
        "preprocessing": ["standard"] * 3,
    }
    assert content["observables"] == ["x0", "x1", "noise"]
    assert content["parameters"] == ["p", "q"]
    assert content["ranges"] == [[-1.0, 1.0], [-100.0, 100.0]]
    assert content["scaling"]["theta.scale"] == [1.0, 100.0]
    assert len(content["training"]["train_digest"]) == 64
    assert content["versions"]["torch"] == torch.__version__
    assert content["sha256"]["weights.safetensors"] == sha256(tmp_path / "model" / "weights.safetensors")


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("hidden", [(7,), (9, 8, 5)])
def test_onnx_ratio_is_the_native_one(
    ratio: ParameterisedRatio, activation: ActivationName, hidden: tuple[int, ...], tmp_path: Path
) -> None:
    settings = NetworkSettings(hidden, activation)
    torch.manual_seed(2)
    network = RatioNetwork(ratio.network.x, ratio.network.theta, settings).eval()
    estimator = ParameterisedRatio(network, replace(ratio.description, network=settings))
    save_estimator(tmp_path / "model", estimator)
    for n in (1, 50):
        exported = _run_onnx(tmp_path / "model", x=X[:n], theta=THETA[:n])
        assert exported.shape == (n, 1)
        np.testing.assert_allclose(exported[:, 0], estimator.paired_log_ratio(X[:n], THETA[:n]), atol=1e-5)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_onnx_score_is_the_native_one(score: LocalScore, activation: ActivationName, tmp_path: Path) -> None:
    settings = NetworkSettings((9, 8), activation)
    torch.manual_seed(2)
    scaling = Standardisation(torch.tensor([0.5, -3.0]), torch.tensor([2.0, 0.1]))
    estimator = LocalScore(
        ScoreNetwork(score.network.x, scaling, settings).eval(), replace(score.description, network=settings)
    )
    save_estimator(tmp_path / "model", estimator)
    for n in (1, 50):
        np.testing.assert_allclose(_run_onnx(tmp_path / "model", x=X[:n]), estimator.score(X[:n]), atol=1e-5)


def test_trained_models_are_equal_in_onnx(ratio: ParameterisedRatio, score: LocalScore, tmp_path: Path) -> None:
    save_estimator(tmp_path / "ratio", ratio)
    exported = _run_onnx(tmp_path / "ratio", x=X, theta=THETA)
    np.testing.assert_allclose(exported[:, 0], ratio.paired_log_ratio(X, THETA), atol=1e-5)
    save_estimator(tmp_path / "score", score)
    np.testing.assert_allclose(_run_onnx(tmp_path / "score", x=X), score.score(X), atol=1e-5)


def test_other_observables_are_refused(ratio: ParameterisedRatio, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    for observables in (["x1", "x0", "noise"], ["x0", "x1"]):
        with pytest.raises(ModelError, match="other observables"):
            load_estimator(tmp_path / "model", observables)


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx"])
def test_a_changed_file_is_refused(ratio: ParameterisedRatio, name: str, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    content = bytearray((tmp_path / "model" / name).read_bytes())
    content[-5] ^= 1
    (tmp_path / "model" / name).write_bytes(content)
    with pytest.raises(ModelError, match=rf"{name} is not the file that was saved"):
        load_estimator(tmp_path / "model")


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx", "model.json"])
def test_a_missing_file_is_refused(ratio: ParameterisedRatio, name: str, tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    (tmp_path / "model" / name).unlink()
    with pytest.raises(ModelError):
        load_estimator(tmp_path / "model")


@pytest.mark.parametrize(
    "change",
    [
        {"schema": 99},
        {"family": "other"},
        {"network": {"hidden": [], "activation": "silu"}},
        {"network": {"hidden": [16, 12], "activation": "relu6"}},
        {"observables": None},
        {"training": {}},
    ],
)
def test_a_changed_description_is_refused(ratio: ParameterisedRatio, change: dict[str, object], tmp_path: Path) -> None:
    save_estimator(tmp_path / "model", ratio)
    path = tmp_path / "model" / "model.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ModelError):
        load_estimator(tmp_path / "model")


def test_weights_of_another_architecture_are_refused(ratio: ParameterisedRatio, tmp_path: Path) -> None:
    """Even if the checksum has been brought in line."""
    save_estimator(tmp_path / "model", ratio)
    weights, description = tmp_path / "model" / "weights.safetensors", tmp_path / "model" / "model.json"
    state = load_file(weights)
    state["output.weight"] = torch.zeros(1, 99)
    save_file(state, weights)
    content = json.loads(description.read_text())
    content["sha256"]["weights.safetensors"] = sha256(weights)
    description.write_text(json.dumps(content))
    with pytest.raises(ModelError, match="do not fit the architecture"):
        load_estimator(tmp_path / "model")


def test_a_failure_leaves_the_model_that_was_there(
    ratio: ParameterisedRatio, score: LocalScore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_estimator(tmp_path / "model", ratio)

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(model_folder, "write_json", fail)
    with pytest.raises(OSError, match="no space"):
        save_estimator(tmp_path / "model", score)
    assert [p.name for p in tmp_path.iterdir()] == ["model"]
    assert isinstance(load_estimator(tmp_path / "model"), ParameterisedRatio)


def test_loading_runs_no_code(ratio: ParameterisedRatio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No unpickler is ever asked for."""
    import pickle

    save_estimator(tmp_path / "model", ratio)
    forbidden: Callable[..., None] = lambda *_, **__: pytest.fail("a pickle was opened")  # noqa: E731
    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, forbidden)
    monkeypatch.setattr(torch, "load", forbidden)
    load_estimator(tmp_path / "model")
