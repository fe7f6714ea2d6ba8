"""The simulation's settings in a study."""

from __future__ import annotations

from pathlib import Path

from assay.simulation.shower import ShowerSettings
from assay.simulation.simulate import SimulationSettings
from assay.study.model import ShowerSection, Study


def shower_settings(shower: ShowerSection) -> ShowerSettings:
    """Return how Pythia is run."""
    return ShowerSettings(
        multiparton_interactions=shower.multiparton_interactions,
        hadronisation=shower.hadronisation,
        dipole_recoil=shower.dipole_recoil,
        higgs_decay=None,  # the generator has decayed it, or Pythia does with all its branching ratios
        settings=shower.settings,
    )


def simulation_settings(study: Study, card: Path) -> SimulationSettings:
    """Return how a study's events are simulated, with the detector card that configure has put beside the study."""
    return SimulationSettings(study.detector.kind, shower_settings(study.shower), card)
