"""The launcher against the real yadage, on toy workflows."""

from __future__ import annotations

import fcntl
import io
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import WorkflowError
from assay.running.launch import Run, launch
from assay.running.steps import read_states

pytestmark = pytest.mark.slow

ASSAY = Path(sys.executable).with_name("assay")
SECONDS = 300.0
Toy = Callable[..., Run]


@pytest.mark.parametrize("prepublishing", [False, True])
def test_a_run_ends_with_its_outputs_and_shows_its_steps(toy: Toy, prepublishing: bool) -> None:
    """The launcher's mode of yadage, and the one that REANA runs, give the same."""
    shown = io.StringIO()
    run = replace(toy(["c", "a", "b"]), prepublishing=prepublishing)
    states = launch(run, shown)
    assert {state.name for state in states} == {"configure", "generate_0", "generate_1", "generate_2", "combine"}
    assert all(state.state == "done" for state in states)
    # the order of the list that the step wrote
    assert (run.folder / "combine" / "combined.h5").read_text() == "c\na\nb\n"
    assert "generate_2       done" in shown.getvalue()
    launch(run, shown)  # and again, in the same folder
    assert (run.folder / "combine" / "combined.h5").read_text() == "c\na\nb\n"


@pytest.mark.parametrize("prepublishing", [False, True])
def test_a_failing_step_is_named_with_its_last_lines(toy: Toy, prepublishing: bool) -> None:
    """Its siblings end in peace, what follows it does not start."""
    work = "echo {name} > {output}/a.txt; test {name} = good || (echo what to do about it; exit 3)"
    run = replace(toy(["good", "bad", "good", "bad"], work), prepublishing=prepublishing)
    with pytest.raises(WorkflowError, match=r"step generate_[13] failed") as caught:
        launch(run, io.StringIO())
    message = str(caught.value)
    assert "what to do about it\n\nended with exit status 3" in message
    assert "_packtivity/generate_" in message
    assert "not done either: generate_" in message
    states = {state.name: state.state for state in read_states(run.folder)}
    generated = {"generate_0": "done", "generate_1": "failed", "generate_2": "done", "generate_3": "failed"}
    assert states == {"configure": "done", **generated}


def test_a_step_that_is_killed_says_so(toy: Toy) -> None:
    with pytest.raises(WorkflowError, match=r"was ended by signal 9, SIGKILL \(out of memory\?\)"):
        launch(toy(["a"], "kill -9 $$"), io.StringIO())


def test_an_empty_fan_out_is_not_a_success(toy: Toy) -> None:
    """yadage ends with status 0 when a scatter over nothing leaves the rest of the workflow out."""
    with pytest.raises(WorkflowError, match=r"ended without this output"):
        launch(toy([]), io.StringIO())


def test_a_workflow_that_yadage_refuses(toy: Toy) -> None:
    run = toy(["a"])
    (run.toplevel / "flow.yml").write_text("stages: 3\n")
    with pytest.raises(WorkflowError, match="yadage ended with status 1"):
        launch(run, io.StringIO())


def test_of_runs_started_at_once_in_a_folder_one_goes_on(
    small_study: Callable[..., Path], toy_project: Callable[..., Path], tmp_path: Path
) -> None:
    """The others say so and touch nothing."""
    work = "echo {name} >> {study}.begun; sleep 3; echo {name} > {output}/a.txt"
    study, folder, project = small_study(), tmp_path / "run", toy_project(["b", "a"], work)
    command = [ASSAY, "run", "--part", "physics", "--project", project, "--study", study, "--output", folder]
    runs = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    told = [run.communicate(timeout=SECONDS)[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1, 1, 1], told
    assert sum("another run is using this folder" in words for words in told) == 3
    assert "Traceback" not in "".join(told)
    assert sorted(Path(f"{study}.begun").read_text().split()) == ["a", "b"]
    assert (folder / "combine" / "combined.h5").read_text() == "b\na\n"


@pytest.mark.fast
def test_two_runs_do_not_share_a_folder(toy: Toy) -> None:
    run = toy(["a"])
    run.folder.mkdir()
    with open(run.folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WorkflowError, match="another run"):
            launch(run, io.StringIO())


@pytest.mark.fast
@pytest.mark.parametrize("name", ["a b", "a;b", "$HOME", "a{b}", "a*", "it's", "a:b"])
def test_names_that_the_command_lines_of_steps_cannot_carry_are_refused(toy: Toy, name: str) -> None:
    run = toy(["a"])
    for bad in (
        replace(run, folder=run.folder / name),
        replace(run, inputs=run.inputs / name),
        replace(run, parameters={"study": f"{name}.yml"}),
    ):
        with pytest.raises(WorkflowError, match=r"the name of .* holds") as caught:
            launch(bad, io.StringIO())
        assert name in str(caught.value)
    assert not run.folder.exists()


@pytest.mark.fast
def test_a_file_in_the_place_of_the_runs_folder(toy: Toy) -> None:
    run = toy(["a"])
    run.folder.write_text("a file")
    for folder in (run.folder, run.folder / "below"):
        with pytest.raises(WorkflowError, match="cannot be made"):
            launch(replace(run, folder=folder), io.StringIO())
    assert run.folder.read_text() == "a file"
