"""`assay extract`: stage 5, observables and cuts of a batch of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from assay.cli.batches import jobs_option, read_jobs, run_batch
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun
from assay.errors import EventFileError
from assay.generation.jobs import Job
from assay.manifest import job_of


@click.command("extract", short_help="Stage 5: observables and cuts of a batch of jobs.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@jobs_option
@file_option("--events", help="Folder of the step of generate with these jobs, for the weights.")
@file_option("--objects", help="Folder of the step of simulate with these jobs.")
@output_option
def command(study_path: Path, setup: Path, jobs: Path, events: Path, objects: Path, output: Path) -> None:
    """Compute observables, apply cuts and attach weights: writes JOB/events.h5.

    \b
    Example:
      assay extract --study configure/study.json --setup configure/setup.h5 --jobs configure/jobs/000.json \\
        --events generate_0 --objects simulate_0 --output extract_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)

    def inputs(job: Job) -> Mapping[str, list[Path]]:
        generated, simulated = events / job.name / "events.lhe.gz", objects / job.name / "detector.root"
        return {"setup": [setup], "events": [generated], "objects": [simulated]}

    def work(job: Job, run: StageRun) -> None:
        from assay.cli.work.extract import event_table
        from assay.events.eventfile import read_setup_file, write_event_file

        given = inputs(job)
        (generated,), (simulated,) = given["events"], given["objects"]
        job.check_events(generated)
        _check_objects(job, simulated)
        table = event_table(study, read_setup_file(setup), job, generated, simulated)
        write_event_file(run.folder / "events.h5", table)
        for row in table.cut_flow:
            click.echo(f"  {row.step:<24} {row.n_events:>9} events  {row.cross_section:.4g} pb")

    run_batch("extract", study, output, read_jobs(jobs), inputs, work)


def _check_objects(job: Job, objects: Path) -> None:
    """Check that simulated events are of this job: those of another have the same numbers, and often weights."""
    if (found := job_of(objects)) not in (job.name, None):
        raise EventFileError(
            f"the simulated events are of job {found!r}",
            where=str(objects),
            expected=f"job {job.name!r}",
            mend="give job and objects of the same step, or run simulate again",
        )
