"""The section of a study that turns particles into reconstructed objects: the detector."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import NonNegative, Section

DETECTOR_CARDS = ("ATLAS", "CMS", "HL-LHC")
"""Cards of the parametrised detector that come with Assay and have a name."""


class SmearingSection(Section):
    """Gaussian resolutions of a type of particle, each absolute + relative * true value.

    Energy and transverse momentum: if one of them has a resolution, the other follows from the mass; if both have, both
    are smeared independently; if none has, the transverse momentum stays.
    """

    energy_resolution_abs: Annotated[
        NonNegative | None,
        Field(description="GeV; null, as the relative one: the energy follows from momentum and mass"),
    ] = None
    energy_resolution_rel: Annotated[NonNegative | None, Field(description="relative")] = None
    pt_resolution_abs: Annotated[
        NonNegative | None,
        Field(description="GeV; null, as the relative one: it follows from the energy if that is smeared"),
    ] = None
    pt_resolution_rel: Annotated[NonNegative | None, Field(description="relative")] = None
    eta_resolution_abs: Annotated[NonNegative, Field(description="of the pseudorapidity")] = 0.0
    eta_resolution_rel: Annotated[NonNegative, Field(description="relative")] = 0.0
    phi_resolution_abs: Annotated[NonNegative, Field(description="radians")] = 0.0
    phi_resolution_rel: Annotated[NonNegative, Field(description="relative")] = 0.0


class SmearingByTypeSection(Section):
    """Resolutions by type of particle, without a detector; a type without its own takes that of `all`, or is exact."""

    all: Annotated[SmearingSection | None, Field(description="of every visible particle")] = None
    j: Annotated[SmearingSection | None, Field(description="quarks and gluons")] = None
    b: Annotated[SmearingSection | None, Field(description="b quarks; null: as `j`")] = None
    e: Annotated[SmearingSection | None, Field(description="electrons and positrons")] = None
    mu: Annotated[SmearingSection | None, Field(description="muons")] = None
    a: Annotated[SmearingSection | None, Field(description="photons")] = None


class MissingMomentumNoiseSection(Section):
    """Gaussian noise of each component of the missing momentum: absolute + relative * scalar sum of momenta."""

    absolute: Annotated[NonNegative, Field(description="GeV")] = 0.0
    relative: Annotated[NonNegative, Field(description="of the scalar sum of visible transverse momenta")] = 0.0


class DetectorSection(Section):
    """What turns particles into reconstructed objects."""

    kind: Annotated[
        Literal["parametrised", "delphes", "none"],
        Field(
            description="parametrised: smearing, efficiencies and acceptance; delphes: DelphesHepMC3, of the madgraph "
            "image; none: objects of the generator, without shower"
        ),
    ] = "parametrised"
    card: Annotated[
        str | None,
        Field(
            min_length=1,
            description="ATLAS, CMS, HL-LHC, or a file beside this one: YAML for parametrised, TCL for delphes; null: "
            "the card that comes with Assay",
        ),
    ] = None
    program: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_.-]+$",
            max_length=64,
            description="Delphes' program, found in PATH; the environment's ASSAY_DELPHES goes before it",
        ),
    ] = "DelphesHepMC3"
    smearing: Annotated[SmearingByTypeSection, Field(description="for none: resolutions by type of particle")] = (
        SmearingByTypeSection()
    )
    missing_momentum_noise: Annotated[
        MissingMomentumNoiseSection, Field(description="for none: further noise of the missing momentum")
    ] = MissingMomentumNoiseSection()

    @property
    def card_file(self) -> str | None:
        """The card, if it is a file of the study."""
        return self.card if self.card not in (None, *DETECTOR_CARDS) else None
