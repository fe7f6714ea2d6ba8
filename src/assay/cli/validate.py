"""`assay validate`: the checks of `input.yml` alone."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from assay.cli.checks import validate
from assay.study.problems import StudyErrors


@click.command("validate", short_help="Check an input.yml.")
@click.argument("study_path", metavar="INPUT.YML", type=click.Path(path_type=Path))
@click.option(
    "--events", type=click.Path(path_type=Path), help="Check what starts from this event file (run --part ml) alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print whether it is valid, and its problems, as JSON.")
def command(study_path: Path, events: Path | None, as_json: bool) -> None:
    """Check a study; every problem is reported at once, with its line. The exit status is 2 if there is one.

    \b
    Examples:
      assay validate input/input.yml
      assay validate my.yml --events combined.h5
    """  # noqa: D301 - click wants the character
    try:
        study = validate(study_path, events)
    except StudyErrors as errors:
        if not as_json:
            raise
        problems = [asdict(problem) for problem in errors.problems]
        click.echo(json.dumps({"valid": False, "problems": problems}, indent=2))
        sys.exit(errors.exit_status)
    if as_json:
        click.echo(json.dumps({"valid": True, "problems": []}, indent=2))
        return
    click.echo(
        f"{study_path}: valid; {len(study.parameters)} parameters, {len(study.observables)} observables, "
        f"methods {', '.join(study.methods)}"
    )
