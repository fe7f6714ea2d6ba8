from __future__ import annotations

from pathlib import Path

import pytest

from assay.simulation.from_study import simulation_settings
from assay.simulation.shower import check_settings
from assay.study.load import load_study

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "input.yml"


def test_the_default_study(tmp_path: Path) -> None:
    study = load_study(INPUT)
    settings = simulation_settings(study, tmp_path / "card.yml")
    assert settings.detector == study.detector.kind
    assert settings.card == tmp_path / "card.yml"
    assert settings.shower.multiparton_interactions == study.shower.multiparton_interactions
    assert settings.shower.hadronisation == study.shower.hadronisation
    assert settings.shower.settings == study.shower.settings
    check_settings(settings.shower)
