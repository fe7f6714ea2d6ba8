"""Every command shows an example in its help, and every example is one that the command takes."""

from __future__ import annotations

import re
import shlex

import click
import pytest

from assay.cli.main import cli
from assay.cli.reference import commands

pytestmark = pytest.mark.fast

COMMANDS = dict(commands())


def examples(context: click.Context) -> list[list[str]]:
    """Return the words of the examples in a help text; a backslash goes on with the next line."""
    text = re.sub(r"\\\n\s*", "", context.get_help())
    lines = [line.strip().partition("  #")[0] for line in text.splitlines() if re.match(r"\s+assay ", line)]
    return [shlex.split(line.partition(" > ")[0].partition(" >> ")[0]) for line in lines]


def parsed(words: list[str]) -> None:
    """Parse words as the command line does, without running anything."""
    command: click.Command = cli
    context = click.Context(cli, info_name="assay")
    while isinstance(command, click.Group):
        name, command, words = command.resolve_command(context, words)
        context = click.Context(command, parent=context, info_name=name)
        if isinstance(command, click.Group) and words[0].startswith("-"):
            words = ["run", *words]  # the default of `assay reana`
    command.make_parser(context).parse_args(list(words))
    given = {option for word in words if word.startswith("-") for option in [word.partition("=")[0]]}
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.required:
            assert given & set(parameter.opts), f"{parameter.opts[0]} is missing in {words}"


@pytest.mark.parametrize("path", COMMANDS)
def test_examples(path: str) -> None:
    found = examples(COMMANDS[path])
    assert found, f"{path} has no example"
    for words in found:
        assert " ".join(words).startswith(path.partition(" ")[0])
        parsed(words[1:])


def test_a_wrong_example_is_noticed() -> None:
    with pytest.raises(click.NoSuchOption):
        parsed(["run", "--studdy", "input.yml"])
    with pytest.raises(AssertionError, match="--output is missing"):
        parsed(["configure", "--study", "input.yml"])
    with pytest.raises(click.UsageError):
        parsed(["runn"])
