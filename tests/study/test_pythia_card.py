from __future__ import annotations

from pathlib import Path

import pytest
import pythia8mc

from assay.study.pythia_card import card_lines, card_settings

pytestmark = pytest.mark.fast

CARD = """! A card
# with comments of all kinds

Tune:pp = 21 ! A14
  TimeShower:alphaSvalue   0.127   # without an equals sign
25:onMode = off
Merging:Process = pp>{e+,-11}{ve,12}
/* a block
SpaceShower:pTmaxMatch = 2
*/ end of the block
_not a setting
PDF:pSet = LHAPDF6:NNPDF31_nnlo_as_0118_luxqed
SpaceShower:pTmaxMatch=1
"""


def test_lines_and_their_numbers() -> None:
    found = [(line.number, line.name, line.value) for line in card_lines(CARD)]
    assert found == [
        (4, "tune:pp", "21"),
        (5, "timeshower:alphasvalue", "0.127"),
        (6, "25:onmode", "off"),
        (7, "merging:process", "pp>{e+,-11}{ve,12}"),
        (12, "pdf:pset", "LHAPDF6:NNPDF31_nnlo_as_0118_luxqed"),
        (13, "spaceshower:ptmaxmatch", "1"),
    ]


def test_lines_that_are_no_assignments() -> None:
    assert [(line.name, line.value) for line in card_lines("nonsense\nTimeShower:x =\n")] == [
        ("nonsense", ""), ("timeshower:x", "")
    ]  # fmt: skip
    assert list(card_lines("")) == []


def test_a_block_ends_although_nothing_follows_on_the_line() -> None:
    # Pythia 8.317 itself overlooks such an end, and with it the rest of the card
    assert card_settings("/*\nA:b = 1\n*/\nC:d = 2\n") == ("C:d = 2",)


def test_pythia_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "pythia.cmnd"
    path.write_text(CARD)
    by_file, by_line = pythia8mc.Pythia("", False), pythia8mc.Pythia("", False)
    assert by_file.readFile(str(path))
    assert all(by_line.readString(line) for line in card_settings(CARD))
    for pythia in (by_file, by_line):
        assert pythia.settings.mode("Tune:pp") == 21
        assert pythia.settings.parm("TimeShower:alphaSvalue") == 0.127
        assert pythia.settings.mode("SpaceShower:pTmaxMatch") == 1
        assert pythia.settings.word("Merging:Process") == "pp>{e+,-11}{ve,12}"
