"""A container of Docker per step, of the image that the step names.

The container sees the step's folder and those of its inputs, at the same places, and has no network unless tracking
needs it. It carries the run's label, so that what a killed launcher leaves is found.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace

from assay.errors import WorkflowError
from assay.running.layers.commands import ask
from assay.running.layers.program import (
    RUN,
    Layer,
    Program,
    Step,
    memory_words,
    needs_network,
    passed_on,
    tracking_server,
)

_LABEL = "assay.run"


class Docker(Layer):
    """A container of Docker, through its command line."""

    def check(self, images: Sequence[str]) -> None:
        """Check that Docker's daemon answers and has the images, and that containers reach what they track with."""
        _check_tracking()
        if shutil.which("docker") is None:
            raise WorkflowError(
                "there is no Docker here",
                expected="the program docker",
                mend="install Docker, or run without containers",
            )
        version = ask(["docker", "version", "--format", "{{.Server.Version}}"])
        if not version.ok:
            raise WorkflowError(
                f"Docker's daemon does not answer: {version.reason}",
                expected="a daemon that runs and that you may talk to",
                mend="start it (systemctl start docker), or have yourself added to the group docker",
            )
        missing = [image for image in images if not ask(["docker", "image", "inspect", image]).ok]
        if missing:
            raise WorkflowError(
                f"not among Docker's images: {', '.join(missing)}",
                expected="the images that the steps name",
                mend="build them with `make images`, or fetch them with `docker pull`",
            )

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        """Return the client's call; the caller owns what the step writes, group 0 may use what images leave to it."""
        arguments = ["docker", "run", "--name", name, "--label", f"{_LABEL}={program.environment.get(RUN, '')}"]
        arguments += ["--label", f"assay.step={step.name}"]
        arguments += ["--init", "--interactive"]  # init: a step ends when it is told to
        arguments += ["--user", f"{os.getuid()}:{os.getgid()}", "--group-add", "0", "--workdir", str(step.folder)]
        arguments += [] if needs_network(program.environment) else ["--network", "none"]
        arguments += _limits(step)
        for variable in passed_on(program.environment):  # by name: credentials show in no list of processes
            arguments += ["--env", variable]
        for folder in step.writable:
            arguments += ["--volume", f"{folder}:{folder}"]
        for folder in step.readable:
            arguments += ["--volume", f"{folder}:{folder}:ro"]
        return replace(program, arguments=[*arguments, step.image, *program.arguments])

    def cause(self, step: Step, name: str, said: str) -> str | None:
        """Ask whether the kernel ended a process of the container for lack of memory."""
        answer = ask(["docker", "inspect", "--format", "{{.State.OOMKilled}}", name])
        return memory_words(step) if answer.output.strip() == "true" else None

    def end(self, step: Step, name: str) -> None:
        """Remove an attempt's container, running or not."""
        ask(["docker", "rm", "--force", "--volumes", name])

    def end_run(self, run: str) -> None:
        """Remove a run's containers."""
        left = ask(["docker", "ps", "--all", "--quiet", "--filter", f"label={_LABEL}={run}"]).lines
        if left:
            ask(["docker", "rm", "--force", "--volumes", *left])


def _check_tracking() -> None:
    """Refuse a tracking server of this machine by a name that means the container itself within one."""
    host = tracking_server(os.environ)
    if host is not None and (host == "localhost" or host.endswith(".localhost") or _is_loopback(host)):
        raise WorkflowError(
            f"{host} is the container itself to the steps, not this machine: they would track nowhere",
            where="MLFLOW_TRACKING_URI",
            expected="an address that containers reach",
            mend="use this machine's name or address, and have the server listen there "
            "(mlflow server --host 0.0.0.0), or run without containers",
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _limits(step: Step) -> list[str]:
    """Return the limits of memory, without swap on top of it, and of cores."""
    limits = []
    if step.resources.memory is not None:
        limits += ["--memory", str(step.resources.memory), "--memory-swap", str(step.resources.memory)]
    if step.resources.cores is not None:  # more than there are would be refused
        limits += ["--cpus", str(min(step.resources.cores, os.cpu_count() or 1))]
    return limits
