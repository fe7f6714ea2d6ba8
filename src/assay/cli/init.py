"""`assay init`: a new study, from a template and from questions."""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

import click

from assay.errors import StudyError
from assay.files import write_text
from assay.study.templates import TEMPLATES, StartingParameter, Template, study_text

_PARAMETER = re.compile(r"(?P<name>\w+)(@(?P<block>\w+):(?P<entry>\d+))?(=(?P<low>[^:]+):(?P<high>[^:]+))?")


@click.command("init", short_help="A new study, from questions or a template.")
@click.argument("output", metavar="STUDY.YML", type=click.Path(path_type=Path))
@click.option("--template", "kind", type=click.Choice(list(TEMPLATES)), help="What to start from.")
@click.option("--name", help="The study's name; default that of the file.")
@click.option(
    "--parameter",
    "wanted",
    multiple=True,
    metavar="NAME[@BLOCK:ID][=LOW:HIGH]",
    help="A parameter, with its entry of the parameter card and its range; may be repeated. Default: the template's.",
)
@click.option("--events", type=click.IntRange(1), help="Events at each benchmark; default 20000.")
@click.option("--cards", type=click.Path(path_type=Path), help="Folder of MadGraph's cards, for the template cards.")
def command(
    output: Path, kind: str | None, name: str | None, wanted: tuple[str, ...], events: int | None, cards: Path | None
) -> None:
    """Write a study to start from, and check it. On a terminal, what no option says is asked for.

    Templates: wbf (Higgs bosons by weak-boson fusion), wh, zh, wgamma, and cards (any process of MadGraph). A file
    that exists is never replaced.

    \b
    Examples:
      assay init my-study.yml
      assay init my-study.yml --template wh --parameter cHW --parameter cHWtil=-2:2
      assay init top.yml --template cards --cards cards/ --parameter ctG@dim6:3=-1:1
    """  # noqa: D301 - click wants the character
    if output.exists():
        raise StudyError("the file exists", where=str(output), mend="give another name, or move it away")
    asks = sys.stdin.isatty()
    kind = kind or _asked_kind(asks)
    template = TEMPLATES[kind]
    files = _cards(kind, cards, output.parent)
    parameters = _parameters(kind, wanted or _asked_parameters(template, asks))
    events = events or (click.prompt("events at each benchmark", 20_000, type=click.IntRange(1)) if asks else 20_000)
    write_text(output, study_text(template, name or _name(output), parameters, events, files))
    _tell(output)


def _asked_kind(asks: bool) -> str:
    if not asks:
        raise click.UsageError(f"--template says what to start from: one of {', '.join(TEMPLATES)}")
    for kind, template in TEMPLATES.items():
        click.echo(f"  {kind:<8} {template.title}")
    return str(click.prompt("start from", type=click.Choice(list(TEMPLATES)), show_choices=False))


def _asked_parameters(template: Template, asks: bool) -> tuple[str, ...]:
    """Return what is typed, in the form of the option; nothing for the template's own parameters."""
    if not asks:
        return ()
    if template.model:
        from assay.generation.model import find_model

        click.echo(f"  coefficients of {template.model}: {', '.join(find_model(template.model).operators)}")
    default = " ".join(parameter.name for parameter in template.parameters)
    answer = click.prompt("parameters, NAME[@BLOCK:ID][=LOW:HIGH], separated by blanks", default or None)
    return tuple(str(answer).split()) if answer != default else ()


def _parameters(kind: str, wanted: tuple[str, ...]) -> tuple[StartingParameter, ...]:
    own = TEMPLATES[kind].parameters
    if not wanted and not own:
        raise click.UsageError(f"the template {kind} needs a --parameter NAME@BLOCK:ID, the entry of your card")
    return tuple(_parameter(text, TEMPLATES[kind]) for text in wanted) or own


def _parameter(text: str, template: Template) -> StartingParameter:
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise click.UsageError(f"--parameter {text}: expected NAME[@BLOCK:ID][=LOW:HIGH], such as cHW=-1:1")
    known = {parameter.name: parameter for parameter in template.parameters}
    if match["block"] is not None:
        parameter = StartingParameter(match["name"], match["block"], int(match["entry"]))
    else:
        parameter = known.get(match["name"]) or _of_model(match["name"], template)
    if match["low"] is None:
        return parameter
    try:
        low, high = float(match["low"]), float(match["high"])
    except ValueError:
        raise click.UsageError(f"--parameter {text}: the range is two numbers, LOW:HIGH") from None
    return replace(parameter, low=low, high=high)


def _of_model(name: str, template: Template) -> StartingParameter:
    """Return a coefficient of the generator's model, with the range of the template's first one."""
    if not template.model:
        raise click.UsageError(f"--parameter {name}: write {name}@BLOCK:ID, its entry of your param card")
    from assay.generation.model import find_model
    from assay.study.problems import suggestion

    model = find_model(template.model)
    entries = {operator.name: operator for operator in model.card}
    if name not in entries:
        advice = suggestion(name, entries, f"one of {', '.join(entries)}")
        raise click.UsageError(f"--parameter {name}: not a coefficient of {model.title}: {advice}")
    first = template.parameters[0]
    return StartingParameter(name, entries[name].block, entries[name].entry, first.low, first.high)


def _cards(kind: str, folder: Path | None, beside: Path) -> dict[str, str] | None:
    """Copy MadGraph's cards beside the study; return their names there."""
    if (kind == "cards") != (folder is not None):
        raise click.UsageError("--cards FOLDER and --template cards belong together")
    if folder is None:
        return None
    from assay.study.migration import CARDS, cards_in

    found = cards_in(folder)
    for card, path in found.files.items():
        write_text(beside / CARDS / path.name, found.text(card))
    return {card: f"{CARDS}/{path.name}" for card, path in found.files.items()}


def _name(output: Path) -> str:
    return re.sub(r"[^\w-]+", "-", output.stem).strip("-") or "study"


def _tell(output: Path) -> None:
    from assay.cli.checks import load_checked

    click.echo(f"{output}: written")
    load_checked(output)
    click.echo(f"valid; next:\n  assay run --study {output}")
