"""The lock of a run's folder: one run at a time, and none that a killed launcher has left.

The launcher, its warden and the engine hold the lock; the file says which launcher took it. If that one is gone, what
still holds the lock is an engine that nobody waits for: the next launcher ends it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from assay.errors import WorkflowError
from assay.running.engine import identifier
from assay.running.layers.program import RUN
from assay.running.processes import end_marked, start_of
from assay.running.status import LOCK

_MOMENT = 1.0
"""Seconds for which `assay status`, which looks whether the lock is held, may be in the way."""
_ENDING = 60.0
"""Seconds within which what a killed launcher has left, its warden among it, has ended."""
_POLL = 0.05


@contextmanager
def exclusive(folder: Path) -> Iterator[int]:
    """Lock a run's folder; the value is the open file that holds the lock.

    Raises
    ------
    WorkflowError
        If the folder cannot be written to, or another run uses it.
    """
    try:
        lock = open(folder / LOCK, "a+")  # noqa: SIM115 - not "w": the file may be another run's
    except OSError as error:
        raise WorkflowError(
            f"cannot be written to ({error.strerror})",
            where=str(folder),
            expected="a folder for the run",
            mend="choose another folder",
        ) from None
    with lock:
        _take(lock, folder)
        lock.truncate(0)
        lock.write(_signature(os.getpid()))
        lock.flush()
        yield lock.fileno()


def _take(lock: IO[str], folder: Path) -> None:
    """Wait for the lock: a moment for a launcher that is there, longer for what one that is gone has left."""
    begin = time.monotonic()
    while not _try(lock):
        gone = _launcher_is_gone(lock)
        if time.monotonic() > begin + (_ENDING if gone else _MOMENT):
            raise WorkflowError(
                "another run is using this folder",
                where=str(folder),
                expected="one run at a time",
                mend="wait for it, or choose another folder",
            )
        if gone:
            end_marked(RUN, identifier(folder))
        time.sleep(_POLL)


def _try(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _signature(process: int) -> str:
    """Tell a process from all others: its machine, its number there, and when it has started."""
    return f"{socket.gethostname()} {process} {start_of(process)}"


def _launcher_is_gone(lock: IO[str]) -> bool:
    """Whether the launcher that took the lock was one of this machine, and has ended."""
    lock.seek(0)
    found = lock.read()
    words = found.split()
    return len(words) > 1 and words[0] == socket.gethostname() and _signature(int(words[1])) != found
