from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import SimulationError
from assay.simulation.from_study import shower_settings, simulation_settings
from assay.simulation.pythia import check_settings, configured, pythia_lines
from assay.study.load import load_study
from assay.study.model import ResourcesSection, ShowerSection

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def test_the_default_study(tmp_path: Path) -> None:
    study = load_study(INPUT)
    settings = simulation_settings(study, INPUT.parent, tmp_path / "card.yml")
    assert settings.detector == study.detector.kind
    assert settings.card == tmp_path / "card.yml"
    assert settings.shower.multiparton_interactions == study.shower.multiparton_interactions
    assert settings.shower.hadronisation == study.shower.hadronisation
    assert settings.shower.settings == study.shower.settings
    assert settings.workers == 1
    check_settings(settings.shower)


def test_the_card_of_pythia_comes_before_the_settings(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "pythia.cmnd").write_text("! a tune\nTune:pp = 21  ! A14\nTimeShower:alphaSvalue 0.127\n")
    section = ShowerSection(card="cards/pythia.cmnd", settings=("TimeShower:alphaSvalue = 0.13",))
    settings = shower_settings(section, tmp_path)
    assert settings.settings == ("Tune:pp = 21", "TimeShower:alphaSvalue 0.127", "TimeShower:alphaSvalue = 0.13")
    pythia = configured(settings, pythia_lines(settings, 1))
    assert pythia.settings.parm("TimeShower:alphaSvalue") == 0.13  # the study's own come last
    assert pythia.settings.mode("Tune:pp") == 21


def test_a_card_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"absent\.cmnd"):
        shower_settings(ShowerSection(card="absent.cmnd"), tmp_path)


def test_cores_that_are_set_aside_are_used(tmp_path: Path) -> None:
    study = load_study(INPUT)
    resources = {"simulate": ResourcesSection(cores=3), "generate": ResourcesSection(cores=7)}
    study = study.model_copy(update={"execution": study.execution.model_copy(update={"resources": resources})})
    assert simulation_settings(study, tmp_path, tmp_path / "card.yml").workers == 3
