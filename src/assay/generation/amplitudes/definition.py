"""What a helicity amplitude is to the rest of the generator: colour flows, operators, and a function of momenta."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assay.errors import GenerationError
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.model import MODELS, Model, find_model

Legs = tuple[int, ...]
"""PDG ids, two incoming first, outgoing next."""

EXCLUDABLE = ("a", "z", "w")


@dataclass(frozen=True)
class AmplitudeOptions:
    """Which diagrams of a process count, and in which model.

    Attributes
    ----------
    model
        Name of a model of `assay.generation.model.MODELS`.
    exclude
        Bosons that occur in no diagram, among "a", "z", "w": MadGraph's `/ a z`.
    s_channel
        Whether diagrams count in which the incoming quarks annihilate (Higgs production with two quarks only): False is
        MadGraph's `$$ a z w+ w-`, boson fusion alone.
    t_channel_width
        Whether bosons with space-like momenta have their widths, too (as in MadGraph's standalone output; MadEvent sets
        them to zero).
    """

    model: str = "ewdim6"
    exclude: tuple[str, ...] = ()
    s_channel: bool = True
    t_channel_width: bool = False

    def __post_init__(self) -> None:
        find_model(self.model)
        for boson in self.exclude:
            if boson not in EXCLUDABLE:
                raise GenerationError(
                    f"{boson!r} cannot be excluded from diagrams", expected=f"some of {', '.join(EXCLUDABLE)}"
                )

    @property
    def physics(self) -> Model:
        """The model itself."""
        return MODELS[self.model]


@dataclass(frozen=True)
class Amplitude:
    """The amplitude of one flavour channel: |M|^2 = sum_h sum_fg C_fg Re(conj(A_f) A_g), A = components @ (1, c).

    Attributes
    ----------
    legs
        PDG ids, two incoming first, outgoing next.
    operators
        The K operators that change it, in the order of the model.
    colour
        (F, F) matrix C of the colour flows, averages over incoming spins and colours and the factor for identical
        outgoing particles included.
    flows
        Per flow the (colour, anticolour) lines of every leg, as in LHE records.
    components
        Momenta (n, legs, 4) in GeV to (n, helicities, F, 1 + K): the SM's amplitude and, per TeV^-2, the operators'.
    """

    legs: Legs
    operators: tuple[str, ...]
    colour: FloatArray
    flows: tuple[tuple[tuple[int, int], ...], ...]
    components: Callable[[FloatArray], ComplexArray]
