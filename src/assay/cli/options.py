"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

_File = click.Path(path_type=Path)
study_option = click.option("--study", "study_path", type=_File, required=True, help="input.yml, or study.json of a configured study.")
output_option = click.option("--output", type=_File, required=True, help="The stage's own folder; an outdated content is replaced.")


def file_option(name: str, help: str) -> click.decorators.FC:  # type: ignore[valid-type, unused-ignore]  # noqa: A002
    """Make a required option that takes a file or folder."""
    return click.option(name, type=_File, required=True, help=help)
