"""`assay generate`: stage 3, events of a batch of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from assay.cli.batches import jobs_option, run_batch
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun
from assay.generation.jobs import Job, read_batch


@click.command("generate", short_help="Stage 3: events of a batch of jobs, as LHE.")
@study_option
@file_option("--process", help="process.npz of prepare.")
@jobs_option
@output_option
def command(study_path: Path, process: Path, jobs: Path, output: Path) -> None:
    """Generate each job's events with a weight at every benchmark: writes JOB/events.lhe.gz."""
    study = read_study(study_path)

    def work(job: Job, run: StageRun) -> None:
        from assay.generation.embedded import generate
        from assay.generation.external import external_events
        from assay.generation.lhe import write_lhe
        from assay.generation.prepared import PreparedProcess

        if job.source is not None:
            sample = external_events(_file(jobs, job), job.cross_section)
            write_lhe(run.folder / "events.lhe.gz", replace(sample, metadata={**sample.metadata, "job": job.name}))
            click.echo(f"  {len(sample)} events of {job.sample}: {sample.cross_section:.5g} pb, from a file")
            return
        sample = generate(
            PreparedProcess.load(process), job.benchmark or "", job.n_events, job.seed, tuple(job.variations)
        )
        metadata = {**sample.metadata, "job": job.name}
        write_lhe(run.folder / "events.lhe.gz", replace(sample, metadata=metadata))
        click.echo(
            f"  {job.n_events} events at {job.benchmark}: "
            f"{sample.cross_section:.5g} +- {sample.cross_section_error:.1g} pb, "
            f"overweight fraction {metadata['overweight_fraction']:.2g}"
        )

    def inputs(job: Job) -> Mapping[str, list[Path]]:
        return {"process": [process]} if job.source is None else {"events": [_file(jobs, job)]}

    run_batch("generate", study, output, read_batch(jobs), inputs, work)


def _file(jobs: Path, job: Job) -> Path:
    """Return the file of a job that has one; configure puts such files beside the folder of the jobs."""
    return jobs.parent.parent / "samples" / str(job.source)
