"""The processes that the embedded generator knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from assay.errors import GenerationError
from assay.generation import wbf_higgs
from assay.generation.kinematics import ComplexArray, FloatArray
from assay.generation.model import OPERATORS_OF_EWDIM6


@dataclass(frozen=True)
class Process:
    """A process of the kind q q > q q X.

    Attributes
    ----------
    name, title
        Name in `input.yml`, and what it is in words and MadGraph's notation.
    legs
        PDG ids of all legs, the first two incoming along +z and -z; the heavy particle is the last.
    colours
        Colour and anticolour line of every leg, as in LHE records.
    beam_lines
        For beams 1 and 2: the leg of the incoming quark and the leg of the quark into which it turns.
    operators
        Operators that change the amplitude.
    average
        Average over incoming spins and colours.
    amplitude_components
        (momenta (n, legs, 4), width of t-channel W in GeV) -> (n, helicities, 1 + operators): SM and per TeV^-2.
    """

    name: str
    title: str
    legs: tuple[int, ...]
    colours: tuple[tuple[int, int], ...]
    beam_lines: tuple[tuple[int, int], tuple[int, int]]
    operators: tuple[str, ...]
    average: float
    amplitude_components: Callable[[FloatArray, float], ComplexArray]


PROCESSES: dict[str, Process] = {
    "wbf_higgs_w_fusion": Process(
        name="wbf_higgs_w_fusion",
        title="Higgs production in W boson fusion, u d > u d h / a z QCD=0 QED=99 NP=2 (u from beam 1, d from beam 2)",
        legs=(2, 1, 2, 1, 25),
        colours=((502, 0), (501, 0), (501, 0), (502, 0), (0, 0)),
        beam_lines=((0, 3), (1, 2)),
        operators=wbf_higgs.OPERATORS,
        average=wbf_higgs.SPIN_AVERAGE,
        amplitude_components=wbf_higgs.amplitude_components,
    ),
}


def find_process(name: str) -> Process:
    """Return a process by name.

    Raises
    ------
    GenerationError
        If there is none of that name.
    """
    try:
        return PROCESSES[name]
    except KeyError:
        raise GenerationError(
            f"the embedded generator has no process {name!r}",
            expected=f"one of {', '.join(PROCESSES)}",
            mend="choose one of these or `generator: madgraph`",
        ) from None


def operators(name: str) -> tuple[str, ...]:
    """Return the names of the operators on which a process depends."""
    return find_process(name).operators


def model_operators() -> tuple[str, ...]:
    """Return the names of all operators of the model, those without effect on a process included."""
    return OPERATORS_OF_EWDIM6


def operator_of_entry(block: str, entry: int) -> str | None:
    """Return the operator that an entry of the model's parameter card sets; None if it is none."""
    known = block.lower() == "dim6" and 1 <= entry <= len(OPERATORS_OF_EWDIM6)
    return OPERATORS_OF_EWDIM6[entry - 1] if known else None
