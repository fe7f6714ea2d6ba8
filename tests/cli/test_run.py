"""`assay run` before anything runs; its runs are tested in `tests/running` and `tests/workflow`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay.cli import run as module
from assay.errors import WorkflowError
from assay.running.launch import Run
from assay.running.steps import StepState

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
Command = Callable[..., str]
Write = Callable[..., Path]


class Launched(list[Run]):
    """What would have been started, and how its specification would have been written."""

    specify: Callable[[], None]


@pytest.fixture
def launched(monkeypatch: pytest.MonkeyPatch) -> Launched:
    runs = Launched()

    def launch(run: Run, stream: object, specify: Callable[[], None]) -> list[StepState]:
        runs.append(run)
        runs.specify = specify
        return [StepState("configure", "done", "log", 0.0, 1.0)]

    monkeypatch.setattr(module, "launch", launch)
    monkeypatch.chdir(ROOT)
    return runs


def test_the_whole_study(small_study: Write, invoke: Command, launched: Launched, tmp_path: Path) -> None:
    study = small_study(execution={"retries": 5, "retry_delay": 0.5, "resources": {"train": {"memory": 13}}})
    shown = invoke("run", "--study", study, "--output", tmp_path / "run", "--processes", "3")
    (run,) = launched
    assert (run.workflow, run.toplevel) == ("workflow/workflow.yml", tmp_path / "run" / "specification")
    assert (run.retries.number, run.retries.delay) == (5, 0.5)
    assert not run.toplevel.exists()
    launched.specify()
    assert (run.toplevel / run.workflow).is_file()
    assert "13" in (run.toplevel / "steps" / "ml.yml").read_text()
    assert (run.inputs, run.parameters) == (study.parent, {"study": "input.yml"})
    assert (run.processes, run.containers, run.outputs) == (3, "local", ("ml/plot/report.html",))
    for what in (f"report:   {tmp_path}/run/ml/plot/report.html", "figures: ", "results: ", "mlflow ui"):
        assert what.split("mlflow")[0] in shown


def test_a_run_has_its_folder_by_the_studys_name(small_study: Write, invoke: Command, launched: Launched) -> None:
    invoke("run", "--study", small_study())
    assert launched[0].folder == ROOT / "runs" / "wbf-higgs-hww"


def test_the_physics_alone(small_study: Write, invoke: Command, launched: Launched, tmp_path: Path) -> None:
    shown = invoke("run", "--study", small_study(), "--part", "physics", "--output", tmp_path / "run")
    assert (launched[0].workflow, launched[0].outputs) == ("physics.yml", ("combine/combined.h5",))
    assert f"events:   {tmp_path}/run/combine/combined.h5" in shown


def test_machine_learning_from_an_event_file(chain: Any, invoke: Command, launched: Launched, tmp_path: Path) -> None:
    events = tmp_path / "events" / "mine.h5"
    events.parent.mkdir()
    shutil.copyfile(chain.combined, events)
    study = chain.folder / "input.yml"
    invoke("run", "--study", study, "--part", "ml", "--events", events, "--output", tmp_path / "run")
    (run,) = launched
    assert run.workflow == "ml.yml"
    launched.specify()
    assert run.inputs == run.folder / "input"
    for name, path in {"study": study, "events": events}.items():
        assert (run.inputs / run.parameters[name]).read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--part", "ml"], "--events goes with --part ml", 2),
        (["--events", "mine.h5"], "--events goes with --part ml", 2),
        (["--part", "ml", "--events", "nowhere.h5"], "event file not found", 2),
        (["--project", "src"], "no workflow here", 1),
        (["--part", "everything"], "Invalid value for '--part'", 2),
    ],
)
def test_wrong_options_start_nothing(
    small_study: Write, invoke: Command, launched: Launched, arguments: list[str], message: str, status: int
) -> None:
    assert message in invoke("run", "--study", small_study(), *arguments, expect=status)
    assert not launched


def test_a_folder_that_steps_cannot_name_is_refused(
    small_study: Write, invoke: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """yadage puts the folder into the steps' command lines as it is."""
    monkeypatch.chdir(ROOT)
    shown = invoke("run", "--study", small_study(), "--output", tmp_path / "my runs", expect=1)
    assert "the name of the run's folder holds ' '" in shown
    assert not (tmp_path / "my runs").exists()


def test_what_a_run_reports_has_a_status(small_study: Write, invoke: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def launch(run: Run, stream: object, specify: object) -> list[StepState]:
        raise WorkflowError("step sample failed; its last lines:\nwhy", where="sample.run.log")

    monkeypatch.setattr(module, "launch", launch)
    monkeypatch.chdir(ROOT)
    shown = invoke("run", "--study", small_study(), expect=1)
    assert "error: sample.run.log: step sample failed; its last lines:\nwhy" in shown
