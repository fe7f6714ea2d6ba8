from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from assay.running.warden import warden

pytestmark = pytest.mark.fast

RUN = "0" * 32
SECONDS = 60.0


@pytest.fixture
def group() -> Iterator[subprocess.Popen[bytes]]:
    """A group of two processes, as an engine and its step are; noticed when it ends, as by init."""
    process = subprocess.Popen(["sh", "-c", f"sleep {SECONDS} & wait"], start_new_session=True)
    reaper = threading.Thread(target=process.wait)
    reaper.start()
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    reaper.join()


@pytest.fixture
def lock(tmp_path: Path) -> Iterator[int]:
    with open(tmp_path / ".lock", "w") as file:
        yield file.fileno()


def test_without_release_the_group_ends_with_the_block(group: subprocess.Popen[bytes], lock: int) -> None:
    """As with the launcher: to the warden, both are the end of its pipe."""
    with warden(RUN, "local", "none", lock) as guardian:
        guardian.guard(group.pid)
        assert group.poll() is None
    assert group.wait(SECONDS) == -signal.SIGTERM


def test_even_if_the_block_ends_by_an_interrupt(group: subprocess.Popen[bytes], lock: int) -> None:
    def interrupted() -> None:
        with warden(RUN, "local", "none", lock) as guardian:
            guardian.guard(group.pid)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert group.wait(SECONDS) == -signal.SIGTERM


def test_after_release_nothing_happens(group: subprocess.Popen[bytes], lock: int) -> None:
    with warden(RUN, "local", "none", lock) as guardian:
        guardian.guard(group.pid)
        guardian.release()
    time.sleep(0.2)
    assert group.poll() is None


def test_nothing_to_guard(lock: int) -> None:
    with warden(RUN, "local", "none", lock):
        pass


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks processes up in /proc")
def test_an_engine_whose_number_was_never_told_ends_too(lock: int) -> None:
    """The launcher was killed between starting it and telling."""
    mine, other = uuid.uuid4().hex, uuid.uuid4().hex
    found = []
    with warden(mine, "local", "none", lock):
        for run in (mine, other):
            environment = {**os.environ, "ASSAY_RUN": run}
            found.append(subprocess.Popen(["sleep", str(SECONDS)], env=environment, start_new_session=True))
    try:
        assert found[0].wait(SECONDS / 2) == -signal.SIGTERM
        assert found[1].poll() is None
    finally:
        for process in found:
            process.kill()
            process.wait()


def test_a_warden_that_was_killed_does_not_matter(group: subprocess.Popen[bytes], lock: int) -> None:
    with warden(RUN, "local", "none", lock) as guardian:
        children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
        for child in map(int, children):
            if b"assay.running.warden" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        time.sleep(0.2)
        guardian.guard(group.pid)
        guardian.release()
    assert group.poll() is None
