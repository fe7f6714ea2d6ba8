"""The status of a run, from folders as the launcher, the executor and the stages leave them."""

from __future__ import annotations

import fcntl
import io
import json
import os
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from assay.errors import WorkflowError
from assay.running.progress import ProgressDisplay, status_table
from assay.running.status import RunStatus, StageStatus, is_alive, newest_run, read_status
from assay.running.steps import State, StepState

pytestmark = pytest.mark.fast

START = 1_700_000_000.25
"""When steps have started; in seconds since the epoch."""


class Folder:
    """A run's folder in the making."""

    def __init__(self, path: Path, part: str = "") -> None:
        self.path = path
        self.part = part
        path.mkdir(parents=True)
        (path / ".lock").touch()

    def place(self, step: str) -> Path:
        learning = step.startswith(("sample", "train", "toys", "evaluate", "plot"))
        return self.path / (self.part or ("ml" if learning else "physics")) / step

    def step(self, name: str, state: State, took: float | None = None, attempt: int = 1) -> Path:
        records = self.place(name) / "_packtivity"
        records.mkdir(parents=True, exist_ok=True)
        log = records / f"{name}.run.log"
        log.write_text(f"{name} says\n")
        os.utime(log, (START + 40.0, START + 40.0))
        ended = None if took is None else START + took
        StepState(name, state, str(log), START, ended, attempt).write(records)
        return self.place(name)

    def manifest(self, folder: str, begun: float = START + 0.4) -> None:
        path = self.place(folder)
        path.mkdir(parents=True, exist_ok=True)
        started = datetime.fromtimestamp(begun, UTC).isoformat(timespec="seconds")
        (path / "manifest.json").write_text(json.dumps({"started": started}))

    def configured(self, batches: Sequence[Sequence[str]]) -> None:
        folder = self.step("configure", "done", 2.0)
        files = []
        for number, batch in enumerate(batches):
            path = folder / "jobs" / f"{number:03d}.json"
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps([{"name": name} for name in batch]))
            files.append(str(path))
        (folder / "published.yml").write_text(yaml.safe_dump({"study": "study.json", "jobs": files}))

    def status(self) -> RunStatus:
        return read_status(self.path)

    def stage(self, name: str) -> StageStatus:
        return next(stage for stage in self.status().stages if stage.name == name)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "run")


@pytest.fixture
def alive(folder: Folder) -> Iterator[None]:
    """A launcher is at work in the folder."""
    with open(folder.path / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def states(stage: StageStatus) -> list[tuple[str, list[str]]]:
    return [(step.state, [job.state for job in step.jobs]) for step in stage.steps]


@pytest.mark.usefixtures("alive")
def test_a_run_that_has_not_started_a_step(folder: Folder) -> None:
    status = folder.status()
    assert (status.state, status.alive, status.elapsed) == ("running", True, None)
    assert len(status.stages) == 11
    assert {stage.state for stage in status.stages} == {"waiting"}


@pytest.mark.usefixtures("alive")
def test_fan_outs_are_known_once_their_lists_are_published(folder: Folder) -> None:
    folder.step("configure", "running")
    assert folder.stage("generate").steps == ()
    folder.configured([["a", "b"], ["c"]])
    assert states(folder.stage("generate")) == [("waiting", ["waiting", "waiting"]), ("waiting", ["waiting"])]
    assert [job.name for step in folder.stage("extract").steps for job in step.jobs] == ["a", "b", "c"]
    assert folder.stage("train").steps == ()
    (folder.step("sample", "done", 1.0) / "published.yml").write_text(
        yaml.safe_dump({"methods": ["x", "y"], "trainings": ["x", "y~member1", "y~member2"]})
    )
    assert [job.name for step in folder.stage("evaluate").steps for job in step.jobs] == ["x", "y"]
    assert [step.jobs[0].name for step in folder.stage("train").steps] == ["x", "y~member1", "y~member2"]


@pytest.mark.usefixtures("alive")
def test_a_list_of_an_earlier_run_does_not_count(folder: Folder) -> None:
    folder.configured([["a"]])
    folder.step("configure", "running")
    assert folder.stage("generate").steps == ()


@pytest.mark.usefixtures("alive")
def test_jobs_of_a_step_at_work(folder: Folder) -> None:
    """Complete ones by their manifests; what an earlier run has left behind the one at work may be outdated."""
    folder.configured([["a", "b", "c", "d", "e"]])
    folder.step("generate_0", "running", attempt=2)
    folder.manifest("generate_0/a", START - 1000.0)
    folder.manifest("generate_0/b")
    folder.manifest("generate_0/d", START - 1000.0)
    stage = folder.stage("generate")
    assert states(stage) == [("running", ["kept", "done", "running", "waiting", "waiting"])]
    assert stage.jobs == {"kept": 1, "done": 1, "running": 1, "waiting": 2}
    assert stage.steps[0].attempt == 2
    assert stage.steps[0].elapsed == pytest.approx(time.time() - START, abs=60.0)
    # a job that failed while the others go on
    folder.manifest("generate_0/d")
    assert states(folder.stage("generate")) == [("running", ["kept", "done", "failed", "done", "running"])]


def test_a_failed_step(folder: Folder) -> None:
    folder.configured([["a", "b", "c"], ["d"]])
    folder.step("generate_0", "failed", 30.0)
    folder.manifest("generate_0/a")
    (folder.place("generate_0") / "b").mkdir()
    folder.step("generate_1", "done", 50.0)
    folder.manifest("generate_1/d")
    stage = folder.stage("generate")
    assert states(stage) == [("failed", ["done", "failed", "waiting"]), ("done", ["done"])]
    assert (stage.state, stage.elapsed, stage.n_steps_complete) == ("failed", 50.0, 1)
    assert folder.status().state == "failed"
    assert stage.steps[0].log == "physics/generate_0/_packtivity/generate_0.run.log"


def test_a_killed_run_is_stopped_and_not_running(folder: Folder) -> None:
    folder.configured([["a", "b"]])
    folder.step("generate_0", "running")
    folder.manifest("generate_0/a")
    status = folder.status()
    assert (status.state, status.alive) == ("stopped", False)
    assert states(folder.stage("generate")) == [("stopped", ["done", "stopped"])]
    assert status.elapsed == pytest.approx(40.0)  # its log was last written to then
    with open(folder.path / ".lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert folder.status().state == "running"


def finish(folder: Folder, begun: float) -> None:
    folder.configured([["a"]])
    folder.manifest("configure", begun)
    for stage in ("prepare", "combine", "sample", "plot"):
        folder.step(stage, "done", 3.0)
        folder.manifest(stage, begun)
    published = {"methods": ["x"], "trainings": ["x"], "toys": ["none"]}
    (folder.place("sample") / "published.yml").write_text(yaml.safe_dump(published))
    listed = tuple((stage, "") for stage in ("train", "toys", "evaluate"))
    for stage, job in (("generate", "/a"), ("simulate", "/a"), ("extract", "/a"), *listed):
        folder.step(f"{stage}_0", "done", 3.0)
        folder.manifest(f"{stage}_0{job}", begun)


@pytest.mark.parametrize(("begun", "expected"), [(START + 0.4, "done"), (START - 3600.0, "kept")])
def test_a_run_that_is_done(folder: Folder, begun: float, expected: str) -> None:
    """And one that was already."""
    finish(folder, begun)
    status = folder.status()
    assert (status.state, status.elapsed) == ("done", 3.0)
    assert {stage.state for stage in status.stages} == {expected}
    assert all(stage.jobs == {expected: 1} for stage in status.stages)


def test_a_run_whose_last_steps_never_came_is_not_done(folder: Folder) -> None:
    """As after an empty fan-out, with which yadage is content."""
    folder.configured([])
    folder.step("prepare", "done", 3.0)
    assert folder.status().state == "stopped"


@pytest.mark.parametrize(("step", "stages"), [("configure", 6), ("sample", 5)])
def test_a_part_of_the_study(tmp_path: Path, step: str, stages: int) -> None:
    folder = Folder(tmp_path / "run", part=".")
    folder.step(step, "done", 1.0)
    assert len(folder.status().stages) == stages
    assert folder.stage(step).state == "done"


@pytest.mark.parametrize("name", ["manifest.json", "published.yml", "jobs/000.json", "_packtivity/assay-step.json"])
@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"started": 1}', '{"jobs": 3}'])
def test_damaged_files_do_not_stop_the_status(folder: Folder, name: str, content: str) -> None:
    finish(folder, START)
    for place in ("configure", "generate_0/a", "generate_0"):
        path = folder.place(place) / name
        if path.exists():
            path.write_text(content)
    assert folder.status().stages[0].name == "configure"


def test_a_folder_that_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="not a run's folder"):
        read_status(tmp_path)
    with pytest.raises(WorkflowError, match="no run here"):
        newest_run(tmp_path)
    assert not is_alive(tmp_path)


def test_the_newest_run(tmp_path: Path) -> None:
    for age, name in ((3, "a"), (1, "b"), (2, "c")):
        folder = Folder(tmp_path / name)
        (folder.path / "yadage.log").touch()
        for file in (".lock", "yadage.log"):
            os.utime(folder.path / file, (START - age, START - age))
    assert newest_run(tmp_path).name == "b"
    (tmp_path / "c" / "yadage.log").touch()
    assert newest_run(tmp_path).name == "c"


def test_the_table_counts_jobs(folder: Folder) -> None:
    folder.configured([["a", "b", "c"], ["d"]])
    folder.step("generate_0", "failed", 30.0, attempt=3)
    folder.manifest("generate_0/a")
    (folder.place("generate_0") / "b").mkdir()
    shown = io.StringIO()
    Console(file=shown, width=120).print(status_table(folder.status()))
    line = next(line for line in shown.getvalue().splitlines() if line.startswith("generate"))
    assert line.split() == ["generate", "failed", "0/2", "1", "1", "2", "30", "s", "3"]


@pytest.mark.usefixtures("alive")
def test_progress_tells_every_change_once(folder: Folder) -> None:
    shown = io.StringIO()
    folder.configured([["a"], ["b"]])
    with ProgressDisplay(shown) as display:
        for _ in range(2):
            display.update(folder.status())
        folder.step("generate_0", "running")
        display.update(folder.status())
        folder.step("generate_0", "running", attempt=2)
        display.update(folder.status())
        folder.step("generate_0", "done", 12.0, attempt=2)
        for _ in range(2):
            display.update(folder.status())
    assert shown.getvalue().splitlines() == [
        "configure        done (2 s)",
        "generate_0       running  [0 of 2]",
        "generate_0       running, attempt 2  [0 of 2]",
        "generate_0       done, attempt 2 (12 s)  [1 of 2]",
    ]
