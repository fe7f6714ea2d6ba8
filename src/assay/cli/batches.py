"""Stages that work on a batch of jobs, each in a folder of its own, which is complete or not by itself.

So a step that is ended in the middle goes on from the jobs that are complete, and what a job gives does not depend on
the batch that it is in.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from assay.cli.folders import BATCH, check_folder, note_batch, take_folder
from assay.cli.options import file_option
from assay.cli.stage import StageRun, run_stage
from assay.errors import AssayError, JobsError
from assay.generation.jobs import Job, read_batch
from assay.manifest import verified_inputs
from assay.study.model import Study

log = logging.getLogger("assay")

jobs_option = file_option("--jobs", help="A batch of jobs, as configure wrote it.")
Inputs = Mapping[str, Iterable[Path]]


def read_jobs(path: Path) -> tuple[Job, ...]:
    """Read a batch of jobs that is as configure wrote it.

    Raises
    ------
    ManifestError
        If the file is not what configure wrote.
    GenerationError
        If it is no batch.
    """
    verified_inputs({"jobs": [path]})
    return read_batch(path)


def run_batch(
    name: str,
    study: Study,
    folder: Path,
    jobs: Sequence[Job],
    inputs: Callable[[Job], Inputs],
    work: Callable[[Job, StageRun], None],
) -> None:
    """Run a stage on every job of a batch; when some fail, the others are run nevertheless.

    Parameters
    ----------
    name, study
        The stage and the study: see `run_stage`.
    folder
        The step's folder. Every job has its own below it; folders of jobs that the batch does not have are removed.
    jobs
        The batch.
    inputs
        The files that a job reads, by role.
    work
        Writes the outputs of a job.

    Raises
    ------
    AssayError
        If the work of the only job raised it.
    JobsError
        If some of several jobs failed by faults that a user can mend.
    ExceptionGroup
        If some failed otherwise.
    FolderError
        If the folder is not this stage's.
    """
    given = {job.name: {role: tuple(paths) for role, paths in inputs(job).items()} for job in jobs}
    check_folder(name, folder, [path for roles in given.values() for paths in roles.values() for path in paths])
    take_folder(name, folder, keep=(BATCH, *given))
    note_batch(folder, list(given))
    failures: dict[str, Exception] = {}
    for job in jobs:
        try:
            run_stage(
                name, study, folder / job.name, given[job.name], partial(work, job), job.name, {"job": asdict(job)}
            )
        except Exception as error:
            if len(jobs) == 1:
                raise
            log.error("%s %s: failed: %s", name, job.name, error)
            failures[job.name] = error
    if failures:
        raise _failed(failures, len(jobs))


def _failed(failures: Mapping[str, Exception], n_jobs: int) -> Exception:
    """Say which jobs failed; a fault that is nobody's in particular counts more, since another try may do."""
    what = f"{len(failures)} of {n_jobs} jobs failed: {', '.join(failures)}"
    unexpected = [error for error in failures.values() if not isinstance(error, AssayError)]
    if unexpected:
        return ExceptionGroup(what, unexpected)
    messages = [f"{job}: {error}" for job, error in failures.items()]
    return JobsError("\n".join([what, *messages]), mend="put right what is said of each; complete jobs are kept")
