"""A run in containers started by somebody who is not root: everything in it is theirs, in their group."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.containers, pytest.mark.usefixtures("current_images")]

ASSAY = Path(sys.executable).with_name("assay")
ROOT = Path(__file__).parents[2]
SOCKET = Path("/var/run/docker.sock")
USER, GROUP = (1234, 1234) if os.geteuid() == 0 else (os.getuid(), os.getgid())


def as_the_user() -> list[str]:
    """What starts a command as the user, a member of the engine's group.

    It may read everything, since this machine's Python may lie in root's home, and write only what the user may.
    """
    if os.geteuid() != 0:
        return []
    ids = [f"--reuid={USER}", f"--regid={GROUP}", f"--groups={SOCKET.stat().st_gid}"]
    return [
        "setpriv",
        *ids,
        *(f"--{kind}=-all,+dac_read_search" for kind in ("bounding-set", "inh-caps", "ambient-caps")),
    ]


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder of the user's; pytest's own are closed to others."""
    with tempfile.TemporaryDirectory(prefix="assay-user-") as folder:
        os.chown(folder, USER, GROUP)
        yield Path(folder)


def test_everything_belongs_to_who_started_the_run(home: Path, small_study: Callable[..., Path]) -> None:
    study = small_study(process={"events_per_benchmark": 200})
    shutil.copytree(study.parent, home / "input")
    command = ["run", "--study", home / "input" / study.name, "--part", "physics", "--output", home / "run"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*as_the_user(), str(ASSAY), *map(str, command), "--containers", "docker"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert (home / "run" / "combine" / "combined.h5").is_file()
    owners = {path: (path.lstat().st_uid, path.lstat().st_gid) for path in (home / "run").rglob("*")}
    assert {path: owner for path, owner in owners.items() if owner != (USER, GROUP)} == {}
