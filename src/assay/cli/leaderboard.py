"""`assay leaderboard`: the methods of a run, and a user's own, ranked on held-out events."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

_FOLDER = "leaderboard"
_CRITERIA = ("information", "log_loss", "log_r", "score", "area")


@click.command("leaderboard", short_help="Rank a run's methods, and your own, on held-out events.")
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--entry", "entries", multiple=True, help="package.module:Class or docker://image; as many as you like.")
@click.option("--by", type=click.Choice(_CRITERIA), default="information", show_default=True, help="What ranks.")
@click.option("--output", type=click.Path(path_type=Path), help="Its folder; default `leaderboard` in the run's own.")
@click.option("--json", "as_data", is_flag=True, help="Print it as JSON.")
def command(run: Path, entries: tuple[str, ...], by: str, output: Path | None, as_data: bool) -> None:
    """Rank the methods of a run on its test events, and estimators of your own beside them.

    An entry is a class with log_ratio(x, theta) or score(x), and fit(folder) if it is to be trained on the run's
    samples; or a container. It runs as you do: enter only what you trust. docs/leaderboard.md tells how to write one.

    \b
    Examples:
      assay leaderboard runs/wbf-higgs-hww
      assay leaderboard runs/wbf-higgs-hww --entry my_estimator:Forest --by log_loss
    """  # noqa: D301 - click wants the character
    from assay.cli.work.leaderboard import leaderboard
    from assay.reporting.leaderboard import as_json, table, write_leaderboard

    board = leaderboard(run, entries, by)
    paths = write_leaderboard(output or run / _FOLDER, board)
    if as_data:
        click.echo(json.dumps(as_json(board), indent=2))
        return
    headings, rows = table(board)
    shown = Table(*headings, box=None)
    for row in rows:
        shown.add_row(*row)
    Console(highlight=False, width=None if Console().is_terminal else 200).print(shown)
    for one in board.standings:
        if one.failed:
            click.echo(f"{one.name} failed: {', '.join(one.failed)}")
    click.echo(f"leaderboard: {', '.join(map(str, paths))}")
