from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.simulation import SIMULATION_CHECKS
from assay.study.model import DetectorSection, ShowerSection
from assay.study.problems import Finding

pytestmark = pytest.mark.fast


def findings(
    folder: Path, detector: str = "parametrised", settings: Sequence[str] = (), **shower: object
) -> list[Finding]:
    draft = Draft(
        folder,
        shower=ShowerSection.model_validate({**shower, "settings": tuple(settings)}),
        detector=DetectorSection.model_validate({"kind": detector}),
    )
    return [finding for check in SIMULATION_CHECKS for finding in check(draft)]


def card(folder: Path, text: str) -> str:
    (folder / "cards").mkdir(exist_ok=True)
    (folder / "cards" / "pythia.cmnd").write_text(text)
    return "cards/pythia.cmnd"


def test_what_is_right(tmp_path: Path) -> None:
    text = "! matching\nJetMatching:merge = on\nJetMatching:qCut 30.\n25:onMode = off ! all\n"
    assert findings(tmp_path) == []
    assert findings(tmp_path, card=card(tmp_path, text), settings=["JetMatching:qCut = 20."], hepmc=True) == []
    assert findings(tmp_path, settings=["JetMatching:merge = off", "Merging:doKTMerging = on"]) == []
    assert findings(tmp_path, settings=["Merging:doXSectionEstimate = off", "JetMatching:merge = on"]) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Beams:eCM = 14000.", "comes from process"),
        ("Main:numberOfEvents = 100", "set by Assay"),
        ("random:seed = 4", "the study's seed"),
        ("PartonLevel:MPI = on", "shower.multiparton_interactions"),
        ("HadronLevel:all = off", "shower.hadronisation"),
        ("HEPMCoutput:file = hepmc.gz", "hepmc: true"),
        ("SysCalc:fullCutVariation = off", "MadGraph"),
        ("include = other.cmnd", "line 2"),
        ("nonsense", "line 2"),
        ("TimeShower:alphaSvalue =", "line 2"),
    ],
)
def test_lines_of_a_card_that_are_refused(tmp_path: Path, line: str, said: str) -> None:
    (finding,) = findings(tmp_path, card=card(tmp_path, f"! first\n{line}\n"))
    assert finding.location == ("shower", "card")
    assert "line 2" in finding.found
    assert said in finding.found


@pytest.mark.parametrize("name", ["absent.cmnd", "/etc/hosts", "../pythia.cmnd", "cards"])
def test_a_card_that_does_not_travel_with_the_study(tmp_path: Path, name: str) -> None:
    card(tmp_path, "")
    (finding,) = findings(tmp_path, card=name)
    assert finding.location == ("shower", "card")
    assert name in finding.found


@pytest.mark.parametrize(
    ("settings", "place"),
    [
        (["JetMatching:merge = on", "Merging:doKTMerging = yes"], 0),
        (["Merging:doUMEPSTree = on", "JetMatching:merge = on"], 1),
        (["UncertaintyBands:doVariations = on"], 0),
    ],
)
def test_settings_that_lose_weights(tmp_path: Path, settings: list[str], place: int) -> None:
    (finding,) = findings(tmp_path, settings=settings)
    assert finding.location == ("shower", "settings", place)


def test_a_card_and_settings_together(tmp_path: Path) -> None:
    name = card(tmp_path, "JetMatching:merge = on\n")
    (finding,) = findings(tmp_path, card=name, settings=["Merging:doKTMerging = on"])
    assert finding.location == ("shower", "card")
    assert findings(tmp_path, card=name, settings=["Merging:doKTMerging = on", "JetMatching:merge = off"]) == []


def test_settings_in_the_study(tmp_path: Path) -> None:
    found = findings(tmp_path, settings=["A:b = 1", "nonsense", "a:B = 2", "Beams:eA = 3"])
    assert [finding.location for finding in found] == [("shower", "settings", i) for i in (1, 2, 3)]


def test_no_shower_leaves_no_events_to_keep(tmp_path: Path) -> None:
    (finding,) = findings(tmp_path, detector="none", hepmc=True)
    assert finding.location == ("shower", "hepmc")


def test_an_invalid_section_has_no_further_findings(tmp_path: Path) -> None:
    assert not [finding for check in SIMULATION_CHECKS for finding in check(Draft(tmp_path))]
