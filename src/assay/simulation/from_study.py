"""The simulation's settings in a study."""

from __future__ import annotations

from pathlib import Path

from assay.simulation.shower import ShowerSettings
from assay.simulation.simulate import SimulationSettings
from assay.study.model import Study


def simulation_settings(study: Study, card: Path) -> SimulationSettings:
    """Return how a study's events are simulated, with the detector card that configure has put beside the study."""
    shower = ShowerSettings(
        multiparton_interactions=study.shower.multiparton_interactions,
        hadronisation=study.shower.hadronisation,
        dipole_recoil=study.shower.dipole_recoil,
        settings=study.shower.settings,
    )
    return SimulationSettings(study.detector.kind, shower, card)
