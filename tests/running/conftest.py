"""Workflows of a few steps that need no physics: a fan-out over names and a reduce, as the real one has them."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.running.launch import Run
from assay.running.layers.program import Step
from assay.running.resources import StepResources

PROGRAMS = Path(__file__).parent / "programs"
IMAGE = "none:0"
COPY = "echo {name} > {output}/a.txt"


def step(command: str, publisher: dict[str, object]) -> dict[str, object]:
    return {
        "environment": {"environment_type": "docker-encapsulated", "image": "none", "imagetag": "0"},
        "process": {"process_type": "string-interpolated-cmd", "cmd": command},
        "publisher": publisher,
    }


def stage(name: str, after: str, scheduler: dict[str, object]) -> dict[str, Any]:
    return {"name": name, "dependencies": [after], "scheduler": {"scheduler_type": "singlestep-stage", **scheduler}}


def toy_workflow(names: list[str], work: str) -> dict[str, object]:
    listing = yaml.safe_dump({"names": names}).replace("\n", "\\n")
    configure = {
        "parameters": {"study": {"step": "init", "output": "study"}, "output": "{workdir}"},
        "step": step(
            f"printf '{listing}' > {{output}}/published.yml && cat {{study}}",
            {"publisher_type": "fromyaml-pub", "yamlfile": "published.yml"},
        ),
    }
    generate = {
        "scheduler_type": "multistep-stage",
        "parameters": {
            "study": {"step": "init", "output": "study"},
            "name": {"step": "configure", "output": "names"},
            "output": "{workdir}",
        },
        "scatter": {"method": "zip", "parameters": ["name"]},
        "step": step(work, {"publisher_type": "interpolated-pub", "publish": {"file": "{output}/a.txt"}}),
    }
    combine = {
        "parameters": {"files": {"stages": "generate", "output": "file"}, "output": "{workdir}"},
        "step": step(
            "cat {files} > {output}/combined.h5",
            {"publisher_type": "interpolated-pub", "publish": {"file": "{output}/combined.h5"}},
        ),
    }
    return {
        "stages": [
            stage("configure", "init", configure),
            stage("generate", "configure", generate),
            stage("combine", "generate", combine),
        ]
    }


@pytest.fixture
def toy(tmp_path: Path) -> Callable[..., Run]:
    """Write a toy workflow and return the run of it."""

    def write(names: list[str], work: str = COPY) -> Run:
        (tmp_path / "flow.yml").write_text(yaml.safe_dump(toy_workflow(names, work)))
        (tmp_path / "study.yml").write_text("hello\n")
        return Run(
            "flow.yml", tmp_path, tmp_path / "run", tmp_path, {"study": "study.yml"}, ("combine/combined.h5",), 2
        )

    return write


@pytest.fixture
def toy_project(tmp_path: Path) -> Callable[..., Path]:
    """Write a folder of workflows whose part `physics` is a toy workflow, for `assay run --part physics --project`."""

    def write(names: list[str], work: str = COPY) -> Path:
        folder = tmp_path / "project" / "workflow"
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("workflow.yml", "physics.yml"):
            (folder / name).write_text(yaml.safe_dump(toy_workflow(names, work)))
        return folder.parent

    return write


@pytest.fixture
def make_step(tmp_path: Path) -> Callable[..., Step]:
    """Make a step that runs a command in a folder of its own."""

    def make(command: str, resources: StepResources | None = None, label: str = "assay-test-step") -> Step:
        folder = tmp_path / "step"
        folder.mkdir(exist_ok=True)
        return Step(
            name="step",
            label=label,
            arguments=["sh", "-c", command],
            stdin=b"",
            image=IMAGE,
            folder=folder,
            writable=[folder],
            readable=[tmp_path],
            records=folder / "_packtivity",
            resources=resources or StepResources(),
        )

    return make


@pytest.fixture
def put_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Put a program of tests/running/programs first on PATH, under a name."""

    def put(program: str, name: str) -> None:
        programs = tmp_path / "programs"
        programs.mkdir(exist_ok=True)
        shutil.copy(PROGRAMS / program, programs / name)
        monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")

    return put


class FakeDocker:
    """What the program `docker` in tests/running/programs keeps."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def calls(self, verb: str) -> list[list[str]]:
        """The calls with a verb, in their order."""
        path = self.home / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for call in map(json.loads, lines) if call[0] == verb]

    def containers(self) -> dict[str, int]:
        """The processes of the containers that there are, by name."""
        folder = self.home / "containers"
        found = folder.iterdir() if folder.exists() else ()
        return {path.name: json.loads(path.read_text())["process"] for path in found}


@pytest.fixture
def fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put_first: Callable[[str, str], None]) -> FakeDocker:
    """Put a program `docker` first that runs containers as processes."""
    home = tmp_path / "docker"
    home.mkdir()
    (home / "images").write_text(IMAGE)
    monkeypatch.setenv("FAKE_DOCKER", str(home))
    put_first("docker", "docker")
    return FakeDocker(home)


@pytest.fixture
def fake_apptainer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, put_first: Callable[[str, str], None]
) -> Callable[[], list[list[str]]]:
    """Put a program `apptainer` first; the value returns its calls."""
    record = tmp_path / "apptainer-calls"
    monkeypatch.setenv("FAKE_APPTAINER", str(record))
    monkeypatch.delenv("ASSAY_APPTAINER_IMAGES", raising=False)
    put_first("apptainer", "apptainer")
    return lambda: [json.loads(line) for line in record.read_text().splitlines()]


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool]], None]:
    """Wait until a condition holds, for two minutes at most."""

    def wait(condition: Callable[[], bool]) -> None:
        until = time.monotonic() + 120.0
        while not condition():
            assert time.monotonic() < until
            time.sleep(0.05)

    return wait


@pytest.fixture
def has_ended() -> Callable[[int], bool]:
    """Whether a process has ended, be it that it waits to be reaped; looks it up in /proc."""

    def ended(process: int) -> bool:
        try:
            return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True

    return ended
