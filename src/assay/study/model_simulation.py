"""The section of a study that turns a generator's events into particles: the shower."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from assay.study.values import Section


class ShowerSection(Section):
    """Pythia 8. Its settings: Assay's for the keys below, then those of the card, then `settings`."""

    multiparton_interactions: Annotated[bool, Field(description="underlying event; six times slower")] = False
    hadronisation: Annotated[bool, Field(description="hadrons in place of partons")] = True
    dipole_recoil: Annotated[
        bool, Field(description="initial-state radiation recoils within colour dipoles, as weak-boson fusion needs")
    ] = True
    card: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=500,
            description="file with settings of Pythia, one per line, in the study's folder; it travels with the run",
        ),
    ] = None
    settings: Annotated[
        tuple[str, ...],
        Field(description="further Pythia settings, which override the card: TimeShower:alphaSvalue = 0.13"),
    ] = ()
    hepmc: Annotated[
        bool, Field(description="keep the showered events, with all weights, as JOB/events.hepmc.gz (HepMC3)")
    ] = False

    @property
    def files(self) -> tuple[str, ...]:
        """The files that it names, relative to the study."""
        return () if self.card is None else (self.card,)
