"""Pages that are written from the code are those of today's code."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.cli.main import COMMANDS
from assay.cli.reference import reference

pytestmark = pytest.mark.fast

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_commands_is_current(tmp_path: Path) -> None:
    # in a process of its own: click keeps the help option of a command that another test called without its group
    command = [sys.executable, "-m", "assay.cli.reference"]
    subprocess.run([*command, str(tmp_path / "commands.md")], check=True)
    assert (DOCS / "commands.md").read_text() == (tmp_path / "commands.md").read_text(), f"run {' '.join(command)}"


def test_every_command_and_sub_command_is_in_it() -> None:
    headings = re.findall(r"^## (.*)$", reference(), re.MULTILINE)
    assert {f"assay {name}" for name in COMMANDS} <= set(headings)
    assert {"assay reana follow", "assay images build"} <= set(headings)


def test_every_public_name_is_described() -> None:
    pages = (DOCS / "api.md").read_text() + (DOCS / "python.md").read_text()
    assert not [name for name in assay.__all__ if f"assay.{name}" not in pages and f".{name}\n" not in pages]
