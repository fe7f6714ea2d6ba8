"""`assay combine`: stage 6, all jobs in one event file."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.events.combine import combine


@click.command("combine", short_help="Stage 6: all jobs in one event file.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@output_option
@click.argument("events", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(study_path: Path, setup: Path, output: Path, events: tuple[Path, ...]) -> None:
    """Combine the event files of all jobs, shuffled: writes combined.h5."""
    study = read_study(study_path)

    def work(run: StageRun) -> None:
        combine(events, run.folder / "combined.h5", seed=run.seed)

    run_stage("combine", study, output, {"setup": [setup], "events": events}, work)
