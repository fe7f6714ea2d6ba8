"""A step's program, and what may be put around it: a container, a job of a batch system."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from assay.running.resources import StepResources

RUN = "ASSAY_RUN"
"""Environment variable with the run's identifier."""
ARITHMETIC = (
    "OMP_NUM_THREADS",
    "OPENBLAS_",
    "MKL_",
    "ATEN_CPU_CAPABILITY",
    "NPY_DISABLE_CPU_FEATURES",
    "GLIBC_TUNABLES",
)
"""How the environment variables begin that decide on last digits: by the threads or the code for a processor."""
TRACKING = "MLFLOW_"
"""How the environment variables begin that say where to track, and with which credentials."""


@dataclass(frozen=True)
class Step:
    """A step of a run, as the workflow engine hands it over.

    Attributes
    ----------
    name
        As in the workflow, with its number in a fan-out: `generate_3`.
    label
        Tells the step from all others of this user, on all machines; begins with `run_label` of its run.
    arguments
        Arguments that run its command.
    stdin
        What the command reads.
    image
        Container image with its tag.
    folder
        The step's own folder.
    writable, readable
        Folders that it needs, its own among the first.
    records
        Folder for what the executor keeps of it.
    resources
        What it may use.
    """

    name: str
    label: str
    arguments: Sequence[str]
    stdin: bytes
    image: str
    folder: Path
    writable: Sequence[Path]
    readable: Sequence[Path]
    records: Path
    resources: StepResources


@dataclass(frozen=True)
class Program:
    """A program to start: its arguments, environment and working folder."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


class Layer:
    """What is put around a step's program. This one is nothing: a process of this machine.

    Attempts of a step are told apart by their names: the step's label with a number.
    """

    holds_time_limit = False
    """Whether it ends steps that take too long itself."""

    def check(self, images: Sequence[str]) -> None:
        """Check, before anything starts, that steps of these images can be run.

        Raises
        ------
        WorkflowError
            If they cannot.
        """

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        """Return the program that runs this one within the layer."""
        return program

    def ended_early(self, said: str) -> bool:
        """Whether an attempt whose status is 0 did not come to its end; `said` is what it has put out."""
        return False

    def cause(self, step: Step, name: str, said: str) -> str | None:
        """Say why an attempt that failed has ended, where the layer knows; `said` is what the attempt has put out."""
        return None

    def end(self, step: Step, name: str) -> None:
        """End what is left of an attempt."""

    def end_run(self, run: str) -> None:
        """End what is left of a run."""


class Local(Layer):
    """The environment of this Python: its programs are found first."""

    def wrap(self, program: Program, step: Step, name: str) -> Program:
        """Put the folder of this Python's programs first."""
        path = os.pathsep.join([str(Path(sys.executable).parent), program.environment.get("PATH", "")])
        return replace(program, environment={**program.environment, "PATH": path})

    def cause(self, step: Step, name: str, said: str) -> str | None:
        """Look for OpenBLAS, which ends programs itself, with status 1, if it gets no memory."""
        return memory_words(step) if "OpenBLAS error: Memory allocation" in said else None


def run_label(run: str) -> str:
    """Return how the labels of a run's steps begin."""
    return f"assay-{run[:16]}-"


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that a container sees; with them it computes what a local process computes."""
    beginnings = (*ARITHMETIC, TRACKING)
    return {name: value for name, value in environment.items() if name == RUN or name.startswith(beginnings)}


def needs_network(environment: Mapping[str, str]) -> bool:
    """Whether a step talks to a tracking server; it does not if it tracks into a file or a database."""
    return tracking_server(environment) is not None


def tracking_server(environment: Mapping[str, str]) -> str | None:
    """Return the host of the server that steps track with, if they do."""
    address = urlsplit(environment.get("MLFLOW_TRACKING_URI", ""))
    return address.hostname if address.scheme in ("http", "https") else None


def memory_words(step: Step) -> str:
    """Say that a step ran out of memory, and how much it had."""
    limit = step.resources.memory
    return "ran out of memory" if limit is None else f"ran out of memory (its limit: {limit / 2**30:.3g} GiB)"


def time_words(step: Step) -> str:
    """Say that a step took too long, and how long it had."""
    limit = step.resources.time_limit
    return "took longer than its time limit" + ("" if limit is None else f" of {limit / 60:.3g} minutes")
