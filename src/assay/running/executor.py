"""packtivity executors that run `docker-encapsulated` steps and keep their state where the launcher can show it.

yadage loads them with `--plugins assay.running.executor` and selects one with
`-k 'packconfig_spec={executor: {docker-encapsulated: NAME}}'`; the specifications of steps are the same for all:

- `local`: processes of this machine, in the environment of this Python;
- `docker`: a container per step, of the image that the step names, with the caller's user, and without network unless
  tracking needs it.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import packtivity.handlers.execution_handlers as packtivity_handlers

from assay.running.lifeline import follow_launcher
from assay.running.steps import StepState, last_lines

follow_launcher()  # the engine imports this module before it forks its workers

_PASSED_ON = ("ASSAY_RUN", "OMP_NUM_THREADS")
_TRACKING = "MLFLOW_"


@dataclass(frozen=True)
class Program:
    """A program to start: its arguments, standard input, environment and working folder."""

    arguments: Sequence[str]
    stdin: bytes = b""
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path()


@packtivity_handlers.executor("docker-encapsulated", "local")  # type: ignore[untyped-decorator, unused-ignore]
def run_local(config: Any, environment: Any, state: Any, job: Any, metadata: Any) -> None:
    """Run a step as a process of this machine, this Python's programs found first.

    Raises
    ------
    RuntimeError
        If the step fails; yadage marks it as failed.
    """
    arguments, stdin = _shell(job)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    _run(Program(arguments, stdin, {**os.environ, "PATH": path}, Path(state.readwrite[0])), state, metadata)


@packtivity_handlers.executor("docker-encapsulated", "docker")  # type: ignore[untyped-decorator, unused-ignore]
def run_docker(config: Any, environment: Any, state: Any, job: Any, metadata: Any) -> None:
    """Run a step in a container that sees the step's folder and those of its inputs, at the same places.

    Raises
    ------
    RuntimeError
        If the step fails; yadage marks it as failed.
    """
    shell, stdin = _shell(job)
    tracking = {name: value for name, value in os.environ.items() if name.startswith(_TRACKING)}
    command = ["docker", "run", "--rm", "--init", "--interactive"]  # init: a step ends when it is told to
    command += ["--user", f"{os.getuid()}:0", "--workdir", state.readwrite[0]]
    command += [] if "MLFLOW_TRACKING_URI" in tracking else ["--network", "none"]
    for name in (*_PASSED_ON, *tracking):  # by name alone, so that credentials show in no list of processes
        command += ["--env", name] if name in os.environ else []
    for folder in state.readwrite:
        command += ["--volume", f"{folder}:{folder}"]
    for folder in state.readonly:
        command += ["--volume", f"{folder}:{folder}:ro"]
    image = f"{environment['image']}:{environment['imagetag']}"
    _run(Program([*command, image, *shell], stdin, dict(os.environ)), state, metadata)


def _shell(job: Any) -> tuple[list[str], bytes]:
    """Return the arguments and the standard input that run a job's command or script, as yadage's own executor does."""
    if "command" in job:
        return ["sh", "-c", job["command"]], b""
    return shlex.split(job["interpreter"]), job["script"].encode()


def _run(program: Program, state: Any, metadata: Any) -> None:
    """Run a step's program with its output in a log in the step's folder, and its state beside it."""
    name, records = metadata["name"], Path(state.metadir)
    records.mkdir(parents=True, exist_ok=True)
    log, started = records / f"{name}.run.log", time.time()
    StepState(name, "running", str(log), started).write(records)
    with open(log, "wb") as output:
        output.write(f"$ {program.arguments[-1]}\n".encode())
        output.flush()
        status = subprocess.run(
            list(program.arguments),
            cwd=program.folder,
            env=program.environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            input=program.stdin,
            check=False,
        ).returncode
        if status != 0:
            output.write(f"\n{_ending(status)}\n".encode())
    StepState(name, "done" if status == 0 else "failed", str(log), started, time.time()).write(records)
    if status != 0:
        raise RuntimeError(f"step {name}: {_ending(status)}; log {log}\n{last_lines(log)}")


def _ending(status: int) -> str:
    """Say how a step that failed has ended; a shell and Docker report a signal as 128 more than its number."""
    number = -status if status < 0 else status - 128
    if number not in signal.valid_signals():
        return f"ended with exit status {status}"
    hint = " (out of memory?)" if number == signal.SIGKILL else ""
    return f"was ended by signal {number}, {signal.Signals(number).name}{hint}"
