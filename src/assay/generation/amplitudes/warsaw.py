"""Vertices of the Warsaw basis (arXiv:1008.4884) with the inputs MW, G_F, MZ: arXiv:2012.11343, flavour U35.

To first order in the coefficients, with v^2 = 1 / (sqrt2 G_F), sin and cos of the mixing angle from MW / MZ and

    d_G = v^2 (2 cHl3 - cll1)           the muon's decay: the field's value is v (1 + d_G / 2)
    d_h = v^2 (cHbox - cHDD / 4)        normalisation of the Higgs field

the inputs fix g = 2 MW / v (1 - d_G / 2) and the couplings of photon and Z,

    e = g sin [1 - d_G / 2 - v^2 cHDD cos^2 / (4 sin^2) - v^2 cHWB cos / sin]
    g_Z = g / cos [1 - d_G / 2 - v^2 cHDD / 4],   sin^2 -> sin^2 - v^2 cHDD cos^2 / 2 - v^2 cHWB sin cos,

from arXiv:1312.2014, section 5, where MW is replaced by its measured value. Operators with a Higgs current add
-v^2 / 2 times their coefficient (with the isospin's sign for triplets) to T3 - Q sin^2, and the same times 2 h / v.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from assay.errors import GenerationError
from assay.generation.amplitudes.couplings import (
    PHOTON,
    Couplings,
    W,
    electric_charge,
    sm_fermion_coupling,
    weak_isospin,
)
from assay.generation.amplitudes.series import series
from assay.generation.kinematics import FloatArray

_CP_ODD = {"cHW": "cHWtil", "cHB": "cHBtil", "cHWB": "cHWBtil"}


class WarsawCouplings(Couplings):
    """Couplings of fermions with the shifts of the inputs, contact terms h V f f, and anomalous h V V'."""

    def fermion(self, boson: str, flavour: int, left_handed: bool) -> FloatArray:
        """See `Couplings.fermion`."""
        sm = sm_fermion_coupling(self.inputs, boson, flavour, left_handed)
        if boson == PHOTON:
            return series(self.operators, sm, {name: sm * shift for name, shift in self._charge_shifts().items()})
        shifts = {name: -sm * value / 2.0 for name, value in self._fermi_shifts().items()}
        if boson != W:
            v2, sin2 = self._v2, self.inputs.sin2_theta_w
            per_charge = -self._z_strength * electric_charge(flavour)
            shifts["cHDD"] = -sm * v2 / 4.0 - per_charge * v2 * (1.0 - sin2) / 2.0
            shifts["cHWB"] = -per_charge * v2 * sqrt(sin2 * (1.0 - sin2))
        for name, value in self._currents(boson, flavour, left_handed).items():
            shifts[name] = shifts.get(name, 0.0) + value
        return series(self.operators, sm, shifts)

    def contact(self, boson: str, flavour: int, left_handed: bool) -> FloatArray | None:
        """See `Couplings.contact`."""
        currents = self._currents(boson, flavour, left_handed)
        if not currents:
            return None
        per_higgs = 2.0 / self.inputs.vacuum_expectation_value
        return series(self.operators, per_gev2={name: value * per_higgs for name, value in currents.items()})

    def higgs(self, first: str, second: str) -> FloatArray:
        """See `Couplings.higgs`."""
        v, sin2 = self.inputs.vacuum_expectation_value, self.inputs.sin2_theta_w
        even = {name: 4.0 * v * value for name, value in _field_strengths(first, second, sin2).items()}
        odd = {_CP_ODD[name]: value for name, value in even.items()}
        metric = np.zeros(1 + len(self.operators))
        if first == second and first != PHOTON:
            sm = 2.0 * self.mass(first) ** 2 / v
            extra = 0.0 if first == W else self._v2 / 2.0
            relative = {"cHbox": self._v2, "cHDD": extra - self._v2 / 4.0}
            relative |= {name: -value / 2.0 for name, value in self._fermi_shifts().items()}
            metric = series(self.operators, sm, {name: sm * value for name, value in relative.items()})
        return self.higgs_rows(
            metric=metric,
            field_strength=series(self.operators, per_gev2=even),
            dual=series(self.operators, per_gev2=odd),
        )

    def triple(self, neutral: str) -> FloatArray:
        """Raise an error: the model is here for processes with a Higgs boson."""
        raise GenerationError(
            "processes with three gauge bosons are not available in the Warsaw basis",
            expected="a process with a Higgs boson, or the model ewdim6",
        )

    @property
    def _v2(self) -> float:
        return self.inputs.vacuum_expectation_value**2

    @property
    def _z_strength(self) -> float:
        """Return g / cos(theta_W)."""
        return self.inputs.weak_coupling / sqrt(1.0 - self.inputs.sin2_theta_w)

    def _fermi_shifts(self) -> dict[str, float]:
        """Return d_G per coefficient in GeV^2."""
        return {"cHl3": 2.0 * self._v2, "cll1": -self._v2}

    def _charge_shifts(self) -> dict[str, float]:
        """Return the relative change of e per coefficient in GeV^2."""
        cot2 = (1.0 - self.inputs.sin2_theta_w) / self.inputs.sin2_theta_w
        shifts = {name: -value / 2.0 for name, value in self._fermi_shifts().items()}
        return shifts | {"cHDD": -self._v2 * cot2 / 4.0, "cHWB": -self._v2 * sqrt(cot2)}

    def _currents(self, boson: str, flavour: int, left_handed: bool) -> dict[str, float]:
        """Return what the operators with a Higgs current add to a fermion's coupling, per coefficient in GeV^2."""
        if boson == PHOTON:
            return {}
        family = "l" if flavour > 10 else "q"
        if boson == W:
            return {f"cH{family}3": self.inputs.weak_coupling / sqrt(2.0) * self._v2} if left_handed else {}
        strength = -self._z_strength * self._v2 / 2.0
        if left_handed:
            return {f"cH{family}1": strength, f"cH{family}3": -2.0 * weak_isospin(flavour) * strength}
        singlet = "e" if family == "l" else "u" if weak_isospin(flavour) > 0.0 else "d"
        return {} if electric_charge(flavour) == 0.0 else {f"cH{singlet}": strength}


def _field_strengths(first: str, second: str, sin2: float) -> dict[str, float]:
    """Return the shares of cHW, cHB, cHWB in h V V', from H^dagger H (cHW W W + cHB B B - cHWB W3 B)."""
    if first == W:
        return {"cHW": 1.0}
    cos2, sin_cos = 1.0 - sin2, sqrt(sin2 * (1.0 - sin2))
    if first != second:
        return {"cHW": sin_cos, "cHB": -sin_cos, "cHWB": (sin2 - cos2) / 2.0}
    if first == PHOTON:
        return {"cHW": sin2, "cHB": cos2, "cHWB": -sin_cos}
    return {"cHW": cos2, "cHB": sin2, "cHWB": sin_cos}
