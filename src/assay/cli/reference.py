"""The reference of the command line, written from the help texts.

`python -m assay.cli.reference [file]` writes it, by default to `docs/commands.md`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from assay.cli.main import cli
from assay.files import write_text

DEFAULT_PATH = Path("docs/commands.md")
_WIDTHS: dict[str, Any] = {"terminal_width": 110, "max_content_width": 110}
_INTRODUCTION = """\
# All commands

What `--help` says of every command. Written from the code by `python -m assay.cli.reference`; do not edit it by hand.
"""


def commands(group: click.Group = cli, parent: click.Context | None = None) -> Iterator[tuple[str, click.Context]]:
    """Yield the name and the context of every command, after its group."""
    own = parent or click.Context(group, info_name="assay", **{**group.context_settings, **_WIDTHS})
    for name in group.list_commands(own):
        command = group.get_command(own, name)
        if command is None or command.hidden:
            continue
        context = click.Context(command, parent=own, info_name=name, **_WIDTHS)
        yield context.command_path, context
        if isinstance(command, click.Group):
            yield from commands(command, context)


def reference() -> str:
    """Return the page."""
    parts = [_INTRODUCTION]
    for path, context in commands():
        parts.append(f"## {path}\n\n```text\n{context.get_help().rstrip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    write_text(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, reference())
