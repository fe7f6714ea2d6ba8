"""Settings of the embedded generator."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from assay.errors import GenerationError
from assay.generation.decay import photon_branching_ratio
from assay.generation.model import EWDIM6
from assay.generation.processes import find_process
from assay.generation.scales import SCALE_CHOICES, ScaleChoice

Decay = Literal["a a", "stable"]
DECAYS: tuple[Decay, ...] = ("a a", "stable")
NO_PDF = "none"


@dataclass(frozen=True)
class EmbeddedSettings:
    """What is generated; energies and momenta in GeV.

    Attributes
    ----------
    process
        Name of an embedded process.
    beam_energy
        Energy of each beam.
    pdf
        Name of a set of parton densities; `none` for partons that carry the whole beam energy.
    scale, scale_value, scale_factor
        Choice of factorisation scales (see `scales`), the scale if it is fixed, and a factor on either.
    min_jet_pt, max_jet_eta, min_jet_separation
        Cuts on both jets: pT, |eta|, Delta R.
    decay
        `a a`: the Higgs boson decays to two photons; `stable`: it is a final-state particle (Pythia may decay it).
    branching_ratio
        Factor on the cross section; None: that of the model's width formula for `a a`, one for `stable`.
    t_channel_width
        Width of W bosons in the t-channel; zero, as in MadEvent, leaves the amplitude gauge invariant.
    """

    process: str = "wbf_higgs_w_fusion"
    beam_energy: float = 6500.0
    pdf: str = "NNPDF23_lo_as_0130_qed"
    scale: ScaleChoice = "dynamical"
    scale_value: float = 91.188
    scale_factor: float = 1.0
    min_jet_pt: float = 20.0
    max_jet_eta: float = 5.0
    min_jet_separation: float = 0.4
    decay: Decay = "a a"
    branching_ratio: float | None = None
    t_channel_width: float = 0.0

    def __post_init__(self) -> None:
        find_process(self.process)
        for name, allowed in (("scale", SCALE_CHOICES), ("decay", DECAYS)):
            if getattr(self, name) not in allowed:
                raise GenerationError(
                    f"unknown {name} {getattr(self, name)!r}", expected=f"one of {', '.join(map(repr, allowed))}"
                )
        for name in ("beam_energy", "scale_value", "scale_factor", "max_jet_eta"):
            _require(name, getattr(self, name), positive=True)
        for name in ("min_jet_pt", "min_jet_separation", "t_channel_width"):
            _require(name, getattr(self, name), positive=False)
        if self.branching_ratio is not None:
            _require("branching_ratio", self.branching_ratio, positive=True)
        needed = 0.5 * EWDIM6.higgs_mass + self.min_jet_pt
        if self.beam_energy <= needed:
            raise GenerationError(
                f"beams of {self.beam_energy} GeV cannot make a Higgs boson and two jets above the cut",
                expected=f"beam_energy above {needed} GeV",
            )

    @property
    def branching_fraction(self) -> float:
        """The factor on the cross section."""
        if self.branching_ratio is not None:
            return self.branching_ratio
        return photon_branching_ratio() if self.decay == "a a" else 1.0


def _require(name: str, value: float, *, positive: bool) -> None:
    if not (isfinite(value) and (value > 0.0 if positive else value >= 0.0)):
        raise GenerationError(
            f"{name} is {value}", expected="a positive number" if positive else "a number that is not negative"
        )
