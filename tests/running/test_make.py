"""What make's targets for runs hand over to `assay`, and how they end."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]


def make(tmp_path: Path, target: str, *variables: str, status: int = 0) -> tuple[int, list[str]]:
    """Call make with a program in place of `assay` that ends with a status; return make's status and the arguments."""
    program, ready = tmp_path / "assay", tmp_path / "ready"
    program.write_text(f'#!/bin/sh\necho called "$@"\nexit {status}\n')
    program.chmod(0o755)
    ready.touch()  # the environment is there
    command = ["make", target, f"ASSAY={program}", f"READY={ready}", *variables]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    (called,) = [line for line in done.stdout.splitlines() if line.startswith("called")]
    return done.returncode, shlex.split(called)[1:]


def test_machine_learning_needs_events_and_says_so_itself(tmp_path: Path) -> None:
    _, arguments = make(tmp_path, "run-yadage-ml")
    assert "--events" not in arguments
    assert arguments[arguments.index("--part") + 1 :][:2] == ["ml", "--containers"]
    _, arguments = make(tmp_path, "run-yadage-ml", "EVENTS=mine.h5")
    assert arguments[arguments.index("--events") + 1] == "mine.h5"


@pytest.mark.parametrize(("status", "ends_well"), [(0, True), (3, True), (1, False), (2, False), (70, False)])
def test_the_status_of_a_running_run_is_no_error_of_make(status: int, ends_well: bool, tmp_path: Path) -> None:
    ending, arguments = make(tmp_path, "status", "RUN=runs/mine", status=status)
    assert (ending == 0) == ends_well
    assert arguments == ["status", "runs/mine"]
