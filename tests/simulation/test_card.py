from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from assay.errors import StudyError
from assay.simulation.card import card_text, read_card

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input" / "cards" / "detector.yml"


def test_the_card_of_the_default_study_is_the_one_that_comes_with_assay() -> None:
    assert INPUT.read_text() == card_text()
    assert read_card(INPUT) == read_card()


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
