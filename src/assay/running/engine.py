"""yadage as a process: how it is started on a run, and ended with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import yaml

from assay.files import write_text
from assay.running import lifeline

LOG = "yadage.log"

_PATIENCE = 10.0
"""Seconds that processes have to end when asked to, before they are killed."""
_POLL = 0.05


@dataclass(frozen=True)
class Run:
    """A workflow and where it runs.

    Attributes
    ----------
    workflow
        File name of the workflow, relative to `toplevel`.
    toplevel
        Folder that references in the workflow's top file resolve against.
    folder
        The run's folder; stages write below it.
    inputs
        Folder that relative parameters refer to.
    parameters
        Init parameters: plain file names and numbers.
    outputs
        Files, relative to `folder`, that exist when the run is done.
    processes
        Number of steps at a time.
    containers
        How steps run: see `assay.running.executor`.
    prepublishing
        Whether yadage works out the outputs of steps before they have run, as it does on REANA; costs twice the time.
    """

    workflow: str
    toplevel: Path
    folder: Path
    inputs: Path
    parameters: Mapping[str, str]
    outputs: Sequence[str]
    processes: int = 1
    containers: Literal["local", "docker"] = "local"
    prepublishing: bool = False


@contextmanager
def running_engine(run: Run, lock: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start yadage on a run; when the block ends, or this process does, nothing of it is left.

    Parameters
    ----------
    run
        The run.
    lock
        Open file that locks the run's folder. The engine holds it, too: the folder stays locked as long as it lives.
    """
    with open(run.folder / LOG, "wb") as log, lifeline.lifeline() as follows:
        engine = subprocess.Popen(
            _command(run),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**_environment(run), lifeline.VARIABLE: str(follows)},
            cwd=run.folder,
            start_new_session=True,
            pass_fds=(lock, follows),
        )
        try:
            yield engine
        finally:
            _end_group(engine)


def _end_group(engine: subprocess.Popen[bytes]) -> None:
    """End the engine, its workers and their steps: they are one group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        until = time.monotonic() + _PATIENCE
        alive = _signal_group(engine.pid, number)
        while alive and time.monotonic() < until:
            time.sleep(_POLL)
            engine.poll()
            alive = _signal_group(engine.pid, 0)
        if not alive:
            return


def _signal_group(group: int, number: int) -> bool:
    """Send a signal (0: none) to a group of processes; return whether there is any."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # the second: nothing but ended processes, on macOS
        return False
    return True


def _command(run: Run) -> list[str]:
    command = [
        str(Path(sys.executable).with_name("yadage-run")),
        str(run.folder),
        run.workflow,
        "-t",
        str(run.toplevel),
    ]
    for key, value in run.parameters.items():
        command += ["-p", f"{key}={yaml.safe_dump(value).splitlines()[0]}"]
    command += ["-d", f"initdir={run.inputs}", "-b", f"multiproc:{run.processes}", "-u", "0.5", "--accept-metadir"]
    config = f"packconfig_spec={{executor: {{docker-encapsulated: {run.containers}}}}}"
    return [*command, "--plugins", "assay.running.executor", "-k", config]


def _environment(run: Run) -> dict[str, str]:
    """Share the cores between the steps that run at a time; results do not depend on the number of threads."""
    threads = str(max(1, (os.cpu_count() or 1) // run.processes))
    environment = {
        "PYTHONWARNINGS": "ignore::UserWarning,ignore::DeprecationWarning",
        **os.environ,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads),
        "ASSAY_RUN": _identifier(run.folder),
    }
    ignore = "YADAGE_IGNORE_PREPUBLISHING"  # whatever its value
    environment.pop(ignore, None)
    return environment if run.prepublishing else {**environment, ignore: "1"}


def _identifier(folder: Path) -> str:
    """Return the run's identifier, made once and kept in its folder."""
    path = folder / "run-id"
    if not path.exists():
        write_text(path, uuid.uuid4().hex + "\n")
    return path.read_text().strip()
