"""`assay plot`: stage 11, figures, report and MLflow store."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.options import file_option, output_option, read_study, study_option
from assay.cli.stage import StageRun, run_identity, run_stage
from assay.study.resolve import write_resolved
from assay.tracking.journal import FILE_NAME


@click.command("plot", short_help="Stage 11: figures, report, MLflow store.")
@study_option
@file_option("--events", help="combined.h5.")
@output_option
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
def command(study_path: Path, events: Path, output: Path, folders: tuple[Path, ...]) -> None:
    """Draw all FOLDERS of trainings and evaluations: writes report.html, figures/, data/ and mlflow.db.

    \b
    Example:
      assay plot --study configure/study.json --events combine/combined.h5 --output plot train_0 evaluate_0
    """  # noqa: D301 - click wants the character
    study = read_study(study_path)

    def work(run: StageRun) -> None:
        from assay.reporting.build import write_report
        from assay.reporting.run import run_files
        from assay.tracking.replay import replay

        resolved_path = run.folder / "data" / "study.json"
        write_resolved(resolved_path, study)
        files = run_files(resolved_path, events, folders)
        report = write_report(files, run.folder)
        run.tracker.artifact(report)
        run.tracker.artifact(run.folder / "figures", "figures")
        journals = [path for folder in files.stages if (path := folder / FILE_NAME).exists()]
        store, artifacts = run.folder / "mlflow.db", run.folder / "mlartifacts"
        own = run.folder / FILE_NAME
        summary = replay([*journals, own], store, artifacts, experiment=run_identity(study).experiment, name=study.name)
        for missing in summary.missing:
            click.echo(f"  warning: not in the MLflow store, since it is not there: {missing}")
        click.echo(f"  report: {report}")

    run_stage("plot", study, output, {"events": [events], "folders": folders}, work)
