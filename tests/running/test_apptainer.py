"""Steps in containers of Apptainer, with a stand-in for its program."""

from __future__ import annotations

import io
import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assay.errors import WorkflowError
from assay.running.attempts import Retries, run_step
from assay.running.launch import Run, launch
from assay.running.layers.apptainer import IMAGES, Apptainer
from assay.running.layers.program import Program, Step

pytestmark = pytest.mark.fast

MakeStep = Callable[..., Step]
Calls = Callable[[], list[list[str]]]


def wrapped(step: Step, **environment: str) -> Program:
    return Apptainer().wrap(Program(step.arguments, environment, step.folder), step, "a-name")


def test_the_call(fake_apptainer: Calls, make_step: MakeStep, tmp_path: Path) -> None:
    step = make_step("echo hello")
    program = wrapped(step, ASSAY_RUN="r", MLFLOW_EXPERIMENT_NAME="x", HOME="/home/me")
    call = list(program.arguments)
    assert call[:4] == ["apptainer", "exec", "--containall", "--cleanenv"]
    assert call[-4:] == ["docker://none:0", "sh", "-c", "echo hello"]
    binds = [value for option, value in itertools.pairwise(call) if option == "--bind"]
    assert binds == [f"{step.folder}:{step.folder}", f"{tmp_path}:{tmp_path}:ro"]
    assert call[call.index("--pwd") + 1] == str(step.folder)
    assert call[call.index("--net") : call.index("--net") + 3] == ["--net", "--network", "none"]
    scratch = Path(call[call.index("--workdir") + 1])
    assert scratch.is_dir()
    assert scratch.is_relative_to(step.records)  # not among the step's outputs
    inside = {name: value for name, value in program.environment.items() if name.startswith("APPTAINERENV_")}
    assert inside == {"APPTAINERENV_ASSAY_RUN": "r", "APPTAINERENV_MLFLOW_EXPERIMENT_NAME": "x"}


def test_tracking_gets_the_network_and_its_credentials_show_nowhere(fake_apptainer: Calls, make_step: MakeStep) -> None:
    program = wrapped(make_step("true"), MLFLOW_TRACKING_URI="http://here", MLFLOW_TRACKING_USERNAME="somebody")
    assert "--net" not in program.arguments
    assert "somebody" not in " ".join(program.arguments)
    assert program.environment["APPTAINERENV_MLFLOW_TRACKING_USERNAME"] == "somebody"


def test_singularity_where_only_that_is_found(put_first: Callable[[str, str], None], make_step: MakeStep) -> None:
    put_first("apptainer", "singularity")
    program = wrapped(make_step("true"), ASSAY_RUN="r")
    assert program.arguments[0] == "singularity"
    assert program.environment["SINGULARITYENV_ASSAY_RUN"] == "r"


def test_without_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkflowError, match="there is no Apptainer here"):
        Apptainer().check(())


def test_images_that_are_files(
    fake_apptainer: Calls, make_step: MakeStep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = tmp_path / "images"
    images.mkdir()
    (images / "none_0.sif").touch()
    monkeypatch.setenv(IMAGES, str(images))
    Apptainer().check(("registry.example/group/none:0",))
    assert str(images / "none_0.sif") in wrapped(make_step("true")).arguments
    with pytest.raises(WorkflowError, match="no file of the image other:1") as caught:
        Apptainer().check(("none:0", "other:1"))
    assert f"apptainer pull {images / 'other_1.sif'} docker://other:1" in str(caught.value)


def test_a_step_sees_its_variables_alone(
    fake_apptainer: Calls, make_step: MakeStep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.setenv("SOME_OTHER", "1")
    step = make_step("pwd > seen; env >> seen")
    run_step(step, (Apptainer(),), os.environ, Retries())
    seen = (step.folder / "seen").read_text().splitlines()
    assert seen[0] == str(step.folder)
    assert "OMP_NUM_THREADS=7" in seen
    assert not (step.records / "scratch").exists()
    assert not any("SOME_OTHER" in line for line in seen)


@pytest.mark.slow
def test_a_run_in_containers(fake_apptainer: Calls, toy: Callable[..., Run]) -> None:
    run = replace(toy(["c", "a", "b"]), containers="apptainer")
    launch(run, io.StringIO())
    assert (run.folder / "combine" / "combined.h5").read_text() == "c\na\nb\n"
    assert len(fake_apptainer()) == 5
