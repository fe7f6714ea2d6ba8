"""Parameters of the model EWdim6 (arXiv:1205.4231): inputs alpha, G_F, MZ; masses and couplings at tree level."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

GEV_MINUS_2_IN_PB = 0.3893793721e9
"""(hbar c)^2: pb per GeV^-2."""

PER_TEV2_IN_PER_GEV2 = 1.0e-6
"""TeV^-2 in GeV^-2."""


OPERATORS_OF_EWDIM6 = ("CWWWL2", "CWL2", "CBL2", "CPWWWL2", "CPWL2", "CphidL2", "CphiWL2", "CphiBL2")
"""Coefficients c / Lambda^2 in TeV^-2, in the order of the parameter card's block `dim6` (1 to 8)."""


@dataclass(frozen=True)
class ElectroweakInputs:
    """Input parameters; masses and widths in GeV, `fermi_constant` in GeV^-2."""

    inverse_alpha: float = 127.9
    fermi_constant: float = 1.16637e-5
    z_mass: float = 91.1876
    higgs_mass: float = 125.0
    top_mass: float = 172.0
    w_width: float = 2.085
    higgs_width: float = 0.00407

    @property
    def alpha(self) -> float:
        """The electromagnetic coupling at MZ."""
        return 1.0 / self.inverse_alpha

    @property
    def w_mass(self) -> float:
        """MW^2 = MZ^2 [1/2 + sqrt(1/4 - pi alpha / (sqrt2 G_F MZ^2))], in GeV."""
        z2 = self.z_mass**2
        return sqrt(z2 / 2.0 + sqrt(z2**2 / 4.0 - pi * self.alpha * z2 / (sqrt(2.0) * self.fermi_constant)))

    @property
    def sin2_theta_w(self) -> float:
        """1 - MW^2 / MZ^2."""
        return 1.0 - (self.w_mass / self.z_mass) ** 2

    @property
    def weak_coupling(self) -> float:
        """The SU(2) coupling g = e / sin(theta_W)."""
        return sqrt(4.0 * pi * self.alpha / self.sin2_theta_w)

    @property
    def vacuum_expectation_value(self) -> float:
        """The Higgs field's v = 2 MW / g, in GeV."""
        return 2.0 * self.w_mass / self.weak_coupling


EWDIM6 = ElectroweakInputs()
