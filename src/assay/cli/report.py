"""`assay report`: the report of a run, drawn anew, also of one that is not complete."""

from __future__ import annotations

from pathlib import Path

import click

_FOLDER = "report"


@click.command("report", short_help="Draw the report of a run, as far as it has come.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Its folder; default `report` in the run's own.")
def command(run: Path, output: Path | None) -> None:
    """Draw figures and report from the results that are in a run's folder, and print where they are.

    A run that is complete has its report already; this draws it with another version of Assay, or before all
    methods are evaluated. Results and the run's own report stay as they are.

    \b
    Example:
      assay report runs/wbf-higgs-hww
    """  # noqa: D301 - click wants the character
    from assay.reporting.build import write_report
    from assay.reporting.run_folder import find_run

    files = find_run(run)
    folder = output or run / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    click.echo(f"report: {write_report(files, folder)}")
