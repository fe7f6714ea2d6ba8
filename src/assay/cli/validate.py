"""`assay validate`: the checks of `input.yml` alone."""

from __future__ import annotations

from pathlib import Path

import click

from assay.cli.checks import validate


@click.command("validate", short_help="Check an input.yml.")
@click.argument("study_path", metavar="INPUT.YML", type=click.Path(path_type=Path))
@click.option(
    "--events", type=click.Path(path_type=Path), help="Check what starts from this event file (run --part ml) alone."
)
def command(study_path: Path, events: Path | None) -> None:
    """Check a study; every problem is reported at once, with its line. The exit status is 2 if there is one.

    \b
    Examples:
      assay validate input/input.yml
      assay validate my.yml --events combined.h5
    """  # noqa: D301 - click wants the character
    study = validate(study_path, events)
    click.echo(
        f"{study_path}: valid; {len(study.parameters)} parameters, {len(study.observables)} observables, "
        f"methods {', '.join(study.methods)}"
    )
