"""`assay compare`: two runs side by side."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click

from assay.errors import AssayError

_WIDTH = 220  # of tables in files and pipes


@click.command("compare", short_help="Two runs side by side: settings, limits, information.")
@click.argument("first", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("second", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(path_type=Path), help="Write comparison.html and figures into this folder.")
@click.option("--json", "as_json", is_flag=True, help="Everything that is found, as JSON.")
def command(first: Path, second: Path, output: Path | None, as_json: bool) -> None:
    """Compare two runs: the settings that differ, intervals, Fisher information, and contours overlaid.

    RUN is a run's folder; a run that is not complete is compared as far as it has come. Ratios of lengths and
    differences are of the second to the first.

    \b
    Examples:
      assay compare runs/wbf-higgs-hww runs/wbf-three-parameters
      assay compare runs/a runs/b --output runs/a-and-b
    """  # noqa: D301 - click wants the character
    from assay.reporting.comparison import compare, tables, write_comparison
    from assay.reporting.run_folder import read_run_folder

    names = _names(first, second)
    runs = {name: read_run_folder(folder) for name, folder in zip(names, (first, second), strict=True)}
    found = compare(names, *runs.values())
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False))
    else:
        for note in found.notes:
            click.echo(f"note: {note}")
        for table in tables(found):
            _show(table.caption, table.columns, table.rows)
    if output is not None:
        page = write_comparison(found, runs, output)
        click.echo(f"written: {page}", err=as_json)


def _names(first: Path, second: Path) -> tuple[str, str]:
    """Return the folders' names, or as much of their paths as tells them apart."""
    one, two = first.resolve(), second.resolve()
    if one == two:
        raise AssayError("the two runs are one", where=str(first), expected="two folders", mend="name another run")
    for n in range(1, max(len(one.parts), len(two.parts)) + 1):
        names = "/".join(one.parts[-n:]), "/".join(two.parts[-n:])
        if names[0] != names[1]:
            return names
    raise AssertionError("paths that differ have parts that do")


def _show(caption: str, columns: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=caption, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    click.echo()
    width = None if sys.stdout.isatty() else _WIDTH
    Console(highlight=False, markup=False, width=width).print(table)
