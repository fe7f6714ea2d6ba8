"""`assay generate`: stage 3, events of a batch of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from assay.cli.batches import jobs_option, read_jobs, run_batch
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun
from assay.generation.jobs import Job


@click.command("generate", short_help="Stage 3: events of a batch of jobs, as LHE.")
@study_option
@file_option("--process", help="Folder of prepare.")
@jobs_option
@output_option
def command(study_path: Path, process: Path, jobs: Path, output: Path) -> None:
    """Generate each job's events with a weight at every benchmark: writes JOB/events.lhe.gz.

    \b
    Example:
      assay generate --study configure/study.json --process prepare --jobs configure/jobs/000.json --output generate_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)

    def source(job: Job) -> Path:
        if job.source is not None:  # configure puts such files beside the folder of the jobs
            return jobs.parent.parent / "samples" / job.source
        return process / str(job.process)

    def work(job: Job, run: StageRun) -> None:
        from assay.cli.work.generate import events_of, summary_of
        from assay.generation.lhe import write_lhe

        sample = events_of(job, source(job), run.folder)
        write_lhe(run.folder / "events.lhe.gz", sample)
        click.echo(f"  {summary_of(job, sample)}")

    def inputs(job: Job) -> Mapping[str, list[Path]]:
        return {"process" if job.source is None else "events": [source(job)]}

    run_batch("generate", study, output, read_jobs(jobs), inputs, work)
