"""Every trap of `docs/traps.md` has its tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

from assay.cli.main import COMMANDS, cli

pytestmark = pytest.mark.fast

TESTS = Path(__file__).parent
TRAPS = (TESTS.parent / "docs" / "traps.md").read_text(encoding="utf-8")


def rows() -> list[str]:
    return [line for line in TRAPS.splitlines() if line.startswith("| ") and not line.startswith("| trap")]


def test_every_trap_names_a_test_that_exists() -> None:
    assert len(rows()) > 30
    for row in rows():
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", row)
        assert named, row
        for file, name in named:
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_no_option_is_a_bool_from_text() -> None:
    """With `type=bool`, the text 0 is true in argparse: a switch takes no value."""
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter, click.Option) and isinstance(parameter.type, click.types.BoolParamType):
                assert parameter.is_flag, f"{name} {parameter.name}"
