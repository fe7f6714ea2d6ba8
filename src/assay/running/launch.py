"""Start yadage on a workflow, show the progress of its steps, and check that it did what it says.

yadage can end with status 0 without having done the work (an empty fan-out, for one), so a run counts as done only once
its declared outputs exist.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import yaml

from assay.errors import WorkflowError
from assay.files import write_text
from assay.running.progress import ProgressDisplay
from assay.running.steps import StepState, last_lines, read_states

_POLL = 0.5


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
    """

    workflow: str
    toplevel: Path
    folder: Path
    inputs: Path
    parameters: Mapping[str, str]
    outputs: Sequence[str]
    processes: int = 1
    containers: Literal["local", "docker"] = "local"


def launch(run: Run, stream: IO[str] = sys.stdout) -> list[StepState]:
    """Run the workflow to its end; steps that are complete from an earlier run are kept (see `assay.manifest`).

    Returns
    -------
    The final states of all steps.

    Raises
    ------
    WorkflowError
        If another run uses the folder, a step fails, or a declared output is missing.
    """
    run.folder.mkdir(parents=True, exist_ok=True)
    with _exclusive(run.folder) as lock:
        _forget_earlier_engine(run.folder)
        status = _supervise(run, lock, stream)
    states = read_states(run.folder)
    _check_steps(states, run.folder)
    if status != 0:
        log = run.folder / "yadage.log"
        raise WorkflowError(
            f"yadage ended with status {status}\n{last_lines(log)}",
            where=str(log),
            mend="see the log; run the same command again",
        )
    for output in run.outputs:
        if not (run.folder / output).is_file():
            raise WorkflowError(
                "the workflow ended without this output",
                where=str(run.folder / output),
                expected="a file",
                mend="see yadage.log in the run's folder",
            )
    return states


def _supervise(run: Run, lock: int, stream: IO[str]) -> int:
    with open(run.folder / "yadage.log", "wb") as log:
        engine = subprocess.Popen(
            _command(run),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env=_environment(run),
            cwd=run.folder,
            start_new_session=True,
            pass_fds=(lock,),  # the folder stays locked as long as the engine lives, even if this process is killed
        )
        display = ProgressDisplay(stream)
        try:
            with display:
                while engine.poll() is None:
                    time.sleep(_POLL)
                    display.update(read_states(run.folder))
                display.update(read_states(run.folder))
        finally:
            if engine.poll() is None:  # interrupted: leave no worker behind
                os.killpg(engine.pid, signal.SIGTERM)
                engine.wait()
    return engine.returncode


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
    command += [
        "--plugins",
        "assay.running.executor",
        "-k",
        f"packconfig_spec={{executor: {{docker-encapsulated: {run.containers}}}}}",
    ]
    return command


def _environment(run: Run) -> dict[str, str]:
    """Share the cores between the steps that run at a time; results do not depend on the number of threads."""
    threads = str(max(1, (os.cpu_count() or 1) // run.processes))
    return {
        "YADAGE_IGNORE_PREPUBLISHING": "1",
        "PYTHONWARNINGS": "ignore::UserWarning,ignore::DeprecationWarning",
        **os.environ,
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", threads),
        "ASSAY_RUN": _identifier(run.folder),
    }


def _identifier(folder: Path) -> str:
    """Return the run's identifier, made once and kept in its folder."""
    path = folder / "run-id"
    if not path.exists():
        write_text(path, uuid.uuid4().hex + "\n")
    return path.read_text().strip()


@contextmanager
def _exclusive(folder: Path) -> Iterator[int]:
    with open(folder / ".lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise WorkflowError(
                "another run is using this folder",
                where=str(folder),
                expected="one run at a time",
                mend="wait for it, or choose another folder",
            ) from None
        yield lock.fileno()


def _forget_earlier_engine(folder: Path) -> None:
    """Remove what yadage and the executor kept of an earlier run; the stages' outputs and manifests stay."""
    shutil.rmtree(folder / "_yadage", ignore_errors=True)
    for state in folder.glob("**/_packtivity"):
        shutil.rmtree(state, ignore_errors=True)


def _check_steps(states: Sequence[StepState], folder: Path) -> None:
    for state in states:
        if state.state != "done":
            log = Path(state.log)
            what = "failed" if state.state == "failed" else "was stopped"
            raise WorkflowError(
                f"step {state.name} {what}; its last lines:\n{last_lines(log)}",
                where=str(log.relative_to(folder)) if log.is_relative_to(folder) else str(log),
                mend="put right what the lines above say and run the same command again: complete steps are kept",
            )
