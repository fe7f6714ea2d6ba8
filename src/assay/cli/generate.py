"""`assay generate`: stage 3, events of one job."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.generation.embedded import generate
from assay.generation.jobs import Job
from assay.generation.lhe import write_lhe
from assay.generation.prepared import PreparedProcess


@click.command("generate", short_help="Stage 3: events of one job, as LHE.")
@study_option
@file_option("--process", help="process.npz of prepare.")
@file_option("--job", help="The job, as configure wrote it.")
@output_option
def command(study_path: Path, process: Path, job: Path, output: Path) -> None:
    """Generate a job's events with a weight at every benchmark: writes events.lhe.gz."""
    study, what = read_study(study_path), Job.read(job)

    def work(run: StageRun) -> None:
        sample = generate(PreparedProcess.load(process), what.benchmark, what.n_events, what.seed)
        metadata = {**sample.metadata, "job": what.name}
        write_lhe(run.folder / "events.lhe.gz", replace(sample, metadata=metadata))
        click.echo(
            f"  {what.n_events} events at {what.benchmark}: "
            f"{sample.cross_section:.5g} +- {sample.cross_section_error:.1g} pb, "
            f"overweight fraction {metadata['overweight_fraction']:.2g}"
        )

    run_stage("generate", study, output, {"process": [process], "job": [job]}, work, what.name)
