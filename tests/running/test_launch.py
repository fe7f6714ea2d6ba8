"""The launcher against the real yadage, on workflows of a few steps that need no physics."""

from __future__ import annotations

import fcntl
import io
from pathlib import Path

import pytest
import yaml

from assay.errors import WorkflowError
from assay.running.launch import Run, launch
from assay.running.steps import read_states

pytestmark = pytest.mark.slow


def step(command: str, publisher: dict[str, object]) -> dict[str, object]:
    return {
        "environment": {"environment_type": "docker-encapsulated", "image": "none", "imagetag": "0"},
        "process": {"process_type": "string-interpolated-cmd", "cmd": command},
        "publisher": publisher,
    }


def workflow(folder: Path, names: list[str], work: str = "cat {name} > {output}/a.txt") -> Run:
    """A fan-out over `names` and a reduce, as the real workflow has them."""
    listing = yaml.safe_dump({"names": names}).replace("\n", "\\n")
    stages = [
        {
            "name": "configure",
            "dependencies": ["init"],
            "scheduler": {
                "scheduler_type": "singlestep-stage",
                "parameters": {"study": {"step": "init", "output": "study"}, "output": "{workdir}"},
                "step": step(
                    f"printf '{listing}' > {{output}}/published.yml && cat {{study}}",
                    {"publisher_type": "fromyaml-pub", "yamlfile": "published.yml"},
                ),
            },
        },
        {
            "name": "generate",
            "dependencies": ["configure"],
            "scheduler": {
                "scheduler_type": "multistep-stage",
                "parameters": {"name": {"step": "configure", "output": "names"}, "output": "{workdir}"},
                "scatter": {"method": "zip", "parameters": ["name"]},
                "step": step(work, {"publisher_type": "interpolated-pub", "publish": {"file": "{output}/a.txt"}}),
            },
        },
        {
            "name": "combine",
            "dependencies": ["generate"],
            "scheduler": {
                "scheduler_type": "singlestep-stage",
                "parameters": {"files": {"stages": "generate", "output": "file"}, "output": "{workdir}"},
                "step": step(
                    "cat {files} > {output}/all.txt",
                    {"publisher_type": "interpolated-pub", "publish": {"file": "{output}/all.txt"}},
                ),
            },
        },
    ]
    (folder / "flow.yml").write_text(yaml.safe_dump({"stages": stages}))
    (folder / "study.yml").write_text("hello\n")
    return Run("flow.yml", folder, folder / "run", folder, {"study": "study.yml"}, ("combine/all.txt",), 2)


def test_a_run_ends_with_its_outputs_and_shows_its_steps(tmp_path: Path) -> None:
    shown = io.StringIO()
    run = workflow(tmp_path, ["c", "a", "b"], "echo {name} > {output}/a.txt")
    states = launch(run, shown)
    assert {state.name for state in states} == {"configure", "generate_0", "generate_1", "generate_2", "combine"}
    assert (run.folder / "combine" / "all.txt").read_text() == "c\na\nb\n"  # the order of the list that the step wrote
    assert "generate_2       done" in shown.getvalue()
    launch(run, shown)  # and again, in the same folder
    assert (run.folder / "combine" / "all.txt").read_text() == "c\na\nb\n"


def test_a_failing_step_is_named_with_its_last_lines(tmp_path: Path) -> None:
    run = workflow(tmp_path, ["a"], "echo what to do about it; exit 3")
    with pytest.raises(WorkflowError, match="step generate_0 failed") as caught:
        launch(run, io.StringIO())
    assert "what to do about it" in str(caught.value)
    assert "generate_0.run.log" in str(caught.value)
    assert next(state for state in read_states(run.folder) if state.name == "generate_0").state == "failed"


def test_an_empty_fan_out_is_not_a_success(tmp_path: Path) -> None:
    """yadage ends with status 0 when a scatter over nothing leaves the rest of the workflow out."""
    with pytest.raises(WorkflowError, match=r"ended without this output"):
        launch(workflow(tmp_path, []), io.StringIO())


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    run = workflow(tmp_path, ["a"])
    run.folder.mkdir()
    with open(run.folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(WorkflowError, match="another run"):
            launch(run, io.StringIO())
