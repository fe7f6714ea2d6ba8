"""`assay init` writes studies that are valid and run, and replaces nothing."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from assay.cli import init
from assay.cli.main import cli
from assay.errors import StudyError
from assay.study.load import load_study
from assay.study.templates import TEMPLATES

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
CARDS = ROOT / "input" / "cards" / "madgraph"


def started(*arguments: object, answers: str = "") -> str:
    done = CliRunner().invoke(cli, ["init", *map(str, arguments)], input=answers, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("kind", [kind for kind in TEMPLATES if kind != "cards"])
def test_every_template_is_a_valid_study(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "my study.yml"
    assert "valid; next:" in started(path, "--template", kind)
    study = load_study(path)
    assert study.name == "my-study"
    assert tuple(study.parameters) == tuple(parameter.name for parameter in TEMPLATES[kind].parameters)


def test_parameters_are_those_that_were_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    started(
        path,
        "--template",
        "wh",
        "--parameter",
        "cHWtil=-2:2",
        "--parameter",
        "cHW",
        "--parameter",
        "cHq3",
        "--events",
        500,
    )
    study = load_study(path)
    assert {name: section.range for name, section in study.parameters.items()} == {
        "cHWtil": (-2.0, 2.0),
        "cHW": (-1.0, 1.0),
        "cHq3": (-0.5, 0.5),
    }
    assert study.parameters["cHWtil"].entries[0].block == "SMEFTcpv"
    assert study.process.events_per_benchmark == 500


def test_cards_are_taken_along(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    started(path, "--template", "cards", "--cards", CARDS, "--parameter", "CWL2@dim6:2=-10:10")
    study = load_study(path)
    assert study.process.generator == "madgraph"
    assert (tmp_path / study.process.cards.proc).read_text() == (CARDS / "proc_card.dat").read_text()


def test_questions_are_asked_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    answers = iter(["zh", "cHW cHWtil=-3:3", 1000])
    monkeypatch.setattr(init.sys, "stdin", Terminal())
    monkeypatch.setattr(click, "prompt", lambda *_, **__: next(answers))
    init.command.main([str(tmp_path / "s.yml")], standalone_mode=False)
    study = load_study(tmp_path / "s.yml")
    assert (study.process.name, tuple(study.parameters)) == ("zh", ("cHW", "cHWtil"))
    assert study.parameters["cHWtil"].range == (-3.0, 3.0)


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.yml"
    path.write_text("mine")
    with pytest.raises(StudyError, match="the file exists"):
        init.command.main([str(path), "--template", "wh"], standalone_mode=False)
    assert path.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--template says what to start from"),
        (("--template", "wh", "--parameter", "cHv"), "write cHW"),
        (("--template", "wh", "--parameter", "cHW=-1"), "expected NAME"),
        (("--template", "wh", "--parameter", "cHW=a:b"), "two numbers"),
        (("--template", "wh", "--cards", CARDS), "belong together"),
        (("--template", "cards"), "belong together"),
        (("--template", "cards", "--cards", CARDS), "needs a --parameter"),
        (("--template", "cards", "--cards", CARDS, "--parameter", "c"), "c@BLOCK:ID"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(tmp_path: Path, arguments: tuple[object, ...], message: str) -> None:
    done = CliRunner().invoke(cli, ["init", str(tmp_path / "s.yml"), *map(str, arguments)])
    assert done.exit_code == 2
    assert message in done.output
    assert not (tmp_path / "s.yml").exists()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_names_the_program(shell: str) -> None:
    done = CliRunner().invoke(cli, ["completion", shell])
    assert done.exit_code == 0
    assert "_ASSAY_COMPLETE" in done.output


def test_completion_offers_commands() -> None:
    from click.shell_completion import BashComplete

    offered = [item.value for item in BashComplete(cli, {}, "assay", "_ASSAY_COMPLETE").get_completions([], "va")]
    assert offered == ["validate"]
