import math
import os
import shutil
import uuid

import mlflow
import numpy as np
import pytest
from mlflow import MlflowClient

from assay.errors import ManifestError
from assay.tracking import Journal, RunIdentity, read_journal, tracked
from assay.tracking.records import Metrics
from assay.tracking.replay import replay

pytestmark = pytest.mark.fast
IDENTITY = RunIdentity("run-1", "wbf")
EPOCHS = 3
DIGEST = "0123456789abcdef" * 4


def configure(folder):
    with tracked(folder, IDENTITY, "wbf", stage="configure", environ={}) as tracker:
        tracker.parameters({"luminosity": 300.0, "sampling": {"prior": {"CWL2 [1/TeV^2]": "flat"}}})
        tracker.tags({"study_hash": "abc", "seed": 7, "version": "0.1.0"})
    return folder / "journal.jsonl"


def train(folder, name, onnx_model, offset=0.0):
    with tracked(folder, IDENTITY, name, stage="train", role="training", environ={}) as tracker:
        tracker.parameters({"alpha": 1.0})
        for epoch in range(EPOCHS):
            tracker.metrics({"loss/train": 1.0 / (epoch + 1) + offset, "loss/validation": math.nan}, step=epoch)
        tracker.dataset("train", DIGEST, "training", 1000)
        tracker.model(onnx_model(folder / "model"), name)
    return folder / "journal.jsonl"


def plot(folder):
    with tracked(folder, IDENTITY, "wbf", stage="plot", environ={}) as tracker:
        (folder / "figures").mkdir()
        (folder / "figures" / "contours.png").write_bytes(b"png")
        (folder / "report.html").write_text("<html></html>")
        tracker.metrics({"alice.rate.CWL2.width_68": 0.2, "sally.rate.CWL2.width_68": 0.3, "all": 1.0})
        tracker.artifact(folder / "figures")
        tracker.artifact(folder / "report.html")
    return folder / "journal.jsonl"


@pytest.fixture
def run_folder(tmp_path, onnx_model, monkeypatch):
    folder = tmp_path / "first place"
    journals = [
        configure(folder / "configure"),
        train(folder / "train" / "alice", "alice", onnx_model),
        train(folder / "train" / "sally", "sally", onnx_model, offset=1.0),
        plot(folder / "plot"),
    ]
    before = os.environ.get("MLFLOW_TRACKING_URI"), mlflow.get_tracking_uri()
    summary = replay(journals, folder / "mlflow.db", folder / "mlartifacts", experiment="wbf")
    assert (os.environ.get("MLFLOW_TRACKING_URI"), mlflow.get_tracking_uri()) == before
    assert summary.trainings == ("alice", "sally")
    assert summary.missing == ()
    return folder


def opened(folder, monkeypatch):
    """Open the store from its folder, under a new name: MLflow keeps stores that it has opened by their address."""
    monkeypatch.chdir(folder)
    name = f"{uuid.uuid4().hex}.db"
    shutil.copy("mlflow.db", name)
    client = MlflowClient(f"sqlite:///{name}")
    experiment = client.get_experiment_by_name("wbf")
    return client, {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def test_one_parent_and_a_nested_run_per_training_with_all_they_told(run_folder, monkeypatch):
    client, runs = opened(run_folder, monkeypatch)
    assert set(runs) == {"wbf", "alice", "sally"}
    parent = runs["wbf"]
    assert parent.data.params == {"luminosity": "300.0", "sampling.prior.CWL2 _1/TeV_2_": "flat"}
    assert parent.data.metrics == {"alice.rate.CWL2.width_68": 0.2, "sally.rate.CWL2.width_68": 0.3, "all": 1.0}
    # what later stages told of a method stands in its run, too, under a name that methods share
    assert [runs[name].data.metrics["rate.CWL2.width_68"] for name in ("alice", "sally")] == [0.2, 0.3]
    assert not {"all", "alice.rate.CWL2.width_68"} & set(runs["alice"].data.metrics)
    assert [experiment.name for experiment in client.search_experiments()] == ["wbf"]
    assert {"study_hash": "abc", "seed": "7", "assay.run": "run-1"}.items() <= parent.data.tags.items()
    for name, offset in (("alice", 0.0), ("sally", 1.0)):
        nested = runs[name]
        assert nested.data.tags["mlflow.parentRunId"] == parent.info.run_id
        history = client.get_metric_history(nested.info.run_id, "loss/train")
        assert [(metric.step, metric.value) for metric in history] == [(n, 1 / (n + 1) + offset) for n in range(EPOCHS)]
        assert math.isnan(client.get_metric_history(nested.info.run_id, "loss/validation")[0].value)
        assert nested.inputs.dataset_inputs[0].dataset.digest == DIGEST[:36]
        assert nested.inputs.dataset_inputs[0].tags[0].value == "training"
    assert {run.info.status for run in runs.values()} == {"FINISHED"}


def test_figures_report_and_model_are_found_after_the_folder_has_moved(run_folder, monkeypatch):
    moved = run_folder.rename(run_folder.parent / "second place")
    client, runs = opened(moved, monkeypatch)
    parent = runs["wbf"].info
    assert {artifact.path for artifact in client.list_artifacts(parent.run_id)} == {"contours.png", "report.html"}
    models = client.search_logged_models([parent.experiment_id])
    assert {model.name for model in models} == {"alice", "sally"}
    assert {model.source_run_id for model in models} == {runs["alice"].info.run_id, runs["sally"].info.run_id}
    loaded = mlflow.pyfunc.load_model(str(moved / models[0].artifact_location))
    assert loaded.metadata.signature.inputs.input_names() == ["x"]
    assert loaded.predict({"x": np.array([[1, 2, 3]], dtype=np.float32)})["y"].tolist() == [[6.0]]


def test_the_store_knows_no_absolute_place(run_folder):
    assert str(run_folder.parent).encode() not in (run_folder / "mlflow.db").read_bytes()
    for path in (run_folder / "mlartifacts").rglob("*"):
        assert path.is_dir() or str(run_folder.parent).encode() not in path.read_bytes()


def test_replaying_again_replaces_and_leaves_nothing_beside(run_folder, monkeypatch):
    journals = [run_folder / place / "journal.jsonl" for place in ("configure", "train/alice")]
    replay(journals, run_folder / "mlflow.db", run_folder / "mlartifacts", experiment="wbf")
    assert {path.name for path in run_folder.iterdir()} == {"configure", "train", "plot", "mlflow.db", "mlartifacts"}
    _, runs = opened(run_folder, monkeypatch)
    assert set(runs) == {"wbf", "alice"}


def test_killed_trainings_and_missing_files_are_said(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "train" / "journal.jsonl")
    journal.begin(IDENTITY, "alice", "training", "train")
    journal.append(Metrics({"loss": 1.0}, 0, 1))
    with tracked(tmp_path / "plot", IDENTITY, "wbf", stage="plot", environ={}) as tracker:
        tracker.artifact(tmp_path / "plot" / "gone.png")
        tracker.model(tmp_path / "plot" / "model", "none")
    journals = [journal.path, tmp_path / "plot" / "journal.jsonl"]
    summary = replay(journals, tmp_path / "mlflow.db", tmp_path / "mlartifacts", experiment="wbf")
    assert summary.missing == ("wbf: gone.png", "wbf: model")
    _, runs = opened(tmp_path, monkeypatch)
    assert runs["alice"].info.status == "KILLED"
    assert "gone.png" in runs["wbf"].data.tags["assay.missing"]


def test_more_values_than_one_call_takes(tmp_path, monkeypatch):
    with tracked(tmp_path / "train", IDENTITY, "alice", stage="train", role="training", environ={}) as tracker:
        tracker.parameters({f"p{n}": n for n in range(250)})
        tracker.tags({f"t{n}": n for n in range(250)})
        for step in range(1100):
            tracker.metrics({"loss": step}, step=step)
    journals = [tmp_path / "train" / "journal.jsonl"]
    replay(journals, tmp_path / "mlflow.db", tmp_path / "mlartifacts", experiment="wbf")
    client, runs = opened(tmp_path, monkeypatch)
    assert len(runs["alice"].data.params) == 250
    assert len(client.get_metric_history(runs["alice"].info.run_id, "loss")) == 1100


def test_nothing_to_replay_is_an_error(tmp_path):
    with pytest.raises(ManifestError, match="no tracking journals"):
        replay([], tmp_path / "mlflow.db", tmp_path / "mlartifacts", experiment="wbf")


def test_a_failed_replay_leaves_the_former_store(run_folder, monkeypatch):
    before = (run_folder / "mlflow.db").read_bytes()
    monkeypatch.setattr("assay.tracking.replay._make_relative", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        replay(
            [run_folder / "configure" / "journal.jsonl"],
            run_folder / "mlflow.db",
            run_folder / "mlartifacts",
            experiment="w",
        )
    assert (run_folder / "mlflow.db").read_bytes() == before
    assert read_journal(run_folder / "configure" / "journal.jsonl").end is not None
    assert not list(run_folder.glob(".partial*"))


def test_members_and_trials_are_nested_in_their_method(tmp_path, onnx_model, monkeypatch):
    journals = [train(tmp_path / f"train_{n}", f"alices~member{n}", onnx_model, offset=n) for n in (1, 2)]
    with tracked(tmp_path / "scan", IDENTITY, "sally~scan1", stage="train", role="training", environ={}) as tracker:
        tracker.trial("sally trial 1", {"learning_rate": 0.1}, {}, seconds=2.0, error="the loss is not finite")
        tracker.trial("sally trial 2", {"learning_rate": 0.01, "layers": (8, 8)}, {"best_validation_loss": 0.5})
    with tracked(tmp_path / "evaluate", IDENTITY, "wbf", stage="evaluate", environ={}) as tracker:
        tracker.metrics({"alices.rate.CWL2.width_68": 0.2})
    journals += [tmp_path / name / "journal.jsonl" for name in ("scan", "evaluate")]
    replay(journals, tmp_path / "mlflow.db", tmp_path / "mlartifacts", experiment="wbf")
    _, runs = opened(tmp_path, monkeypatch)

    def above(name):
        identifier = runs[name].data.tags.get("mlflow.parentRunId")
        return next((label for label, run in runs.items() if run.info.run_id == identifier), None)

    assert {name: above(name) for name in runs} == {
        "wbf": None,
        "alices": "wbf",
        "alices~member1": "alices",
        "alices~member2": "alices",
        "sally": "wbf",
        "sally~scan1": "sally",
        "sally trial 1": "sally~scan1",
        "sally trial 2": "sally~scan1",
    }
    assert runs["alices"].data.metrics == {"rate.CWL2.width_68": 0.2}
    assert "rate.CWL2.width_68" not in runs["alices~member1"].data.metrics
    failed, good = runs["sally trial 1"], runs["sally trial 2"]
    assert (failed.info.status, good.info.status) == ("FAILED", "FINISHED")
    assert failed.data.tags["assay.error"] == "the loss is not finite"
    assert failed.info.end_time - failed.info.start_time == 2000
    assert good.data.params == {"learning_rate": "0.01", "layers": "(8, 8)"}
    assert good.data.metrics == {"best_validation_loss": 0.5}
