"""`assay migrate`: the inputs of madminer-workflow-ph and -ml as a study."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from assay.errors import StudyError
from assay.files import write_text


@click.command("migrate", short_help="Turn input files of madminer-workflow into a study.")
@click.argument("physics", metavar="PH_INPUT.YML", type=click.Path(path_type=Path))
@click.argument("learning", metavar="[ML_INPUT.YML]", required=False, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), required=True, help="The study to write; replaced if there.")
@click.option("--name", help="The study's name; default that of the file.")
@click.option(
    "--cards", type=click.Path(path_type=Path), help="Folder with MadGraph's cards, which are copied beside the study."
)
def command(physics: Path, learning: Path | None, output: Path, name: str | None, cards: Path | None) -> None:
    """Turn the input.yml of madminer-workflow-ph, and that of madminer-workflow-ml, into a study.

    With --cards, events come from MadGraph by these cards (proc_card*, run_card*, and param_card*, reweight_card* if
    there are such); without, from the embedded generator.

    Prints what could not be kept as it was, why, and what to do about it, and checks the study. The exit status is 2
    if the study, which is written all the same, needs mending by hand before it can be used for anything.

    \b
    Example:
      assay migrate ph/workflow/input.yml ml/workflow/input.yml --output my-study.yml
      assay migrate ph/workflow/input.yml --cards ph/code/cards --output my-study.yml
    """  # noqa: D301 - click wants the character
    from assay.study.migration import CARDS, cards_in, migrate

    own = cards_in(cards) if cards is not None else None
    found = migrate(physics, learning, name or re.sub(r"\W+", "-", output.stem).strip("-") or "study", own)
    if own is not None:
        for kind, path in own.files.items():
            write_text(output.parent / CARDS / path.name, own.text(kind))
    write_text(output, found.text)
    click.echo(f"{output}: written; not kept as it was:")
    for loss in found.losses:
        click.echo("- " + str(loss).replace("\n", "\n  "))
    sys.exit(_checked(output))


def _checked(study: Path) -> int:
    """Check the study, say what it is good for, and return the exit status."""
    from assay.cli.checks import load_checked
    from assay.study.load import load_study

    try:
        load_checked(study)
        click.echo(f"\n{study} is valid")
        return 0
    except StudyError as error:
        click.secho(f"\n{error}", fg="red")
        problem = error
    try:
        load_study(study)
    except StudyError:
        click.echo(f"\n{study} needs mending by hand; then: assay validate {study}")
        return problem.exit_status
    click.echo(f"\n{study} cannot generate events like this; from an event file it can go on: run --part ml")
    return 0
