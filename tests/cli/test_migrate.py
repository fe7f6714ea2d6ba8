"""`assay migrate`: the inputs of madminer-workflow-ph and -ml as a study."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.fast

DATA = Path(__file__).parents[1] / "data" / "madminer-workflow"


@pytest.mark.parametrize("learning", ["ml.yml", "ml-first.yml", None])
def test_a_valid_study(tmp_path, invoke, learning) -> None:
    files = [DATA / "ph.yml", *([DATA / learning] if learning else [])]
    shown = invoke("migrate", *files, "--output", tmp_path / "mine.yml")
    assert "not kept as it was:" in shown
    assert f"{tmp_path / 'mine.yml'} is valid" in shown
    assert "mine.yml: valid" in invoke("validate", tmp_path / "mine.yml")
    assert "\nname: mine\n" in (tmp_path / "mine.yml").read_text()


def test_a_process_that_is_not_embedded(tmp_path, invoke) -> None:
    text = (DATA / "ph.yml").read_text().replace("lha_id: 2", "lha_id: 99").replace("CWL2", "CX")
    (tmp_path / "ph.yml").write_text(text)
    shown = invoke("migrate", tmp_path / "ph.yml", "--output", tmp_path / "study.yml")
    assert "from an event file it can go on: run --part ml" in shown


def test_a_study_that_needs_mending(tmp_path, invoke) -> None:
    text = (DATA / "ph.yml").read_text().replace("definition: 'j[0].pt'", "definition: 'spam'")
    text = text.replace("(j[0].phi - j[1].phi) * (-1. + 2.*float(j[0].eta > j[1].eta))", "eggs")
    (tmp_path / "ph.yml").write_text(text)
    shown = invoke("migrate", tmp_path / "ph.yml", "--output", tmp_path / "study.yml", expect=2)
    assert "not an observable of Assay's" in shown
    assert "needs mending by hand" in shown
    assert (tmp_path / "study.yml").exists()


def test_a_file_that_is_no_input(tmp_path, invoke) -> None:
    (tmp_path / "ph.yml").write_text("- 1\n")
    shown = invoke("migrate", tmp_path / "ph.yml", "--output", tmp_path / "study.yml", expect=2)
    assert "no mapping at its top" in shown
    assert not (tmp_path / "study.yml").exists()


def test_cards_go_with_the_study(tmp_path, invoke) -> None:
    cards = tmp_path / "cards_of_theirs"
    cards.mkdir()
    (cards / "proc_card.dat").write_text("generate p p > h j j\noutput x\n")
    (cards / "run_card.dat").write_text("100 = nevents\n")
    shown = invoke("migrate", DATA / "ph.yml", "--cards", cards, "--output", tmp_path / "mine" / "study.yml")
    assert "is valid" in shown
    assert (tmp_path / "mine/cards/madgraph/proc_card.dat").read_text() == "generate p p > h j j\n"
    assert "generator: madgraph" in (tmp_path / "mine" / "study.yml").read_text()
