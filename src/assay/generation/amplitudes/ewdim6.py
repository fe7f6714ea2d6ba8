"""Vertices of EWdim6: the operators of arXiv:1205.4231, eqs. (2.9)-(2.13), in the conventions of its UFO model.

CphidL2 enters through the normalisation of the Higgs field alone: every vertex of one Higgs boson has a factor
1 - CphidL2 v^2.
"""

from __future__ import annotations

from math import pi, sqrt

from assay.generation.amplitudes.couplings import PHOTON, Couplings, W
from assay.generation.amplitudes.series import series
from assay.generation.kinematics import FloatArray
from assay.generation.model import ElectroweakInputs


class EWdim6Couplings(Couplings):
    """Anomalous vertices of Higgs and gauge bosons; fermions couple as in the SM."""

    def higgs(self, first: str, second: str) -> FloatArray:
        """See `Couplings.higgs`."""
        if W in (first, second):
            return self._massive_pair(1.0, 0.0)
        if (first, second) == (PHOTON, PHOTON):
            return self._photon_pair()
        if PHOTON in (first, second):
            return self._photon_and_z(photon_first=first == PHOTON)
        return self._massive_pair(1.0 - self.inputs.sin2_theta_w, self.inputs.sin2_theta_w)

    def _massive_pair(self, cos2: float, sin2: float) -> FloatArray:
        """Return h Z Z; with sin = 0 it is h W W."""
        v, g2 = self.inputs.vacuum_expectation_value, self.inputs.weak_coupling**2
        sm = g2 * v / (2.0 * cos2)
        derivative = series(self.operators, per_gev2={"CWL2": g2 * v / 4.0, "CBL2": g2 * v / 4.0 * sin2 / cos2})
        strength = {"CphiWL2": -2.0 * g2 * v * cos2, "CphiBL2": -g2 * v * sin2**2 / cos2}
        return self.higgs_rows(
            metric=series(self.operators, sm, {"CphidL2": -(v**2) * sm}),
            first_square=derivative,
            second_square=derivative,
            field_strength=series(self.operators, per_gev2=strength) - 2.0 * derivative,
            dual=series(self.operators, per_gev2={"CPWL2": -g2 * v}),
        )

    def _photon_and_z(self, *, photon_first: bool) -> FloatArray:
        v, e2, sin2 = self.inputs.vacuum_expectation_value, self.inputs.electric_charge**2, self.inputs.sin2_theta_w
        sin, cos = sqrt(sin2), sqrt(1.0 - sin2)
        mixing = e2 * v / (4.0 * sin * cos)
        derivative = series(self.operators, per_gev2={"CWL2": mixing, "CBL2": -mixing})
        strength = {"CphiWL2": -2.0 * e2 * v * cos / sin, "CphiBL2": e2 * v * sin / cos}
        square = {"first_square" if photon_first else "second_square": derivative}
        return self.higgs_rows(
            field_strength=series(self.operators, per_gev2=strength) - derivative,
            dual=series(self.operators, per_gev2={"CPWL2": -2.0 * mixing}),
            **square,
        )

    def _photon_pair(self) -> FloatArray:
        # without the loops of the SM, which production leaves out as MadGraph does (coupling order HIW=0)
        v, e2 = self.inputs.vacuum_expectation_value, self.inputs.electric_charge**2
        return self.higgs_rows(
            field_strength=series(self.operators, per_gev2={"CphiWL2": -2.0 * e2 * v, "CphiBL2": -e2 * v})
        )

    def triple(self, neutral: str) -> FloatArray:
        """See `Couplings.triple`."""
        inputs = self.inputs
        sin = sqrt(inputs.sin2_theta_w)
        cos = sqrt(1.0 - inputs.sin2_theta_w)
        g, v = inputs.weak_coupling, inputs.vacuum_expectation_value
        # the share of the neutral W in the boson, and what hypercharge does in its place
        share, other = (sin, cos) if neutral == PHOTON else (cos, -sin)
        kappa = -(g**3) * v**2 / 8.0 * sin * other / cos
        shift = {} if neutral == PHOTON else {"CWL2": -(g**3) * v**2 / (8.0 * cos)}
        return self.triple_rows(
            yang_mills=series(self.operators, g * share, shift),
            kappa=series(self.operators, per_gev2={"CWL2": kappa, "CBL2": kappa}),
            www=series(self.operators, per_gev2={"CWWWL2": -1.5 * g**3 * share}),
            dual_kappa=series(self.operators, per_gev2={"CPWL2": 2.0 * kappa}),
            dual_www=series(self.operators, per_gev2={"CPWWWL2": 3.0 * g**3 * share}),
        )


def photon_pair_coupling(inputs: ElectroweakInputs) -> float:
    """Return A_H in GeV^-1 of the effective interaction -1/4 A_H h F F.

    The W and top loops of the SM, 47 alpha / (18 pi v) for heavy particles in the loop, expanded in w = MH^2 / MW^2 and
    t = MH^2 / MT^2 to the orders which EWdim6 keeps.
    """
    w = (inputs.higgs_mass / inputs.w_mass) ** 2
    t = (inputs.higgs_mass / inputs.top_mass) ** 2
    w_loop = w * (
        33 / 470 + w * (57 / 6580 + w * (87 / 65800 + w * (41 / 180950 + w * (5 / 119756 + w * 213 / 2.634632e7))))
    )
    top_loop = t * (14 / 705 + t * 2 / 987)
    return 47 * inputs.alpha / (18 * pi * inputs.vacuum_expectation_value) * (1 + w_loop - top_loop)
