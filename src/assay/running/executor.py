"""The packtivity plug-in that runs `docker-encapsulated` steps, the same specifications wherever and however they run.

yadage loads it with `--plugins assay.running.executor` and selects an executor with
`-k 'packconfig_spec={executor: {docker-encapsulated: NAME}}'`, where NAME is `local`, `docker` or `apptainer`, or one
of these after `slurm-` (see `assay.running.layers`). It needs nothing but packtivity, so that engines of other
environments load it, too.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import packtivity.handlers.execution_handlers as packtivity_handlers

from assay.running.attempts import Retries, run_step
from assay.running.layers import (
    BATCH_SYSTEMS,
    CONTAINERS,
    BatchSystem,
    Containers,
    Step,
    executor_name,
    layers_of,
    run_label,
)
from assay.running.layers.program import RUN
from assay.running.remembering import remember
from assay.running.resources import resources_of

Executor = Callable[[Any, Any, Any, Any, Any], None]


def run_packtivity(
    containers: Containers,
    batch_system: BatchSystem,
    config: Any,
    environment: Any,
    state: Any,
    job: Any,
    metadata: Any,
) -> None:
    """Run a step as packtivity hands it over.

    Raises
    ------
    RuntimeError
        If the step fails; yadage marks it as failed.
    """
    step = _step(environment, state, job, metadata)
    run_step(step, layers_of(containers, batch_system), dict(os.environ), Retries.of(os.environ))


def _step(environment: Any, state: Any, job: Any, metadata: Any) -> Step:
    arguments, stdin = _shell(job)
    name, folder = metadata["name"], Path(state.readwrite[0])
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:8]  # names are unique within a sub-workflow
    return Step(
        name=name,
        label=f"{run_label(os.environ.get(RUN, ''))}{name}-{place}",
        arguments=arguments,
        stdin=stdin,
        image=f"{environment['image']}:{environment['imagetag']}",
        folder=folder,
        writable=[Path(path) for path in state.readwrite],
        readable=[Path(path) for path in state.readonly],
        records=Path(state.metadir),
        resources=resources_of(environment.get("resources") or []),
    )


def _shell(job: Any) -> tuple[list[str], bytes]:
    """Return the arguments and the standard input that run a job's command or script, as yadage's own executor does."""
    if "command" in job:
        return ["sh", "-c", job["command"]], b""
    return shlex.split(job["interpreter"]), job["script"].encode()


def _register() -> None:
    for containers in CONTAINERS:
        for batch_system in BATCH_SYSTEMS:
            register = packtivity_handlers.executor("docker-encapsulated", executor_name(containers, batch_system))
            register(partial(run_packtivity, containers, batch_system))


_register()
remember()
