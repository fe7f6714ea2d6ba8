"""Settings of the embedded generator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions
from assay.generation.cuts import Cuts
from assay.generation.model import ElectroweakInputs, find_model
from assay.generation.processes import find_process
from assay.generation.scales import SCALE_CHOICES, ScaleChoice

Decay = Literal["a a", "b b~", "l+ l- l+ l-", "stable"]
DECAYS: tuple[Decay, ...] = ("a a", "b b~", "l+ l- l+ l-", "stable")
NO_PDF = "none"
DEFAULT_CUTS = Cuts()


@dataclass(frozen=True)
class EmbeddedSettings:
    """What is generated; energies and momenta in GeV.

    Attributes
    ----------
    process
        Name of an embedded process.
    channels
        Which of its flavour channels: `u d > u d h`, or with the labels of `processes`, `p p > e+ ve h`. None: those of
        the process's entry in `processes`.
    model
        `ewdim6` or `warsaw`.
    exclude
        Exchanged bosons that are left out, among `a`, `z`, `w` (MadGraph's `/ a z`).
    s_channel
        False: without bosons in the s-channel (MadGraph's `$$ a z w+ w-`). None: as the process's entry says.
    beam_energy
        Energy of each beam.
    pdf
        Name of a set of parton densities; `none` for partons (or leptons) that carry the whole beam energy.
    scale, scale_value, scale_factor
        Choice of factorisation scales (see `scales`), the scale if it is fixed, and a factor on either.
    cuts
        Cuts on the legs of the hard process.
    decay
        Of a Higgs boson: `a a`, `b b~`, `l+ l- l+ l-` (electrons and muons); `stable`: a final-state particle (Pythia
        may decay it).
    branching_ratio
        Factor on the cross section, in the SM; None: that of `higgs_decay`, one without a decay.
    t_channel_width
        Whether bosons in the t-channel have their width; without it, as in MadEvent, the amplitude is gauge invariant.
    """

    process: str = "wbf_higgs_w_fusion"
    channels: str | None = None
    model: str = "ewdim6"
    exclude: tuple[str, ...] = ()
    s_channel: bool | None = None
    beam_energy: float = 6500.0
    pdf: str = "NNPDF23_lo_as_0130_qed"
    scale: ScaleChoice = "dynamical"
    scale_value: float = 91.188
    scale_factor: float = 1.0
    cuts: Cuts = DEFAULT_CUTS
    decay: Decay = "a a"
    branching_ratio: float | None = None
    t_channel_width: bool = False

    def __post_init__(self) -> None:
        find_process(self.process)
        for name, allowed in (("scale", SCALE_CHOICES), ("decay", DECAYS)):
            if getattr(self, name) not in allowed:
                raise GenerationError(
                    f"unknown {name} {getattr(self, name)!r}", expected=f"one of {', '.join(map(repr, allowed))}"
                )
        for name in ("beam_energy", "scale_value", "scale_factor"):
            _require_positive(name, getattr(self, name))
        if self.branching_ratio is not None:
            _require_positive("branching_ratio", self.branching_ratio)
        if self.lepton_beams and self.pdf != NO_PDF:
            raise GenerationError(
                f"parton densities {self.pdf!r} for electrons and positrons", expected=f"pdf: {NO_PDF}"
            )

    @property
    def lepton_beams(self) -> bool:
        """Whether electron and positron collide."""
        return find_process(self.process).lepton_beams

    @property
    def higgs_decays(self) -> bool:
        """Whether there is a Higgs boson, and it decays here."""
        return self.decay != "stable" and find_process(self.process).higgs

    @property
    def options(self) -> AmplitudeOptions:
        """What the amplitudes are to contain."""
        s_channel = find_process(self.process).s_channel if self.s_channel is None else self.s_channel
        return AmplitudeOptions(self.model, self.exclude, s_channel, self.t_channel_width)

    @property
    def inputs(self) -> ElectroweakInputs:
        """Masses and widths."""
        return find_model(self.model).inputs

    def record(self) -> dict[str, Any]:
        """Return the settings as JSON holds them."""
        return asdict(self)

    @classmethod
    def of_record(cls, record: Mapping[str, Any]) -> EmbeddedSettings:
        """Return the settings of a record."""
        values = dict(record)
        return cls(**{**values, "exclude": tuple(values["exclude"]), "cuts": Cuts(**values["cuts"])})


def _require_positive(name: str, value: float) -> None:
    if not (isfinite(value) and value > 0.0):
        raise GenerationError(f"{name} is {value}", expected="a positive number")
