"""yadage as a process: how it is started on a run, and ended with everything that it started."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from assay.files import write_text
from assay.running.attempts import Retries
from assay.running.layers import BatchSystem, Containers, executor_name
from assay.running.layers.program import RUN
from assay.running.processes import end_group
from assay.running.warden import end_run, warden

LOG = "yadage.log"
_LAYERS = ".layers"
YADAGE = Path(sys.executable).with_name("yadage-run")


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
    containers, batch_system
        How and where steps run: see `assay.running.layers`.
    retries
        How often a step that did not fail for a fault of its own is tried again.
    prepublishing
        Whether yadage works out the outputs of steps before they have run, as it does on REANA; costs twice the time.
    engine
        yadage's program; that of another environment needs to find this package (PYTHONPATH).
    """

    workflow: str
    toplevel: Path
    folder: Path
    inputs: Path
    parameters: Mapping[str, str]
    outputs: Sequence[str]
    processes: int = 1
    containers: Containers = "local"
    batch_system: BatchSystem = "none"
    retries: Retries = field(default_factory=Retries)
    prepublishing: bool = False
    engine: Path = YADAGE


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
    run_id = identifier(run.folder)
    _end_earlier(run, run_id)
    with (
        open(run.folder / LOG, "wb") as log,
        warden(run_id, run.containers, run.batch_system, lock) as guardian,
    ):
        engine = subprocess.Popen(
            _command(run),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=_environment(run, run_id),
            cwd=run.folder,
            start_new_session=True,
            pass_fds=(lock,),
        )
        guardian.guard(engine.pid)
        try:
            yield engine
        finally:
            end_group(engine.pid, engine.poll)
            end_run(run_id, run.containers, run.batch_system)
            guardian.release()  # not reached if this is interrupted: then the warden goes on


def _end_earlier(run: Run, run_id: str) -> None:
    """End what an earlier run in this folder has left, if its launcher and its warden were both killed."""
    record = run.folder / _LAYERS
    for names in {record.read_text() if record.exists() else "", f"{run.containers} {run.batch_system}"}:
        with suppress(ValueError, KeyError):  # no record, or none of this version
            containers, batch_system = names.split()
            end_run(run_id, containers, batch_system)  # type: ignore[arg-type]
    write_text(record, f"{run.containers} {run.batch_system}")


def _command(run: Run) -> list[str]:
    command = [
        str(run.engine),
        str(run.folder),
        run.workflow,
        "-t",
        str(run.toplevel),
    ]
    for key, value in run.parameters.items():
        command += ["-p", f"{key}={yaml.safe_dump(value).splitlines()[0]}"]
    command += ["-d", f"initdir={run.inputs}", "-b", f"multiproc:{run.processes}", "-u", "0.5", "--accept-metadir"]
    executor = executor_name(run.containers, run.batch_system)
    config = f"packconfig_spec={{executor: {{docker-encapsulated: {executor}}}}}"
    return [*command, "--plugins", "assay.running.executor", "-k", config]


def _environment(run: Run, run_id: str) -> dict[str, str]:
    environment = {
        "PYTHONWARNINGS": "ignore::UserWarning,ignore::DeprecationWarning",
        **os.environ,
        RUN: run_id,
        **run.retries.variables(),
    }
    ignore = "YADAGE_IGNORE_PREPUBLISHING"  # whatever its value
    environment.pop(ignore, None)
    return environment if run.prepublishing else {**environment, ignore: "1"}


def identifier(folder: Path) -> str:
    """Return the run's identifier, made once and kept in its folder."""
    path = folder / "run-id"
    if not path.exists():
        write_text(path, uuid.uuid4().hex + "\n")
    return path.read_text().strip()
