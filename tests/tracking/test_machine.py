import time

import pytest

from assay.tracking import RunIdentity, machine, read_journal, tracked
from assay.tracking.records import End, Metrics

pytestmark = pytest.mark.fast
IDENTITY = RunIdentity("run-1", "study")


def test_the_machine_is_measured_while_a_stage_runs():
    told = []
    with machine.watched(lambda values, step: told.append((step, dict(values))), "train", seconds=0.2):
        deadline = time.monotonic() + 60.0
        while len(told) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    steps = [step for step, _ in told]
    assert steps == list(range(len(told)))
    assert len(steps) >= 3  # two meanwhile, and one at the end
    for _, values in told:
        assert 0.0 <= values["system/train/cpu_utilization_percentage"] <= 100.0
        assert values["system/train/system_memory_usage_megabytes"] > 0.0
        assert "system/train/disk_usage_percentage" in values


def test_it_is_measured_on_request_alone(tmp_path):
    for asked in (True, False):
        folder = tmp_path / str(asked)
        with tracked(folder, IDENTITY, "a", stage="train", system_metrics=asked, environ={}):
            pass
        kinds = [type(record) for record in read_journal(folder / "journal.jsonl").records]
        assert kinds == ([Metrics, End] if asked else [End])


def test_a_monitor_that_fails_does_not_fail_the_stage(tmp_path, monkeypatch, caplog):
    def broken():
        raise ImportError("no psutil")

    monkeypatch.setattr(machine, "_monitors", broken)
    with tracked(tmp_path, IDENTITY, "a", stage="train", system_metrics=True, environ={}) as tracker:
        tracker.metrics({"loss": 1.0})
    assert "no psutil" in caplog.text
    run = read_journal(tmp_path / "journal.jsonl")
    assert run.end.status == "FINISHED"
