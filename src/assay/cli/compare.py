"""`assay compare`: two runs beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

_Folder = click.Path(path_type=Path)


@click.command("compare", short_help="Two runs side by side: settings, limits, information.")
@click.argument("first", metavar="RUN", type=_Folder)
@click.argument("second", metavar="RUN", type=_Folder)
@click.option("--output", type=_Folder, help="Write comparison.md, comparison.json and figures of limits there, too.")
@click.option("--json", "as_data", is_flag=True, help="Print it as JSON.")
def command(first: Path, second: Path, output: Path | None, as_data: bool) -> None:
    """Show what two studies set differently, and their intervals, regions and Fisher information with errors.

    Differences are in standard deviations where both errors are known. Runs that share events are not independent:
    their differences are then smaller than said, in standard deviations.

    \b
    Examples:
      assay compare runs/wbf-higgs-hww runs/wbf-more-events
      assay compare runs/wbf-higgs-hww runs/wbf-more-events --output comparison
    """  # noqa: D301 - click wants the character
    from assay.reporting.comparison import as_json, compare, number_rows, setting_rows, write_comparison

    found = compare(first, second)
    paths = write_comparison(found, output) if output else ()
    if as_data:
        click.echo(json.dumps(as_json(found), indent=2))
        return
    console = Console(highlight=False, width=None if Console().is_terminal else 200)
    for note in found.notes:
        click.echo(f"note: {note}")
    parts = (
        ("settings that differ", ("setting", *found.names), setting_rows(found)),
        ("results", ("method", "quantity", *found.names, "sigma"), number_rows(found)),
    )
    for title, headings, rows in parts:
        shown = Table(*headings, title=title if rows else f"{title}: none", title_justify="left", box=None)
        for row in rows:
            shown.add_row(*row)
        console.print(shown, markup=False)
    if paths:
        click.echo(f"comparison: {paths[0]}")
