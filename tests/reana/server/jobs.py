"""Jobs as Kubernetes runs them for REANA: `bash -c`, limits of memory and time, and a log that says how they ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reana_commons.job_utils import kubernetes_memory_to_bytes

from assay.running.layers.program import ARITHMETIC

_POLL = 0.02
_WEEK = 604800
_DOCKER_FAILED = 125
_LABEL = "assay-test-workflow"
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class Pod:
    """A job to run; `resources` are those that the engine hands on."""

    identity: str
    image: str
    command: str
    resources: Mapping[str, Any]
    environment: Mapping[str, str]
    workspace: str
    log: Path


@dataclass(frozen=True)
class Outcome:
    """How a job has ended, and its log as the job controller keeps it."""

    succeeded: bool
    log: str


def run_local(pod: Pod) -> Outcome:
    """Run a job as a process, this Python's programs found first; limits are watched over."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    kept = {name: os.environ[name] for name in ("LANG", "TMPDIR") if name in os.environ}
    environment = {**kept, **processor(), "HOME": "/tmp", "PATH": path, **pod.environment}  # noqa: S108 - as in images
    return _watched(["bash", "-c", pod.command], pod, environment, _bytes(pod), [])


def run_docker(pod: Pod) -> Outcome:
    """Run a job in its image, as user 1000 of group 0, with the whole workspace at the same place."""
    name = f"reana-{pod.identity}"
    command = ["docker", "run", "--rm", "--name", name, "--user", f"{pod.resources.get('kubernetes_uid', 1000)}:0"]
    command += ["--entrypoint", "bash", "--security-opt", "no-new-privileges"]
    command += ["--label", f"{_LABEL}={pod.environment['REANA_WORKFLOW_UUID']}"]
    command += ["--volume", f"{pod.workspace}:{pod.workspace}"]
    if memory := _bytes(pod):
        command += ["--memory", str(memory), "--memory-swap", str(memory)]
    if "kubernetes_cpu_limit" in pod.resources:
        command += ["--cpus", str(pod.resources["kubernetes_cpu_limit"])]
    for variable in (*pod.environment, *processor()):
        command += ["--env", variable]
    environment = {**os.environ, **pod.environment}
    return _watched([*command, pod.image, "-c", pod.command], pod, environment, None, ["docker", "kill", name])


def processor() -> dict[str, str]:
    """Return the variables that choose code by the processor, as if the cluster's were like the one here.

    How many threads the client may use is not among them: a cluster does not know.
    """
    chosen = {name: value for name, value in os.environ.items() if name.startswith(ARITHMETIC)}
    return {name: value for name, value in chosen.items() if not name.endswith("_NUM_THREADS")}


def end_containers(workflow: str) -> None:
    """End the containers of a workflow."""
    listing = ["docker", "ps", "--quiet", "--filter", f"label={_LABEL}={workflow}"]
    found = subprocess.run(listing, check=False, capture_output=True, text=True).stdout.split()
    if found:
        subprocess.run(["docker", "kill", *found], check=False, capture_output=True)


def _watched(
    arguments: list[str], pod: Pod, environment: Mapping[str, str], memory: int | None, ending: list[str]
) -> Outcome:
    limit = int(pod.resources.get("kubernetes_job_timeout", _WEEK))
    pod.log.parent.mkdir(parents=True, exist_ok=True)
    with pod.log.open("wb") as output:
        process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=dict(environment),
            cwd="/", start_new_session=True,
        )  # fmt: skip
        reason = _watch(process, limit, memory)
        if reason and ending:
            subprocess.run(ending, check=False, capture_output=True)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
    log = f"job: :\n {pod.log.read_text(errors='replace')}\n"
    if reason == "DeadlineExceeded":
        return Outcome(
            False, f"{log}\nDeadlineExceeded\nThe job was killed due to exceeding timeout of {limit} seconds."
        )
    if ending and status == _DOCKER_FAILED:  # it could not start a container
        return Outcome(False, f'Container job failed, error: Back-off pulling image "{pod.image}"')
    if reason == "OOMKilled" or (ending and status == 128 + signal.SIGKILL):
        return Outcome(False, f"{log}\nOOMKilled\n")
    return Outcome(status == 0, f"{log}\n{'Completed' if status == 0 else 'Error'}\n")


def _watch(process: subprocess.Popen[bytes], limit: int, memory: int | None) -> str | None:
    """Wait for a process; return why it has to end, if it has to."""
    until = time.monotonic() + limit
    while process.poll() is None:
        if memory is not None and _resident(process.pid) > memory:
            return "OOMKilled"
        if time.monotonic() > until:
            return "DeadlineExceeded"
        time.sleep(_POLL)
    return None


def _resident(session: int) -> int:
    """Return the bytes that the processes of a session hold."""
    total = 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == session:
                total += int((entry / "statm").read_text().split()[1]) * _PAGE
        except (OSError, ValueError, IndexError):  # it has ended meanwhile
            continue
    return total


def _bytes(pod: Pod) -> int | None:
    limit = pod.resources.get("kubernetes_memory_limit")
    return None if limit is None else int(kubernetes_memory_to_bytes(str(limit)))


RUNNERS = {"local": run_local, "docker": run_docker}
