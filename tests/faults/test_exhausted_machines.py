"""A full disk, a folder that cannot be written, too little memory: told as such, nothing half done, and it goes on.

Every stage writes into a small file system of its own (tmpfs), which has too little room, then none for writing. When
it has room again the same command ends with the results of a clean run.
"""

from __future__ import annotations

import functools
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assay.errors import FINAL
from assay.generation import embedded
from assay.generation.sampling import Effort

from .size import FACTOR
from .stages import PLOT, STEPS, Run, Step, manifests

pytestmark = pytest.mark.slow

Invoke = Callable[..., str]
ASSAY = Path(sys.executable).with_name("assay")
PAGE = resource.getpagesize()
SHARES = tuple(0.9 * number / (3 * FACTOR) for number in range(3 * FACTOR))  # of the room that a stage needs
MEMORY = (150, 250, 400, 600, 900)  # MB


@dataclass(frozen=True)
class Disk:
    """A file system of its own."""

    folder: Path

    def change(self, options: str) -> None:
        """Change its options of mounting, such as its size."""
        subprocess.run(["mount", "-o", f"remount,{options}", self.folder], check=True)

    def used(self) -> int:
        """Return the bytes in use."""
        found = os.statvfs(self.folder)
        return (found.f_blocks - found.f_bfree) * found.f_frsize


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], capture_output=True, text=True
    )
    if mounted.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"mounting needs root: {mounted.stderr}")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(autouse=True)
def quick_preparation(monkeypatch: pytest.MonkeyPatch) -> None:
    effort = Effort(5000, iterations=4, n_points_per_iteration=4000)
    monkeypatch.setattr(embedded, "prepare", functools.partial(embedded.prepare, effort=effort))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.stage)
def test_a_full_disk_is_told_and_with_room_the_stage_ends(run: Run, step: Step, disk: Disk, invoke: Invoke) -> None:
    output = disk.folder / "out"
    command = (step.stage, "--study", run.chain.study, "--output", output, *run.arguments(step))
    invoke(*command)
    needed = disk.used()
    for path in sorted(output.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    for share in SHARES:
        disk.change(f"size={max(PAGE, int(share * needed))}")
        assert_told(invoke(*command, expect=74), "no space left on device", "make room on the disk")
        assert not manifests(output)
    disk.change("size=64m")
    disk.change("ro")
    assert_told(invoke(*command, expect=74), "read-only file system", "choose a folder that can be written")
    disk.change("rw")
    invoke(*command)
    assert set(run.changed(step, output)) <= {"published.yml"}  # it names the folder
    assert not list(output.rglob(".partial-*"))


def test_a_full_disk_while_plotting(run: Run, disk: Disk, invoke: Invoke) -> None:
    output = disk.folder / "out"
    command = ("plot", "--study", run.chain.study, "--output", output, *run.arguments(PLOT))
    disk.change("size=1m")
    assert_told(invoke(*command, expect=74), "no space left on device", "make room on the disk")
    disk.change("size=64m")
    invoke(*command)
    assert (output / "report.html").stat().st_size > 2**20


def assert_told(shown: str, what: str, mend: str) -> None:
    assert what in shown, shown
    assert mend in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("step", STEPS[1:], ids=lambda step: step.stage)
def test_too_little_memory_is_worth_another_try_and_leaves_nothing_half_done(
    run: Run, step: Step, tmp_path: Path
) -> None:
    """Address space is limited from what Python alone needs to what a stage needs with all its libraries.

    Not `prepare`, which takes minutes as a program of its own.
    """
    command = [ASSAY, step.stage, "--study", run.chain.study, *run.arguments(step), "--output"]
    failed = told = 0
    for megabytes in MEMORY:
        output = tmp_path / str(megabytes)
        limited = f"ulimit -v {megabytes * 1024} && exec {' '.join(map(str, command))} {output}"
        done = subprocess.run(["sh", "-c", limited], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            assert set(run.changed(step, output)) <= {"published.yml"}
            continue
        assert done.returncode not in FINAL or "OpenBLAS error" in done.stderr, done.stderr  # see `Local.cause`
        assert not manifests(output)
        failed += 1
        told += "cannot allocate memory (" in done.stderr
    assert 2 * told >= failed > 0
