"""The lock of a run's folder."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.errors import WorkflowError
from assay.running.engine import identifier
from assay.running.layers.program import RUN
from assay.running.locking import exclusive
from assay.running.processes import start_of
from assay.running.status import LOCK, is_alive

pytestmark = pytest.mark.fast

SECONDS = 60.0
needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")


def is_locked(folder: Path) -> bool:
    try:
        with exclusive(folder):
            return False
    except WorkflowError as error:
        return "another run is using this folder" in str(error)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process that holds a folder's lock and has the run's identifier, as an engine does; reaped as by init."""
    with open(tmp_path / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen(
            [sys.executable, "-c", f"import time; time.sleep({SECONDS})"],
            env={**os.environ, RUN: identifier(tmp_path)},
            pass_fds=(lock.fileno(),),
            start_new_session=True,
        )
    reaper = threading.Thread(target=process.wait)
    reaper.start()
    yield process
    process.kill()
    reaper.join()


def test_one_run_at_a_time_and_the_next_thereafter(tmp_path: Path) -> None:
    with exclusive(tmp_path):
        taken = (tmp_path / LOCK).read_text()
        assert taken == f"{socket.gethostname()} {os.getpid()} {start_of(os.getpid())}"
        assert is_alive(tmp_path)
        assert is_locked(tmp_path)
        assert (tmp_path / LOCK).read_text() == taken
    assert not is_locked(tmp_path)


def test_a_look_at_the_lock_is_waited_for(tmp_path: Path) -> None:
    """`assay status` holds it, shared, for a moment."""
    with open(tmp_path / LOCK, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        threading.Timer(0.2, fcntl.flock, (lock, fcntl.LOCK_UN)).start()
        assert not is_locked(tmp_path)


@needs_proc
def test_an_engine_whose_launcher_is_gone_is_ended(engine: subprocess.Popen[bytes], tmp_path: Path) -> None:
    launcher = subprocess.Popen(["true"])
    launcher.wait()
    (tmp_path / LOCK).write_text(f"{socket.gethostname()} {launcher.pid} 12")
    assert not is_locked(tmp_path)
    assert engine.wait(SECONDS) != 0


@needs_proc
@pytest.mark.parametrize("machine", [socket.gethostname(), "another", ""])
def test_an_engine_whose_launcher_may_live_is_left_alone(
    machine: str, engine: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """It lives here, or was on a machine that this one cannot ask, or did not say who it is."""
    start = start_of(os.getpid()) if machine == socket.gethostname() else "12"
    (tmp_path / LOCK).write_text(f"{machine} {os.getpid()} {start}" if machine else "")
    assert is_locked(tmp_path)
    time.sleep(0.1)
    assert engine.poll() is None


@needs_proc
def test_a_number_that_another_process_has_got_since(engine: subprocess.Popen[bytes], tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text(f"{socket.gethostname()} {os.getpid()} 12")
    assert not is_locked(tmp_path)
    assert engine.wait(SECONDS) != 0
