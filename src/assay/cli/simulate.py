"""`assay simulate`: stage 4, shower and detector of a batch of jobs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import click

from assay.cli.batches import jobs_option, run_batch
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.progress import line_progress
from assay.cli.stage import StageRun
from assay.generation.jobs import Job, read_batch


@click.command("simulate", short_help="Stage 4: shower and detector of a batch of jobs.")
@study_option
@jobs_option
@file_option("--detector", help="detector.yml of configure.")
@file_option("--events", help="Folder of the step of generate with these jobs.")
@output_option
def command(study_path: Path, jobs: Path, detector: Path, events: Path, output: Path) -> None:
    """Shower each job's events and reconstruct objects: writes JOB/detector.root."""
    study = read_study(study_path)

    def inputs(job: Job) -> Mapping[str, list[Path]]:
        return {"detector": [detector], "events": [events / job.name / "events.lhe.gz"]}

    def work(job: Job, run: StageRun) -> None:
        from assay.simulation.from_study import simulation_settings
        from assay.simulation.simulate import simulate
        from assay.study.seeds import pythia_seed

        (path,) = inputs(job)["events"]
        job.check_events(path)
        seed, settings = pythia_seed(study.seed, f"simulate {job.name}"), simulation_settings(study, detector)
        summary = simulate(path, run.folder / "detector.root", settings, seed, line_progress("events"))
        click.echo(
            f"  {summary.events_read} events read, {summary.events_rejected} rejected, {summary.events_written} written"
        )

    run_batch("simulate", study, output, read_batch(jobs), inputs, work)
