"""`assay validate`: the checks of `input.yml` alone."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.checks import load_checked


@click.command("validate", short_help="Check an input.yml.")
@click.argument("study_path", metavar="INPUT.YML", type=click.Path(path_type=Path))
def command(study_path: Path) -> None:
    """Check a study; every problem is reported at once, with its line. The exit status is 2 if there is one."""
    study = load_checked(study_path)
    click.echo(
        f"{study_path}: valid; {len(study.parameters)} parameters, {len(study.observables)} observables, "
        f"methods {', '.join(study.methods)}"
    )
