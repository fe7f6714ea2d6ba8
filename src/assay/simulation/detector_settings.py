"""The detector's settings and card in a study."""

from __future__ import annotations

from pathlib import Path

from assay.files import write_text
from assay.simulation.card import card_text, read_card
from assay.simulation.delphes import check_card
from assay.simulation.parton_smearing import TYPES, ParticleSmearing, PartonSmearing, Resolution
from assay.study.model_detector import DetectorSection, SmearingSection


def write_detector_card(detector: DetectorSection, card: Path | None, folder: Path) -> Path:
    """Write the card that a study's detector uses into a folder and return where.

    Parameters
    ----------
    detector
        The study's section.
    card
        The file that it names, if it names one.
    folder
        `detector.tcl` for Delphes, else `detector.yml` goes there; the detector `none` has one too, unused.

    Raises
    ------
    StudyError, SimulationError
        If the card is wrong.
    """
    if detector.kind == "delphes" and card is not None:
        check_card(card)
        target, text = folder / "detector.tcl", card.read_text(encoding="utf-8", errors="replace")
    else:
        target, text = folder / "detector.yml", card_text(card if card is not None else detector.card)
    write_text(target, text)
    return target


def check_detector_card(detector: DetectorSection, card: Path) -> None:
    """Check the card that a study names.

    Raises
    ------
    StudyError, SimulationError
        If it is wrong.
    """
    if detector.kind == "delphes":
        check_card(card)
    else:
        read_card(card)


def parton_smearing(detector: DetectorSection) -> PartonSmearing:
    """Return how the final state is smeared without a detector."""
    sections = detector.smearing
    own = {"j": sections.j, "b": sections.b or sections.j, "e": sections.e, "mu": sections.mu, "a": sections.a}
    types = {name: own[name] or sections.all for name in TYPES}
    noise = detector.missing_momentum_noise
    return PartonSmearing(
        {name: _particle(section) for name, section in types.items() if section},
        Resolution(noise.absolute, noise.relative),
    )


def _particle(section: SmearingSection) -> ParticleSmearing:
    return ParticleSmearing(
        energy=_given(section.energy_resolution_abs, section.energy_resolution_rel),
        pt=_given(section.pt_resolution_abs, section.pt_resolution_rel),
        eta=Resolution(section.eta_resolution_abs, section.eta_resolution_rel),
        phi=Resolution(section.phi_resolution_abs, section.phi_resolution_rel),
    )


def _given(absolute: float | None, relative: float | None) -> Resolution | None:
    return None if absolute is None and relative is None else Resolution(absolute or 0.0, relative or 0.0)
