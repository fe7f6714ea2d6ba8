"""`assay reana`: a study, or a part of it, on a REANA cluster."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from assay.cli.checks import load_for_part
from assay.cli.options import study_option
from assay.running.reana import run as reana
from assay.running.reana.follow import Watch
from assay.running.reana.patience import Patience
from assay.running.reana.secrets import tracking_secrets
from assay.running.reana.server import Server
from assay.running.reana.staging import Part, Request

_DEFAULT = "run"
_folder = click.Path(path_type=Path, file_okay=False)
_output = click.option("--output", type=_folder, help="Where the results go; default runs/NAME-reana.")
_interval = click.option(
    "--interval", type=click.FloatRange(min=0.01), default=5.0, help="Seconds between two looks at the run; default 5."
)
_patience = click.option(
    "--patience",
    type=click.FloatRange(min=0.0),
    default=10.0,
    help="Minutes to put up with a server that does not answer; default 10.",
)


class _RunByDefault(click.Group):
    """Takes options without a sub-command for those of `run`."""

    def parse_args(self, context: click.Context, arguments: list[str]) -> list[str]:
        if arguments and arguments[0] not in (*self.commands, *context.help_option_names):
            arguments = [_DEFAULT, *arguments]
        return super().parse_args(context, arguments)


@click.group("reana", cls=_RunByDefault, short_help="Run a study on a REANA cluster.")
def command() -> None:
    """Run a study, or a part of it, on the REANA cluster that REANA_SERVER_URL and REANA_ACCESS_TOKEN name.

    \b
    Examples:
      assay reana --study input/input.yml
      assay reana --study input/input.yml --resume wbf-higgs-hww.1
      assay reana follow wbf-higgs-hww.1
      assay reana secrets
    """  # noqa: D301 - click wants the character


@command.command("run")
@study_option
@click.option(
    "--part", type=click.Choice(["all", "physics", "ml"]), default="all", help="Stages 1-6, 7-11 or all of them."
)
@click.option("--events", type=click.Path(path_type=Path), help="The event file that the part `ml` starts from.")
@click.option("--name", help="What the run is called; default the study's name. REANA adds a number.")
@click.option("--project", type=_folder, default=Path(), help="The folder of reana.yml, workflow/ and steps/.")
@_output
@click.option("--follow/--no-follow", default=True, help="Wait for the end and download the results.")
@click.option("--resume", metavar="RUN", help="Go on with a run that failed: complete steps are kept.")
@click.option("--check", is_flag=True, help="Check study and specification alone; no server is needed.")
@_interval
@_patience
def run(
    study_path: Path,
    part: Part,
    events: Path | None,
    name: str | None,
    project: Path,
    output: Path | None,
    follow: bool,
    resume: str | None,
    check: bool,
    interval: float,
    patience: float,
) -> None:
    """Check, upload, start and follow a study, then download its results; the default of `assay reana`.

    \b
    Examples:
      assay reana --study input/input.yml
      assay reana run --study input/input.yml --no-follow
    """  # noqa: D301 - click wants the character
    study = load_for_part(study_path, part, events)
    name = name or study.name
    folder = output or Path("runs") / f"{name}-reana"
    request = Request(study, study_path, project.resolve(), part, events)
    watch = _watch(interval, patience)
    if check:
        staged, _ = reana.prepare(request, folder, name)
        watch.tell(f"study {study.name}: valid; REANA's specification: {staged.folder}")
        return
    server = Server()
    submission = reana.submit(server, request, folder, watch, name=name, resume=resume)
    if follow:
        _tell_where(reana.complete(server, submission, study, folder, watch))


@command.command("follow")
@click.argument("run_name", metavar="RUN")
@_output
@_interval
@_patience
def follow(run_name: str, output: Path | None, interval: float, patience: float) -> None:
    """Follow RUN, started before, to its end and download its results.

    \b
    Example:
      assay reana follow wbf-higgs-hww.1
    """  # noqa: D301 - click wants the character
    folder = output or Path("runs") / f"{run_name.split('.')[0]}-reana"
    _tell_where(reana.collect(Server(), run_name, folder, _watch(interval, patience)))


@command.command("secrets")
@click.option("--overwrite", is_flag=True, help="Replace secrets that are there.")
def secrets(overwrite: bool) -> None:
    """Hand the MLFLOW_ variables of this environment to REANA as secrets: every job of yours gets them.

    \b
    Example:
      assay reana secrets --overwrite
    """  # noqa: D301 - click wants the character
    found = tracking_secrets()
    server = Server()
    server.ping()
    server.add_secrets(found, overwrite)
    click.echo(f"secrets on {server.url}: {', '.join(found)}")


def _watch(interval: float, patience: float) -> Watch:
    return Watch(sys.stdout, interval, Patience(longest=60 * patience))


def _tell_where(files: tuple[Path, ...]) -> None:
    for path in files:
        click.echo(f"{path.stem + ':':<10}{path}")
