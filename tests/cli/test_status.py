"""`assay status` on folders as a run leaves them; how they are read is tested in `tests/running/test_status.py`."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.running.steps import State, StepState

pytestmark = pytest.mark.fast

Command = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    (folder / ".lock").touch()
    return folder


def step(run: Path, name: str, state: State, attempt: int = 1) -> None:
    records = run / name / "_packtivity"
    records.mkdir(parents=True)
    log = records / f"{name}.run.log"
    log.write_text("first\n" + "many\n" * 30 + f"last of {name}\n")
    StepState(name, state, str(log), 100.0, None if state == "running" else 130.0, attempt).write(records)


def test_a_failed_run_shows_its_log(run: Path, invoke: Command) -> None:
    step(run, "configure", "done")
    step(run, "prepare", "failed", attempt=3)
    shown = invoke("status", run, expect=1)
    assert "failed, 30 s" in shown
    assert "prepare          failed       30 s  attempt 3  prepare/_packtivity/prepare.run.log" in shown
    assert "last of prepare" in shown
    assert "last of configure" not in shown
    assert "configure/_packtivity" not in shown
    assert "first" not in shown
    assert "configure/_packtivity/configure.run.log" in invoke("status", run, "--steps", expect=1)


def test_a_stopped_run_says_how_to_go_on(run: Path, invoke: Command) -> None:
    step(run, "configure", "running")
    shown = invoke("status", run, expect=1)
    assert "stopped" in shown
    assert "last of configure" in shown
    assert "the same command continues it" in shown


def test_a_run_at_work_has_a_status_of_its_own(run: Path, invoke: Command) -> None:
    step(run, "configure", "running")
    with open(run / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shown = invoke("status", run, expect=3)
    assert "running" in shown
    assert "last of" not in shown


def test_a_run_that_is_done(run: Path, invoke: Command) -> None:
    for name in ("configure", "prepare", "generate_0", "simulate_0", "extract_0", "combine"):
        step(run, name, "done")
    assert "done, 30 s" in invoke("status", run)
    assert invoke("status", run, "--watch").count("combine") == 2  # as it goes, and at the end


def test_json_holds_everything(run: Path, invoke: Command) -> None:
    step(run, "configure", "done")
    step(run, "prepare", "failed")
    content = json.loads(invoke("status", run, "--json", expect=1))
    assert (content["state"], content["alive"], content["elapsed"]) == ("failed", False, 30.0)
    stages = {stage["name"]: stage for stage in content["stages"]}
    assert stages["configure"]["jobs"] == {"done": 1}
    (prepare,) = stages["prepare"]["steps"]
    assert prepare["log"] == "prepare/_packtivity/prepare.run.log"
    assert (prepare["state"], prepare["attempt"], prepare["jobs"]) == (
        "failed",
        1,
        [{"name": "prepare", "state": "failed"}],
    )
    assert stages["combine"]["state"] == "waiting"


def test_the_newest_run_is_the_default(run: Path, invoke: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(run.parents[1])
    step(run, "configure", "failed")
    shown = invoke("status", expect=1)
    assert "run runs/a: failed" in shown
    assert "  configure/_packtivity/configure.run.log" in shown
    monkeypatch.chdir(run)
    assert "no run here" in invoke("status", expect=1)


def test_a_folder_that_is_no_run(tmp_path: Path, invoke: Command) -> None:
    assert "not a run's folder" in invoke("status", tmp_path, expect=1)
