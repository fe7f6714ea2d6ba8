"""The plug-in as packtivity calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from packtivity.handlers.execution_handlers import handlers

import assay.running.executor  # noqa: F401 - registers
from assay.files import read_json
from assay.running.steps import STATE

pytestmark = pytest.mark.fast


@dataclass(frozen=True)
class State:
    """What packtivity tells about a step's folders."""

    metadir: str
    readwrite: list[str]
    readonly: list[str] = field(default_factory=list)


def run(folder: Path, job: dict[str, str], resources: list[dict[str, Any]] | None = None, name: str = "local") -> Path:
    environment = {"image": "none", "imagetag": "0", "resources": resources}
    state = State(str(folder / "_packtivity"), [str(folder)])
    handlers["docker-encapsulated"][name](None, environment, state, job, {"name": "step_0"})
    return folder


def test_there_is_an_executor_for_every_combination() -> None:
    names = {f"{batch}{containers}" for batch in ("", "slurm-") for containers in ("local", "docker", "apptainer")}
    assert names <= set(handlers["docker-encapsulated"])


def test_commands_and_scripts(tmp_path: Path) -> None:
    run(tmp_path, {"command": "echo one > command"})
    run(tmp_path, {"interpreter": "sh -eu", "script": "two=2\necho $two > script\n"})
    assert (tmp_path / "command").read_text() == "one\n"
    assert (tmp_path / "script").read_text() == "2\n"
    assert read_json(tmp_path / "_packtivity" / STATE)["name"] == "step_0"


def test_cores_do_not_decide_on_threads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over another number of threads have other last digits."""
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    job = {"command": "echo $OMP_NUM_THREADS > threads"}
    assert (run(tmp_path, job, [{"kubernetes_cpu_limit": "5"}]) / "threads").read_text() == "2\n"


def test_limits_and_retries_reach_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_RETRIES", "1")
    with pytest.raises(RuntimeError, match="took longer than its time limit"):
        run(tmp_path, {"command": "echo x >> count; sleep 60"}, [{"kubernetes_job_timeout": 1}])
    assert (tmp_path / "count").read_text() == "x\nx\n"


def test_steps_of_one_name_in_two_sub_workflows_have_two_containers(fake_docker: Any, tmp_path: Path) -> None:
    for part in ("one", "two"):
        (tmp_path / part).mkdir()
        run(tmp_path / part, {"command": "true"}, name="docker")
    first, second = ([*call][call.index("--name") + 1] for call in fake_docker.calls("run"))
    assert first.startswith("assay-")
    assert first != second


def test_engines_of_other_environments_can_load_it(tmp_path: Path) -> None:
    """It imports none of what only this environment has."""
    barred = ("pydantic", "rich", "torch", "awkward", "mlflow")
    program = f"import sys; sys.modules.update(dict.fromkeys({barred!r})); import assay.running.executor"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=tmp_path, env=dict(os.environ), timeout=120)
