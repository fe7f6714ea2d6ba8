"""The card of the parametrised detector: what it sees, how often, and how well.

Cards that come with Assay are in the folder `cards`: `detector.yml` for studies that name none, and those of `NAMED`.
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from assay.errors import ExpressionError, StudyError
from assay.simulation.smearing import VARIABLES
from assay.study.expressions import Expression, parse

DEFAULT_CARD = "detector.yml"
NAMED = {"ATLAS": "atlas.yml", "CMS": "cms.yml", "HL-LHC": "hl_lhc.yml"}


def _formula_of(*variables: str) -> BeforeValidator:
    def parsed(text: object) -> Expression:
        try:
            return parse(str(text), particles=False, variables=variables)
        except ExpressionError as error:
            raise ValueError(str(error)) from None

    return BeforeValidator(parsed)


Formula = Annotated[Expression, _formula_of(*VARIABLES)]
TauFormula = Annotated[Expression, _formula_of(*VARIABLES, "prongs")]
SoftFormula = Annotated[Expression, _formula_of("sum_et")]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class ParticleCard(_Section):
    """What leaves a trace at all."""

    minimum_pt: NonNegative
    maximum_abs_eta: Positive


class IsolationCard(_Section):
    """The largest sum of transverse momenta of others (each above `minimum_pt`) in a cone, over the object's own."""

    cone: Positive
    minimum_pt: NonNegative
    maximum: Positive


class TrackingCard(_Section):
    """Charged hadrons in the tracker; `pt_resolution` is relative. What it misses is left to the calorimeters."""

    efficiency: Formula
    pt_resolution: Formula


class CalorimeterCard(_Section):
    """A calorimeter of cells; `energy_resolution` is the standard deviation in GeV of a cell's energy.

    A cell counts if its measured energy is above `minimum_energy` and above `minimum_significance` deviations.
    """

    cell_eta: Positive
    cell_phi: Positive
    energy_resolution: Formula
    minimum_energy: NonNegative
    minimum_significance: NonNegative


class CalorimetersCard(_Section):
    """The calorimeter of electrons and photons, and that of hadrons."""

    electromagnetic: CalorimeterCard
    hadronic: CalorimeterCard


class PhotonCard(_Section):
    """Photons; `energy_resolution` is the standard deviation in GeV."""

    minimum_pt: NonNegative
    efficiency: Formula
    energy_resolution: Formula
    isolation: IsolationCard


class ElectronCard(PhotonCard):
    """Electrons; photons within `dressing_cone` are added to them."""

    dressing_cone: NonNegative


class MuonCard(_Section):
    """Muons; `pt_resolution` is relative."""

    minimum_pt: NonNegative
    efficiency: Formula
    pt_resolution: Formula
    isolation: IsolationCard


class JetCard(_Section):
    """Anti-kT jets.

    They are made of true `particles`, of cells of the `calorimeter`, or by `particle_flow`: of tracks, and of cells for
    what has none. `energy_resolution` is the standard deviation in GeV with which a jet's energy is measured on top of
    its constituents', `energy_scale` a factor on the outcome, of the momentum as measured so far.
    """

    radius: Positive
    minimum_pt: Positive
    constituents: Literal["particles", "calorimeter", "particle_flow"] = "particles"
    energy_resolution: Formula | None = None
    energy_scale: Formula | None = None


class TaggingCard(_Section):
    """Probabilities of a b (or c) tag by true flavour: the heaviest of the hadrons above a momentum in a cone."""

    cone: Positive
    minimum_hadron_pt: NonNegative
    b: Formula
    c: Formula
    light: Formula


class TauTaggingCard(_Section):
    """Probabilities of a tau tag: of jets with a hadronic tau in a cone, and of others.

    `prongs` in the formulas is the number of charged particles above `minimum_track_pt` within `track_cone`.
    """

    cone: Positive
    minimum_tau_pt: NonNegative
    track_cone: Positive
    minimum_track_pt: NonNegative
    tau: TauFormula
    light: TauFormula


class MissingMomentumCard(_Section):
    """Standard deviation in GeV of each component of what belongs to no object, from its scalar sum.

    `muons`: those that are measured because they are isolated, or all that are identified.
    """

    soft_resolution: SoftFormula | None = None
    muons: Literal["isolated", "all"] = "isolated"


class DetectorCard(_Section):
    """A parametrised detector."""

    name: str
    particles: ParticleCard
    tracking: TrackingCard | None = None
    calorimeters: CalorimetersCard | None = None
    photons: PhotonCard
    electrons: ElectronCard
    muons: MuonCard
    jets: JetCard
    b_tagging: TaggingCard
    c_tagging: TaggingCard | None = None
    tau_tagging: TauTaggingCard | None = None
    missing_momentum: MissingMomentumCard

    @model_validator(mode="after")
    def _constituents_are_measured(self) -> DetectorCard:
        if self.jets.constituents != "particles" and self.calorimeters is None:
            raise ValueError(f"jets of constituents '{self.jets.constituents}' need the section calorimeters")
        if self.jets.constituents == "particle_flow" and self.tracking is None:
            raise ValueError("jets of constituents 'particle_flow' need the section tracking")
        return self


def card_text(card: Path | str | None = None) -> str:
    """Return the text of a detector card that has passed `read_card`.

    Raises
    ------
    StudyError
        With everything that is wrong in the card.
    """
    read_card(card)
    return _text(card)


def read_card(card: Path | str | None = None) -> DetectorCard:
    """Read a detector card: a file, one that comes with Assay by its name in `NAMED`, or None for the usual one.

    Raises
    ------
    StudyError
        With everything that is wrong in the card.
    """
    where = str(card) if card is not None and card not in NAMED else f"Assay's own {NAMED.get(str(card), DEFAULT_CARD)}"
    try:
        content: Any = yaml.safe_load(_text(card))
    except yaml.YAMLError as error:
        raise StudyError(f"not valid YAML ({error})", where=where) from None
    try:
        return DetectorCard.model_validate(content)
    except ValidationError as error:
        problems = "\n".join(f"  {_place(problem['loc'])}: {_reason(problem)}" for problem in error.errors())
        raise StudyError(f"the detector card is wrong:\n{problems}", where=where) from None


def _text(card: Path | str | None) -> str:
    own = resources.files("assay.simulation") / "cards"
    if card is None or card in NAMED:
        return (own / NAMED.get(str(card), DEFAULT_CARD)).read_text(encoding="utf-8")
    try:
        return Path(card).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"the detector card cannot be read ({error})",
            where=str(card),
            mend=f"correct its path in 'detector: card', or choose {', '.join(NAMED)}",
        ) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "card"


def _reason(problem: Any) -> str:
    return str(problem["msg"]).removeprefix("Value error, ").replace("\n", "\n    ")
