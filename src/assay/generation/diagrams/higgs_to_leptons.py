"""h > l+ l- l'+ l'-: the two fermion lines of Higgs production, both of them outgoing.

Operators change both this decay and production: with them an event's |M|^2 is the product of two quadratic polynomials.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from assay.errors import GenerationError
from assay.generation.amplitudes.couplings import Couplings, couplings_of
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions, Legs
from assay.generation.amplitudes.fermions import fermion_lines, identical_particles
from assay.generation.amplitudes.higgs_decays import HIGGS
from assay.generation.amplitudes.series import kept, relevant
from assay.generation.diagrams.two_lines import Chiralities, Exchange, exchange
from assay.generation.kinematics import ComplexArray, FloatArray

LEPTONS = (11, 12, 13, 14, 15, 16)


def higgs_to_leptons(legs: Legs, options: AmplitudeOptions) -> Amplitude:
    """Return the amplitude of a decay of the Higgs boson to four massless leptons.

    Parameters
    ----------
    legs
        PDG ids: 25 first, then the leptons in any order. Momenta of the amplitude are in this order, in any frame.
    options
        Model, and bosons that occur in no diagram.

    Raises
    ------
    GenerationError
        If these are not the Higgs boson and four leptons into which it can decay.
    """
    couplings = couplings_of(options.model)
    exchanges = _exchanges(legs, options, couplings)
    if not exchanges:
        raise GenerationError(
            f"the legs {', '.join(map(str, legs))} are no decay of the Higgs boson to four leptons",
            expected="PDG ids such as 25, -11, 11, -13, 13",
        )
    positions = relevant(couplings.operators, (t for e in exchanges for t in e.tensors.values()))
    exchanges = [
        replace(found, tensors={key: kept(tensor, positions) for key, tensor in found.tensors.items()})
        for found in exchanges
    ]
    helicities = tuple(dict.fromkeys(key for found in exchanges for key in found.tensors))
    return Amplitude(
        legs=legs,
        operators=tuple(couplings.operators[position] for position in positions),
        colour=np.array([[1.0 / identical_particles(legs[1:])]]),
        flows=(((0, 0),) * len(legs),),
        components=_Calculation(tuple(exchanges), helicities, 1 + len(positions), couplings),
    )


def _exchanges(legs: Legs, options: AmplitudeOptions, couplings: Couplings) -> list[Exchange]:
    if len(legs) != 5 or legs[0] != HIGGS or not all(abs(leg) in LEPTONS for leg in legs[1:]):
        return []
    choices = fermion_lines(legs[1:], range(4), n_incoming=0)
    found = [exchange((lines[0], lines[1]), options, couplings) for lines in choices]
    return [each for each in found if each is not None]


@dataclass(frozen=True)
class _Calculation:
    exchanges: tuple[Exchange, ...]
    helicities: tuple[Chiralities, ...]
    n_components: int
    couplings: Couplings

    def __call__(self, momenta: FloatArray) -> ComplexArray:
        result = np.zeros((len(momenta), len(self.helicities), 1, self.n_components), dtype=np.complex128)
        for found in self.exchanges:
            parts = found.components(momenta[:, 1:], self.couplings, True)
            for helicity, key in enumerate(self.helicities):
                if key in parts:
                    # leptons have no colour: both ways to join identical ones interfere
                    result[:, helicity, 0] += parts[key]
        return result
