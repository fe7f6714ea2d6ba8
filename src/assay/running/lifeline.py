"""Nothing outlives the launcher: a pipe ends with it, however it ends, and the engine's processes follow.

The launcher holds the writing end of a pipe and hands the reading end to the engine, which is in a session of its own.
When the launcher is gone, even by SIGKILL, the pipe is at its end, and every process of the engine that watches it ends
the whole group: engine, workers and the steps they run.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

VARIABLE = "ASSAY_LIFELINE"


@contextmanager
def lifeline() -> Iterator[int]:
    """Hold a lifeline; the value is the end to hand on, to be inherited under the number that `VARIABLE` tells."""
    follows, holds = os.pipe()
    try:
        yield follows
    finally:
        os.close(follows)
        os.close(holds)


def follow_launcher() -> None:
    """End this process, its group and what it forks when the launcher is gone; without a launcher, do nothing."""
    handle = os.environ.pop(VARIABLE, None)
    if handle is None:
        return
    _watch(int(handle))
    os.register_at_fork(after_in_child=lambda: _watch(int(handle)))  # workers outlive an engine that is killed


def _watch(handle: int) -> None:
    threading.Thread(target=_end_with, args=(handle,), daemon=True, name="lifeline").start()


def _end_with(handle: int) -> None:
    while os.read(handle, 1):
        pass
    os.killpg(os.getpgrp(), signal.SIGTERM)
