"""`assay simulate`: stage 4, shower and detector of one job."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.progress import line_progress
from assay.cli.stage import StageRun, run_stage
from assay.files import write_json
from assay.generation.jobs import Job
from assay.simulation.from_study import simulation_settings
from assay.simulation.simulate import simulate
from assay.study.seeds import pythia_seed


@click.command("simulate", short_help="Stage 4: shower and detector of one job.")
@study_option
@file_option("--job", help="The job, as configure wrote it.")
@file_option("--detector", help="detector.yml of configure.")
@file_option("--events", help="events.lhe.gz of generate.")
@output_option
def command(study_path: Path, job: Path, detector: Path, events: Path, output: Path) -> None:
    """Shower a job's events and reconstruct objects: writes detector.root and simulation.json."""
    study, what = read_study(study_path), Job.read(job)

    def work(run: StageRun) -> None:
        what.check_events(events)
        seed = pythia_seed(study.seed, f"simulate {what.name}")
        settings = simulation_settings(study, detector)
        summary = simulate(events, run.folder / "detector.root", settings, seed, line_progress("events"))
        write_json(run.folder / "simulation.json", asdict(summary))
        click.echo(
            f"  {summary.events_read} events read, {summary.events_rejected} rejected, {summary.events_written} written"
        )

    inputs = {"job": [job], "detector": [detector], "events": [events]}
    run_stage("simulate", study, output, inputs, work, what.name)
