"""The card of the parametrised detector: what it sees, how often, and how well."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from assay.errors import ExpressionError, StudyError
from assay.simulation.smearing import VARIABLES
from assay.study.expressions import Expression, parse

DEFAULT_CARD = "detector.yml"


def _formula_of(*variables: str) -> BeforeValidator:
    def parsed(text: object) -> Expression:
        try:
            return parse(str(text), particles=False, variables=variables)
        except ExpressionError as error:
            raise ValueError(str(error)) from None

    return BeforeValidator(parsed)


Formula = Annotated[Expression, _formula_of(*VARIABLES)]
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
    """Anti-kT jets; `energy_resolution` is the standard deviation in GeV."""

    radius: Positive
    minimum_pt: Positive
    energy_resolution: Formula


class TaggingCard(_Section):
    """Probabilities of a b tag by true flavour."""

    cone: Positive
    minimum_hadron_pt: NonNegative
    b: Formula
    c: Formula
    light: Formula


class MissingMomentumCard(_Section):
    """Standard deviation in GeV of each component of what belongs to no object, from its scalar sum."""

    soft_resolution: SoftFormula


class DetectorCard(_Section):
    """A parametrised detector."""

    name: str
    particles: ParticleCard
    photons: PhotonCard
    electrons: ElectronCard
    muons: MuonCard
    jets: JetCard
    b_tagging: TaggingCard
    missing_momentum: MissingMomentumCard


def card_text(path: Path | None = None) -> str:
    """Return the text of a detector card that has passed `read_card`; without a path, of the one that comes with Assay.

    Raises
    ------
    StudyError
        With everything that is wrong in the card.
    """
    read_card(path)
    return _text(path)


def read_card(path: Path | None = None) -> DetectorCard:
    """Read a detector card; without a path, the one that comes with Assay.

    Raises
    ------
    StudyError
        With everything that is wrong in the card.
    """
    where = str(path or f"Assay's own {DEFAULT_CARD}")
    try:
        content: Any = yaml.safe_load(_text(path))
    except yaml.YAMLError as error:
        raise StudyError(f"not valid YAML ({error})", where=where) from None
    try:
        return DetectorCard.model_validate(content)
    except ValidationError as error:
        problems = "\n".join(f"  {_place(problem['loc'])}: {_reason(problem)}" for problem in error.errors())
        raise StudyError(f"the detector card is wrong:\n{problems}", where=where) from None


def _text(path: Path | None) -> str:
    try:
        return (path or resources.files("assay.simulation") / "cards" / DEFAULT_CARD).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise StudyError(
            f"the detector card cannot be read ({error})", where=str(path), mend="correct its path in 'detector: card'"
        ) from None


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location) or "card"


def _reason(problem: Any) -> str:
    return str(problem["msg"]).removeprefix("Value error, ").replace("\n", "\n    ")
