"""A packtivity executor that runs `docker-encapsulated` steps as local processes in the environment of this Python.

yadage loads it with `--plugins assay.running.executor` and selects it with
`-k 'packconfig_spec={executor: {docker-encapsulated: local}}'`; the specifications of steps stay what they are for containers.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import packtivity.handlers.execution_handlers as packtivity_handlers

from assay.running.steps import StepState, last_lines


@packtivity_handlers.executor("docker-encapsulated", "local")  # type: ignore[untyped-decorator, unused-ignore]
def run_local(config: Any, environment: Any, state: Any, job: Any, metadata: Any) -> None:
    """Run one step; its output goes to a log in the step's folder.

    Raises
    ------
    RuntimeError
        If the step fails; yadage marks it as failed.
    """
    folder = Path(state.readwrite[0])
    records = Path(state.metadir)
    records.mkdir(parents=True, exist_ok=True)
    log = records / f"{metadata['name']}.run.log"
    started = time.time()
    StepState(metadata["name"], "running", str(log), started).write(records)
    status = _run(job, folder, log)
    outcome = "done" if status == 0 else "failed"
    StepState(metadata["name"], outcome, str(log), started, time.time()).write(records)  # type: ignore[arg-type]
    if status != 0:
        raise RuntimeError(f"step {metadata['name']} ended with exit status {status}; log {log}\n{last_lines(log)}")


def _run(job: Any, folder: Path, log: Path) -> int:
    """Run the job's command or script as yadage would in a container, with this Python's programs found first."""
    if "command" in job:
        arguments, script = ["sh", "-c", job["command"]], None
    else:
        arguments, script = shlex.split(job["interpreter"]), job["script"].encode()
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])}
    with open(log, "wb") as output:
        output.write(f"$ {job.get('command', job.get('script'))}\n".encode())
        output.flush()
        return subprocess.run(
            arguments, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, input=script or b"", check=False
        ).returncode
