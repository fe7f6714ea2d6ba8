"""The vertices of a model as series in its operators' coefficients: what the diagrams of every process ask for.

Conventions: covariant derivative d - i e Q A - i (g / cos) (T3 - Q sin^2) Z - i g/sqrt2 (T+ W+ + T- W-); an overall i
of every vertex is left out. Bosons are "w" (an incoming one of the charge that the other legs require), "z" and "a".
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cache
from math import sqrt

import numpy as np

from assay.generation.amplitudes.series import series
from assay.generation.amplitudes.vertices import HIGGS_STRUCTURES, TRIPLE_STRUCTURES
from assay.generation.kinematics import FloatArray
from assay.generation.model import ElectroweakInputs, Model

W, Z, PHOTON = "w", "z", "a"


def electric_charge(flavour: int) -> float:
    """Return the charge of a fermion in units of the positron's; `flavour` is a positive PDG id."""
    up_type = flavour % 2 == 0
    if flavour > 10:
        return 0.0 if up_type else -1.0
    return 2.0 / 3.0 if up_type else -1.0 / 3.0


def weak_isospin(flavour: int) -> float:
    """Return T3 of the left-handed fermion."""
    return 0.5 if flavour % 2 == 0 else -0.5


class Couplings(ABC):
    """Vertices of a model; all series (..., 1 + K) are over `model.operators`, per TeV^-2."""

    def __init__(self, model: Model) -> None:
        self.model = model

    @property
    def inputs(self) -> ElectroweakInputs:
        """Masses and couplings."""
        return self.model.inputs

    @property
    def operators(self) -> tuple[str, ...]:
        """The model's operators."""
        return self.model.operators

    def mass(self, boson: str) -> float:
        """Return a boson's mass in GeV."""
        return {W: self.inputs.w_mass, Z: self.inputs.z_mass, PHOTON: 0.0}[boson]

    def width(self, boson: str) -> float:
        """Return a boson's width in GeV."""
        return {W: self.inputs.w_width, Z: self.inputs.z_width, PHOTON: 0.0}[boson]

    def fermion(self, boson: str, flavour: int, left_handed: bool) -> FloatArray:
        """Return the coupling (1 + K,) of a boson to a fermion's current; the SM's, unless a model adds to it."""
        return series(self.operators, sm_fermion_coupling(self.inputs, boson, flavour, left_handed))

    def contact(self, boson: str, flavour: int, left_handed: bool) -> FloatArray | None:
        """Return the coupling (1 + K,) in GeV^-1 of h V to a fermion's current, None where a model has none."""
        return None

    @abstractmethod
    def higgs(self, first: str, second: str) -> FloatArray:
        """Return the couplings (5, 1 + K) of h V V' per structure of `vertices.HIGGS_STRUCTURES`."""

    @abstractmethod
    def triple(self, neutral: str) -> FloatArray:
        """Return the couplings (5, 1 + K) of W- W+ V per structure of `vertices.TRIPLE_STRUCTURES`."""

    def rows(self, structures: tuple[str, ...], **values: FloatArray) -> FloatArray:
        """Return series by the name of their structure as (structures, 1 + K); others are zero."""
        zero = np.zeros(1 + len(self.operators))
        return np.array([values.get(name, zero) for name in structures])

    def higgs_rows(self, **values: FloatArray) -> FloatArray:
        """Return `rows` of the structures of h V V'."""
        return self.rows(HIGGS_STRUCTURES, **values)

    def triple_rows(self, **values: FloatArray) -> FloatArray:
        """Return `rows` of the structures of W- W+ V."""
        return self.rows(TRIPLE_STRUCTURES, **values)


def sm_fermion_coupling(inputs: ElectroweakInputs, boson: str, flavour: int, left_handed: bool) -> float:
    """Return e Q, (g / cos) (T3 - Q sin^2) or g / sqrt2 (left-handed alone)."""
    charge = electric_charge(flavour)
    if boson == PHOTON:
        return inputs.electric_charge * charge
    if boson == W:
        return inputs.weak_coupling / sqrt(2.0) if left_handed else 0.0
    isospin = weak_isospin(flavour) if left_handed else 0.0
    sin2 = inputs.sin2_theta_w
    return inputs.weak_coupling / sqrt(1.0 - sin2) * (isospin - charge * sin2)


@cache
def couplings_of(name: str) -> Couplings:
    """Return the vertices of a model by its name."""
    # the models' modules build on this one
    from assay.generation.amplitudes.ewdim6 import EWdim6Couplings
    from assay.generation.amplitudes.warsaw import WarsawCouplings
    from assay.generation.model import find_model

    classes = {"ewdim6": EWdim6Couplings, "warsaw": WarsawCouplings}
    return classes[name](find_model(name))
