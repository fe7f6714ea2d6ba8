"""`assay combine`: stage 6, all jobs in one event file."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.folders import files_of_jobs
from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_stage
from assay.generation.jobs import EVENT_FILES, sources_of
from assay.study.model import Study


@click.command("combine", short_help="Stage 6: all jobs in one event file.")
@study_option
@file_option("--setup", help="setup.h5 of configure.")
@output_option
@click.argument("events", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(study_path: Path, setup: Path, output: Path, events: tuple[Path, ...]) -> None:
    """Combine event files, or those of all jobs in folders of extract, shuffled: writes combined.h5.

    \b
    Example:
      assay combine --study configure/study.json --setup configure/setup.h5 --output combine extract_0 extract_1
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)
    files = [*files_of_jobs(events, "events.h5"), *_sample_files(study, setup)]

    def work(run: StageRun) -> None:
        from assay.events.combine import combine

        combined = combine(files, run.folder / "combined.h5", seed=run.seed)
        for report in combined.reports:
            click.echo(f"  {report}")

    run_stage("combine", study, output, {"setup": [setup], "events": files}, work)


def _sample_files(study: Study, setup: Path) -> list[Path]:
    """Return the event files of samples, which configure puts beside the set-up."""
    files = (setup.parent / "samples" / name for name in sources_of(study))
    return [file for file in files if file.suffix in EVENT_FILES]
