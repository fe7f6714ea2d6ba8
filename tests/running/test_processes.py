from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay.running import processes
from assay.running.layers.program import Program
from assay.running.processes import Ending, descendants, end_group, run_program

pytestmark = pytest.mark.fast

SECONDS = 60.0


def program(command: str, folder: Path) -> Program:
    return Program(["sh", "-c", command], dict(os.environ), folder)


def wait_for(path: Path) -> str:
    until = time.monotonic() + SECONDS
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return path.read_text()


def has_ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    stat = Path(f"/proc/{process}/stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z"


@pytest.mark.parametrize(("command", "status"), [("true", 0), ("exit 7", 7), ("kill -9 $$", 137), ("kill -15 $$", 143)])
def test_the_status_of_a_program_is_as_a_shell_tells_it(command: str, status: int, tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb") as output:
        assert run_program(program(command, tmp_path), b"", output, None) == Ending(status)


def test_input_output_folder_and_environment_of_a_program(tmp_path: Path) -> None:
    with open(tmp_path / "log", "wb") as output:
        wanted = Program(["sh", "-c", "cat; pwd; echo $A >&2"], {**os.environ, "A": "b"}, tmp_path)
        run_program(wanted, b"given\n", output, 60.0)
    assert (tmp_path / "log").read_text() == f"given\n{tmp_path}\nb\n"


@pytest.mark.parametrize("deaf", [False, True])
def test_what_takes_too_long_is_ended_with_all_that_it_has_started(
    deaf: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what does not heed being asked to, or has a group of its own."""
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    trap = "trap '' TERM; " if deaf else ""
    child = f"import os, time; os.setpgid(0, 0); print(os.getpid(), flush=True); time.sleep({SECONDS})"
    command = f"{trap}{sys.executable} -c '{child}' > child; sleep {SECONDS}"
    with open(tmp_path / "log", "wb") as output:
        ending = run_program(program(command, tmp_path), b"", output, 1.0)
    assert not ending.in_time
    assert has_ended(int(wait_for(tmp_path / "child")))


def test_descendants_are_children_and_their_children(tmp_path: Path) -> None:
    command = f"(sleep {SECONDS} & echo $! > inner; wait) & echo $! > outer; wait"
    parent = subprocess.Popen(["sh", "-c", command], cwd=tmp_path, start_new_session=True)
    try:
        expected = {int(wait_for(tmp_path / name)) for name in ("inner", "outer")}
        assert descendants(parent.pid) == expected
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.wait()
    assert descendants(parent.pid) == set()


@pytest.mark.skipif(shutil.which("ps") is None, reason="this is for systems with ps and without /proc")
def test_parents_are_found_without_proc_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child = subprocess.Popen(["sleep", "60"])
    try:
        monkeypatch.setattr(processes, "_PROC", tmp_path / "absent")
        assert child.pid in descendants(os.getpid())
    finally:
        child.kill()
        child.wait()


def test_a_group_that_does_not_heed_being_asked_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    command = f"trap '' TERM; echo here > ready; while true; do sleep {SECONDS}; done"
    leader = subprocess.Popen(["sh", "-c", command], cwd=tmp_path, start_new_session=True)
    wait_for(tmp_path / "ready")
    end_group(leader.pid, leader.poll)
    assert leader.wait() == -signal.SIGKILL
    end_group(leader.pid)  # nothing is left, and that is no error
