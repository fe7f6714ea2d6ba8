import os

import pytest

from assay.tracking import RunIdentity, flatten, read_journal, tracked
from assay.tracking.records import Artifact, Dataset, End, Metrics, ModelFolder, Parameters, Tags

pytestmark = pytest.mark.fast
IDENTITY = RunIdentity("run-1", "study")


def test_everything_told_is_in_the_journal_without_a_server(tmp_path):
    folder = tmp_path / "train" / "alice"
    with tracked(folder, IDENTITY, "alice", stage="train", role="training", environ={}) as tracker:
        tracker.parameters({"training": {"epochs": 4, "layers": [10, 10]}})
        tracker.metrics({"loss": 0.5}, step=1)
        tracker.tags({"kind": "alice"})
        tracker.dataset("train", "ff" * 32, "training", 10)
        tracker.artifact(folder / "history.json")
        tracker.artifact(tmp_path / "sample" / "counts.json", "samples")
        tracker.model(folder / "model", "alice")
    run = read_journal(folder / "journal.jsonl")
    assert run.begin.role == "training"
    assert run.begin.run == "run-1"
    kinds = [type(record) for record in run.records]
    assert kinds == [Parameters, Metrics, Tags, Dataset, Artifact, Artifact, ModelFolder, End]
    assert run.records[0] == Parameters({"training.epochs": "4", "training.layers": "[10, 10]"})
    assert run.records[5].path == "../../sample/counts.json"
    assert (run.folder / run.records[5].path).resolve() == (tmp_path / "sample" / "counts.json").resolve()
    assert run.end.status == "FINISHED"


def test_a_stage_that_raises_is_marked_failed_and_raises_on(tmp_path):
    with (
        pytest.raises(RuntimeError, match="diverged"),
        tracked(tmp_path, IDENTITY, "alice", stage="train", role="training", environ={}),
    ):
        raise RuntimeError("diverged")
    assert read_journal(tmp_path / "journal.jsonl").end.status == "FAILED"


@pytest.mark.parametrize("uri", ["", "   ", "sqlite:///shared.db", "mlruns", "file:///mlruns"])
def test_only_servers_are_written_to_live(tmp_path, uri, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tracked(tmp_path, IDENTITY, "alice", stage="train", environ={"MLFLOW_TRACKING_URI": uri}) as tracker:
        tracker.metrics({"loss": 1.0})
    assert os.listdir(tmp_path) == ["journal.jsonl"]


def test_a_journal_that_cannot_be_written_does_not_fail_the_stage(tmp_path, caplog):
    with tracked(tmp_path, IDENTITY, "alice", stage="train", environ={}) as tracker:
        (tmp_path / "journal.jsonl").unlink()
        (tmp_path / "journal.jsonl").mkdir()
        tracker.metrics({"loss": 1.0})
    assert "cannot be written" in caplog.text


def test_flatten_names_nested_settings():
    assert flatten({"a": {"b": {"c": 1}}, "d": None, "e": {}}) == {"a.b.c": "1", "d": "None", "e": "{}"}
