"""The simulation's settings in a study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from assay.errors import SimulationError
from assay.simulation.detector_settings import parton_smearing
from assay.simulation.pythia import ShowerSettings
from assay.simulation.simulate import SimulationSettings
from assay.study.model import ShowerSection, Study
from assay.study.pythia_card import card_settings


def shower_settings(shower: ShowerSection, folder: Path) -> ShowerSettings:
    """Return how Pythia is run; its card is relative to a folder, that of the study.

    Raises
    ------
    SimulationError
        If the card cannot be read.
    """
    return ShowerSettings(
        multiparton_interactions=shower.multiparton_interactions,
        hadronisation=shower.hadronisation,
        dipole_recoil=shower.dipole_recoil,
        higgs_decay=None,  # the generator has decayed it, or Pythia does with all its branching ratios
        settings=(*_card(shower, folder), *shower.settings),
    )


def with_further(settings: ShowerSettings, further: Sequence[str]) -> ShowerSettings:
    """Return how Pythia is run for events with settings of their own."""
    return replace(settings, settings=(*settings.settings, *further))


def _card(shower: ShowerSection, folder: Path) -> tuple[str, ...]:
    if shower.card is None:
        return ()
    path = folder / shower.card
    try:
        return card_settings(path.read_text(encoding="utf-8", errors="replace"))
    except OSError as error:
        raise SimulationError(f"the card of Pythia cannot be read ({error})", where=str(path)) from None


def simulation_settings(study: Study, folder: Path, card: Path, further: Sequence[str] = ()) -> SimulationSettings:
    """Return how a study's events are simulated.

    Parameters
    ----------
    study
        The study.
    folder
        Its folder, with Pythia's card.
    card
        The detector's card, which configure has put beside the study.
    further
        Settings of Pythia for some events alone.

    Raises
    ------
    SimulationError
        If Pythia's card cannot be read.
    """
    resources = study.execution.resources.get("simulate")
    return SimulationSettings(
        study.detector.kind,
        with_further(shower_settings(study.shower, folder), further),
        card,
        program=study.detector.program,
        smearing=parton_smearing(study.detector),
        workers=(resources.cores if resources is not None else None) or 1,
    )
