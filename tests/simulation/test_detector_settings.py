from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import SimulationError, StudyError
from assay.simulation.card import NAMED, card_text
from assay.simulation.detector_settings import check_detector_card, write_detector_card
from assay.study.model_detector import DETECTOR_CARDS, DetectorSection

pytestmark = pytest.mark.fast

DELPHES = "set ExecutionPath {\n}\n"


def test_the_study_knows_the_cards_that_there_are() -> None:
    assert tuple(NAMED) == DETECTOR_CARDS


@pytest.mark.parametrize("name", [None, *NAMED])
def test_cards_that_come_with_assay(tmp_path: Path, name: str | None) -> None:
    section = DetectorSection(card=name)
    assert section.card_file is None
    assert write_detector_card(section, None, tmp_path) == tmp_path / "detector.yml"
    assert (tmp_path / "detector.yml").read_text() == card_text(name)


def test_cards_of_the_user(tmp_path: Path) -> None:
    mine = tmp_path / "mine.yml"
    mine.write_text(card_text("CMS").replace("name: CMS", "name: mine"))
    section = DetectorSection(card="mine.yml")
    assert section.card_file == "mine.yml"
    check_detector_card(section, mine)
    assert write_detector_card(section, mine, tmp_path).read_text() == mine.read_text()
    mine.write_text("name: mine\n")
    with pytest.raises(StudyError, match="jets: Field required"):
        check_detector_card(section, mine)
    with pytest.raises(StudyError, match="jets: Field required"):
        write_detector_card(section, mine, tmp_path)


def test_cards_of_delphes(tmp_path: Path) -> None:
    card, section = tmp_path / "card.tcl", DetectorSection(kind="delphes", card="card.tcl")
    card.write_text(DELPHES)
    check_detector_card(section, card)
    (tmp_path / "run").mkdir()
    assert write_detector_card(section, card, tmp_path / "run") == tmp_path / "run" / "detector.tcl"
    assert (tmp_path / "run" / "detector.tcl").read_text() == DELPHES
    card.write_text(card_text())
    with pytest.raises(SimulationError, match="not a card of Delphes"):
        check_detector_card(section, card)


def test_no_detector_has_a_card_that_nothing_reads(tmp_path: Path) -> None:
    assert write_detector_card(DetectorSection(kind="none"), None, tmp_path).name == "detector.yml"
