"""`assay completion`: completion of commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class


@click.command("completion", short_help="Completion of commands and options in your shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what a shell needs to complete commands, options and file names.

    \b
    Examples:
      assay completion bash >> ~/.bashrc
      assay completion zsh >> ~/.zshrc
      assay completion fish > ~/.config/fish/completions/assay.fish
    """  # noqa: D301 - click wants the character
    from assay.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows the three
    click.echo(found(cli, {}, "assay", "_ASSAY_COMPLETE").source())
