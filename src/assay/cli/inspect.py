"""`assay inspect`: what is in a file or folder, and what is suspicious about it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click


@click.command("inspect", short_help="What is in a file or folder, and what is suspicious.")
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--study", "study_path", type=click.Path(path_type=Path), help="Compare event files with a study, too.")
@click.option("--json", "as_json", is_flag=True, help="As JSON, a list with an entry for each file.")
def command(paths: tuple[Path, ...], study_path: Path | None, as_json: bool) -> None:
    """Print what is in files and folders of Assay or MadMiner.

    Event and set-up files (HDF5), LHE files, ROOT files of the detector, folders of samples or a model, limits,
    Fisher information, manifests, and folders of whole stages. Event files given together are compared. The exit
    status is 1 if something is wrong: a file that cannot be read, a number that is not finite, a checksum that does
    not fit, set-ups that differ.

    \b
    Examples:
      assay inspect combined.h5
      assay inspect --study input.yml madminer.h5
    """  # noqa: D301 - click wants the character
    from assay.cli.work.inspect import inspect_paths
    from assay.cli.work.inspect_text import text_of

    found = inspect_paths(paths, study_path)
    if as_json:
        listing = [{"file": str(path), **inspection.as_json()} for path, inspection in found]
        click.echo(json.dumps(listing, indent=2, ensure_ascii=False, allow_nan=False))
    else:
        click.echo("\n".join(text_of(path, inspection) for path, inspection in found))
    sys.exit(1 if any(inspection.faults for _, inspection in found) else 0)
