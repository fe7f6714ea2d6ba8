"""`assay run` ended in the middle, by signals: nothing of it goes on, and it can continue."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ASSAY = Path(sys.executable).with_name("assay")
SECONDS = 60.0
# a shell that waits for a child, so that both have to be ended; once study.go exists, it ends at once
WORK = """echo $$ > {output}/pid; (test -e {study}.go || sleep 600); echo {name} > {output}/a.txt"""


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def runs(process: int) -> bool:
    """Whether a process of this number runs (one that has ended and waits to be reaped does not)."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except OSError:
        return []


def is_locked(folder: Path) -> bool:
    """Whether the launcher, the engine or a worker of it lives: all hold the lock."""
    with open(folder / ".lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_run_that_is_ended_leaves_nothing_and_continues(
    ending: signal.Signals, small_study: Callable[..., Path], toy_project: Callable[..., Path], tmp_path: Path
) -> None:
    study, run = small_study(), tmp_path / "run"
    project = toy_project(["a", "b", "c"], WORK)
    command = [ASSAY, "run", "--part", "physics", "--project", project, "--study", study]
    command = [*map(str, command), "--output", str(run), "--processes", "2"]
    pids = [run / f"generate_{number}" / "pid" for number in range(2)]
    launcher = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        wait_until(lambda: all(pid.exists() and pid.read_text().strip() for pid in pids))
        steps = [int(pid.read_text()) for pid in pids]
        wait_until(lambda: all(children(step) for step in steps))
        steps += [child for step in steps for child in children(step)]
        assert all(map(runs, steps))
        assert is_locked(run)
    finally:
        launcher.send_signal(ending)
        shown, _ = launcher.communicate(timeout=SECONDS)
    wait_until(lambda: not is_locked(run) and not any(map(runs, steps)))
    assert launcher.returncode == {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}[ending]
    assert "Traceback" not in shown
    assert ("the same command goes on" in shown) == (ending != signal.SIGKILL)
    if ending == signal.SIGTERM:  # left in the same state as by SIGINT
        return
    study.with_name("input.yml.go").touch()
    subprocess.run(command, check=True, capture_output=True)
    assert (run / "combine" / "combined.h5").read_text() == "a\nb\nc\n"


def test_an_engine_that_is_killed_takes_its_steps_along(
    small_study: Callable[..., Path], toy_project: Callable[..., Path], tmp_path: Path
) -> None:
    """As the out-of-memory killer does it; the launcher reports."""
    study, run = small_study(), tmp_path / "run"
    kills_engine = "echo $$ > {output}/pid; kill -9 $(ps -o pgid= -p $$); sleep 600"
    project = toy_project(["a"], kills_engine)
    done = subprocess.run(
        [ASSAY, "run", "--part", "physics", "--project", project, "--study", study, "--output", run],
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    assert done.returncode == 1
    assert "step generate_0 was stopped" in done.stderr
    assert not is_locked(run)
    assert not runs(int((run / "generate_0" / "pid").read_text()))
