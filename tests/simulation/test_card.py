from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from assay.errors import StudyError
from assay.simulation.card import NAMED, card_text, read_card
from assay.study.expressions import Expression, evaluate

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "cards" / "detector.yml"


def test_the_card_of_the_default_study_is_the_one_that_comes_with_assay() -> None:
    assert INPUT.read_text() == card_text()
    assert read_card(INPUT) == read_card()


@pytest.mark.parametrize("name", NAMED)
def test_cards_by_name(name: str) -> None:
    card = read_card(name)
    assert card.name == name
    assert yaml.safe_load(card_text(name))["name"] == name
    assert card.tracking is not None
    assert card.calorimeters is not None
    assert card.tau_tagging is not None


def value(formula: Expression, pt: float, eta: float = 0.3) -> float:
    return float(evaluate(formula, {"pt": pt, "eta": eta, "phi": 0.0, "energy": pt * np.cosh(eta)}))


def test_published_numbers() -> None:
    """Some numbers read off the publications that the cards name, by hand."""
    atlas, cms, hl_lhc = (read_card(name) for name in NAMED)
    assert value(atlas.b_tagging.b, 100.0) == pytest.approx(0.80 * np.tanh(0.3) * 30 / 9.6)  # ATL-PHYS-PUB-2015-022
    assert value(cms.b_tagging.b, 100.0) == pytest.approx(0.85 * np.tanh(0.25) * 25 / 7.3)  # arXiv:1211.4462
    assert value(hl_lhc.b_tagging.b, 100.0, 3.0) == 0.60
    assert value(hl_lhc.b_tagging.b, 1000.0) == pytest.approx(0.75 * 0.8)
    assert value(atlas.photons.energy_resolution, 100.0, 0.0) == pytest.approx(np.hypot(0.17, 1.01))
    assert value(cms.photons.energy_resolution, 100.0, 0.0) == pytest.approx(np.sqrt(0.8**2 + 1.1**2 + 0.4**2))
    assert value(hl_lhc.photons.energy_resolution, 100.0, 0.0) == pytest.approx(2 * np.sqrt(0.9**2 + 1.2**2 + 0.45**2))
    assert value(cms.muons.efficiency, 50.0) == pytest.approx(0.99 * 0.95)
    assert value(cms.muons.efficiency, 50.0, 2.45) == 0.0
    assert value(hl_lhc.muons.efficiency, 40.0) == 0.96
    assert value(hl_lhc.electrons.efficiency, 40.0) == pytest.approx(0.95 * 0.97)
    # the expected resolution of tracks at 100 GeV and pseudorapidity 0.1: twice 0.9 %
    assert hl_lhc.tracking is not None
    assert value(hl_lhc.tracking.pt_resolution, 100.0, 0.1) == pytest.approx(2 * 0.00924, rel=0.01)


@pytest.mark.parametrize("name", NAMED)
def test_formulas_are_possible_wherever_there_are_particles(name: str) -> None:
    card = read_card(name)
    pt, eta = (grid.ravel() for grid in np.meshgrid(np.geomspace(0.1, 7000.0, 60), np.linspace(-5.0, 5.0, 81)))
    at = {"pt": pt, "eta": eta, "phi": 0.0 * pt, "energy": pt * np.cosh(eta)}
    for section in (card.photons, card.electrons, card.muons, card.tracking):
        assert section is not None
        efficiency = evaluate(section.efficiency, at)
        assert 0.0 <= efficiency.min() <= efficiency.max() <= 1.0
        resolution = section.pt_resolution if hasattr(section, "pt_resolution") else section.energy_resolution
        assert evaluate(resolution, at).min() > 0.0
    for tagging in (card.b_tagging, card.c_tagging):
        assert tagging is not None
        for formula in (tagging.b, tagging.c, tagging.light):
            assert 0.0 <= evaluate(formula, at).min() <= evaluate(formula, at).max() <= 1.0
    assert card.calorimeters is not None
    for calorimeter in (card.calorimeters.electromagnetic, card.calorimeters.hadronic):
        assert evaluate(calorimeter.energy_resolution, at).min() > 0.0


def test_constituents_that_the_card_does_not_measure(tmp_path: Path) -> None:
    card = yaml.safe_load(card_text("CMS"))
    del card["tracking"]
    (tmp_path / "card.yml").write_text(yaml.safe_dump(card))
    with pytest.raises(StudyError, match="'particle_flow' need the section tracking"):
        read_card(tmp_path / "card.yml")
    del card["calorimeters"]
    card["jets"]["constituents"] = "calorimeter"
    (tmp_path / "card.yml").write_text(yaml.safe_dump(card))
    with pytest.raises(StudyError, match="'calorimeter' need the section calorimeters"):
        read_card(tmp_path / "card.yml")


def changed(tmp_path: Path, change: Callable[[dict[str, dict[str, object]]], object]) -> Path:
    card = yaml.safe_load(card_text())
    change(card)
    path = tmp_path / "card.yml"
    path.write_text(yaml.safe_dump(card))
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda card: card.pop("jets"), "jets: Field required"),
        (lambda card: card.update(tracks={}), "tracks: Extra inputs"),
        (lambda card: card["jets"].update(radius=-0.4), "jets.radius"),
        (lambda card: card["jets"].update(radius="wide"), "jets.radius"),
        (lambda card: card["jets"].update(minimum_pt=0), "jets.minimum_pt"),
        (lambda card: card["photons"].update(efficiency="0.9*(pT > 10)"), "unknown name 'pT'"),
        (lambda card: card["photons"].update(efficiency="j[0].pt"), "photons.efficiency"),
        (lambda card: card["photons"].update(efficiency="__import__('os')"), "unknown function"),
        (lambda card: card["missing_momentum"].update(soft_resolution="pt"), "missing_momentum.soft_resolution"),
        (lambda card: card["muons"]["isolation"].pop("cone"), "muons.isolation.cone"),
        (lambda card: card["particles"].update(minimum_pt=float("nan")), "particles.minimum_pt"),
    ],
)
def test_mistakes_are_named(
    tmp_path: Path, change: Callable[[dict[str, dict[str, object]]], object], message: str
) -> None:
    with pytest.raises(StudyError) as caught:
        read_card(changed(tmp_path, change))
    assert message in str(caught.value)
    assert "card.yml" in str(caught.value)


def test_all_mistakes_come_at_once(tmp_path: Path) -> None:
    def change(card: dict[str, dict[str, object]]) -> None:
        card["jets"]["radius"] = -1
        card["photons"]["efficiency"] = "1 +"
        del card["b_tagging"]["light"]

    with pytest.raises(StudyError) as caught:
        read_card(changed(tmp_path, change))
    for place in ("jets.radius", "photons.efficiency", "b_tagging.light"):
        assert place in str(caught.value)


@pytest.mark.parametrize("text", ["", "- 1\n", "a: [", "!!python/object/apply:os.system ['true']"])
def test_other_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "card.yml").write_text(text)
    with pytest.raises(StudyError):
        card_text(tmp_path / "card.yml")


def test_a_missing_card(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="cannot be read"):
        read_card(tmp_path / "absent.yml")
