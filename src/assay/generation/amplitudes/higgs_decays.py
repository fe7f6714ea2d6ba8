"""Decays of the Higgs boson in the SM, as factors of amplitudes: h > b b~ and h > gamma gamma.

A scalar's decay products do not know of what came before, so that the sum over their helicities is one number.
Operators act on production alone (MadGraph's NP=0 on the decay).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from assay.generation.amplitudes.couplings import Couplings
from assay.generation.amplitudes.ewdim6 import photon_pair_coupling
from assay.generation.amplitudes.fermions import COLOURS
from assay.generation.amplitudes.propagators import propagator
from assay.generation.kinematics import ComplexArray, FloatArray, minkowski_product
from assay.generation.model import ElectroweakInputs

HIGGS, BOTTOM, PHOTON_ID = 25, 5, 22
DECAY_COLOUR = 511
"""Colour line of the bottom quarks, in LHE records."""


@dataclass(frozen=True)
class HiggsDecay:
    """The end of a process: a stable Higgs boson, or products in its place.

    Attributes
    ----------
    products
        PDG ids in place of the Higgs boson.
    colours
        Factor of the colour sum.
    flow
        (colour, anticolour) of the products.
    amplitude
        Square (n,) of the products' mass in GeV^2 to the root (n,) of the squared amplitude, summed over helicities.
    """

    products: tuple[int, ...]
    colours: float
    flow: tuple[tuple[int, int], ...]
    amplitude: Callable[[FloatArray], FloatArray] | None

    def factor(self, products: FloatArray, inputs: ElectroweakInputs) -> ComplexArray:
        """Return the propagator times the decay's amplitude, (n,); `products` (n, legs, 4) in GeV."""
        if self.amplitude is None:
            return np.ones(len(products), dtype=np.complex128)
        total = np.sum(products, axis=1)
        square = minkowski_product(total, total)
        return propagator(square, inputs.higgs_mass, inputs.higgs_width) * self.amplitude(square)


def higgs_decay(products: tuple[int, ...], couplings: Couplings) -> HiggsDecay | None:
    """Return the decay with these PDG ids, in any order; None if it is none of those here."""
    inputs = couplings.inputs
    if products == (HIGGS,):
        return HiggsDecay(products, 1.0, ((0, 0),), None)
    if sorted(products) == [-BOTTOM, BOTTOM]:
        flow = tuple((DECAY_COLOUR, 0) if leg > 0 else (0, DECAY_COLOUR) for leg in products)
        return HiggsDecay(products, float(COLOURS), flow, lambda square: _to_bottom_quarks(square, inputs))
    if products == (PHOTON_ID, PHOTON_ID):
        loops = photon_pair_coupling(inputs)
        return HiggsDecay(products, 1.0, ((0, 0),) * 2, lambda square: loops * square / sqrt(2.0))
    return None


def _to_bottom_quarks(square: FloatArray, inputs: ElectroweakInputs) -> FloatArray:
    """Return (m_b / v) sqrt(2 (q^2 - 4 m_b^2)): two helicities."""
    mass = inputs.bottom_mass
    return mass / inputs.vacuum_expectation_value * np.sqrt(2.0 * np.maximum(square - 4.0 * mass**2, 0.0))
