"""Nothing outlives the launcher: when it is gone, however it ended, its warden ends what it has started.

The warden is a small process in a session of its own. It reads a pipe that the launcher holds: the number of the
engine's group of processes, and a word once all is done. If the pipe ends without that word, the launcher is gone; then
the warden ends the group (the engine, its workers, the steps they run) and, if the launcher was killed before it could
tell the number, all processes with the run's identifier in their environment; and removes containers and cancels jobs.
It holds the run's lock until then.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from assay.running.layers import BatchSystem, Containers, layers_of
from assay.running.layers.program import RUN
from assay.running.processes import end_group, end_marked

_DONE = b"done"
_SETTLING = 1.0
"""Seconds after which an engine that was about to start has started."""


class Warden:
    """The launcher's end of the pipe."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def guard(self, group: int) -> None:
        """Say which group of processes is to end with the launcher."""
        self._tell(f"{group} ".encode())

    def release(self) -> None:
        """Say that all has ended."""
        self._tell(_DONE)

    def _tell(self, word: bytes) -> None:
        with suppress(BrokenPipeError):  # it was killed
            self._pipe.write(word)
            self._pipe.flush()


@contextmanager
def warden(run: str, containers: Containers, batch_system: BatchSystem, lock: int) -> Iterator[Warden]:
    """Have a warden; when the block ends before the warden is released, it ends what it guards.

    Parameters
    ----------
    run
        The run's identifier.
    containers, batch_system
        How its steps run.
    lock
        Open file that locks the run's folder.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, run, containers, batch_system],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=(lock,),
    )
    assert process.stdin is not None  # noqa: S101
    try:
        yield Warden(process.stdin)
    finally:
        with suppress(BrokenPipeError):
            process.stdin.close()
        process.wait()


def end_run(run: str, containers: Containers, batch_system: BatchSystem) -> None:
    """End the containers and jobs that are left of a run."""
    for layer in layers_of(containers, batch_system):
        layer.end_run(run)


def _watch(run: str, containers: Containers, batch_system: BatchSystem) -> None:
    words = sys.stdin.buffer.read().split()
    if words[-1:] == [_DONE]:
        return
    if words:
        end_group(int(words[0]))
    else:  # the launcher may have been about to start the engine
        time.sleep(_SETTLING)
    end_marked(RUN, run)
    end_run(run, containers, batch_system)


if __name__ == "__main__":
    _watch(*sys.argv[1:])  # type: ignore[arg-type]
