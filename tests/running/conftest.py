"""Workflows of a few steps that need no physics: a fan-out over names and a reduce, as the real one has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.running.launch import Run

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
