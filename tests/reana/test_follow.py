"""How a run's jobs show as stages."""

from __future__ import annotations

import io

import pytest

from assay.running.progress import ProgressDisplay
from assay.running.reana.answers import Job, Progress, RunState, logs, run_state
from assay.running.reana.follow import run_status

pytestmark = pytest.mark.fast


def state(status: str = "running", ended: float | None = None) -> RunState:
    return RunState("study.1", status, Progress(3, 1, 1, 1), 100.0, ended)


def job(name: str, status: str, started: float | None = 110.0, ended: float | None = None) -> Job:
    return Job(name, status, "image", "", started, ended)


def test_jobs_are_arranged_by_stages() -> None:
    jobs = [
        job("configure", "finished", 100.0, 105.0),
        job("generate_0", "finished", 110.0, 130.0),
        job("generate_1", "running"),
        job("generate_2", "queued", None),
        job("mine", "failed", 110.0, 111.0),
    ]
    status = run_status(state(), jobs, clock=lambda: 150.0)
    stages = {stage.name: stage for stage in status.stages}
    assert list(stages)[:3] == ["configure", "prepare", "generate"]
    assert list(stages)[-1] == "mine"
    assert (status.state, status.alive, status.elapsed) == ("running", True, 50.0)
    assert {name: stage.state for name, stage in stages.items() if stage.steps} == {
        "configure": "done",
        "generate": "running",
        "mine": "failed",
    }
    assert stages["plot"].state == "waiting"
    assert stages["generate"].n_steps_complete == 1
    assert stages["generate"].jobs == {"done": 1, "running": 1, "waiting": 1}
    assert [step.elapsed for step in stages["generate"].steps] == [20.0, 40.0, None]


def test_the_display_takes_it_and_tells_each_change_once() -> None:
    stream = io.StringIO()
    with ProgressDisplay(stream) as display:
        for status in ("running", "running", "finished"):
            display.update(run_status(state(), [job("train_1", status, 110.0, 120.0)], clock=lambda: 150.0))
    assert [line.split()[:2] for line in stream.getvalue().splitlines()] == [
        ["train_1", "running"],
        ["train_1", "done"],
    ]


@pytest.mark.parametrize(("status", "shown"), [("finished", "done"), ("failed", "failed"), ("stopped", "stopped")])
def test_ends_of_a_run(status: str, shown: str) -> None:
    ended = run_status(state(status, 160.0), [], clock=lambda: 1e9)
    assert (ended.state, ended.alive, ended.elapsed) == (shown, False, 60.0)


def test_answers_of_a_server_that_leaves_things_out() -> None:
    """A run that has not started has no progress, and REANA writes a missing time as the word None."""
    found = run_state({"name": "a.1", "status": "queued", "progress": {"run_started_at": "None", "total": None}})
    assert found == RunState("a.1", "queued", Progress(0, 0, 0, 0), None, None)
    assert run_state({"name": "a.1", "status": "created"}).is_active
    assert logs({"logs": '{"workflow_logs": null, "job_logs": {"1": {"job_name": "a", "logs": null}}}'}).jobs == (
        Job("a", "", "", "", None, None),
    )


def test_times_are_utc() -> None:
    progress = {
        "run_started_at": "1970-01-01T00:01:00",
        "run_finished_at": None,
        "run_stopped_at": "1970-01-01T00:02:00",
    }
    found = run_state({"name": "a.1", "status": "stopped", "progress": progress})
    assert (found.started, found.ended) == (60.0, 120.0)
