"""The models of the embedded generator: input parameters, and operators with their places in the parameter card.

- `ewdim6`: EWdim6 (arXiv:1205.4231), inputs alpha, G_F, MZ;
- `warsaw`: the Warsaw basis as in SMEFTsim (arXiv:2012.11343), flavour U35, inputs MW, G_F, MZ.

Coefficients are c / Lambda^2 in TeV^-2 in both. `Amplitude.operators` tells which ones change a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import pi, sqrt

from assay.errors import GenerationError

GEV_MINUS_2_IN_PB = 0.3893793721e9
"""(hbar c)^2: pb per GeV^-2."""

PER_TEV2_IN_PER_GEV2 = 1.0e-6
"""TeV^-2 in GeV^-2."""


@dataclass(frozen=True)
class ElectroweakInputs:
    """Input parameters at tree level; masses and widths in GeV, `fermi_constant` in GeV^-2.

    The CKM matrix is one, and all fermions but top and bottom are massless.
    """

    fermi_constant: float
    w_mass: float
    z_mass: float
    higgs_mass: float = 125.0
    top_mass: float = 172.0
    bottom_mass: float = 4.7
    w_width: float = 2.085
    z_width: float = 2.4952
    higgs_width: float = 0.00407

    @property
    def sin2_theta_w(self) -> float:
        """1 - MW^2 / MZ^2."""
        return 1.0 - (self.w_mass / self.z_mass) ** 2

    @property
    def vacuum_expectation_value(self) -> float:
        """The Higgs field's v = (sqrt2 G_F)^(-1/2), in GeV."""
        return 1.0 / sqrt(sqrt(2.0) * self.fermi_constant)

    @property
    def weak_coupling(self) -> float:
        """The SU(2) coupling g = 2 MW / v."""
        return 2.0 * self.w_mass / self.vacuum_expectation_value

    @property
    def electric_charge(self) -> float:
        """The positron's charge e = g sin(theta_W)."""
        return self.weak_coupling * sqrt(self.sin2_theta_w)

    @property
    def alpha(self) -> float:
        """The electromagnetic coupling e^2 / (4 pi)."""
        return self.electric_charge**2 / (4.0 * pi)


def w_mass_from_alpha(inverse_alpha: float, fermi_constant: float, z_mass: float) -> float:
    """Return MW in GeV from MW^2 = MZ^2 [1/2 + sqrt(1/4 - pi alpha / (sqrt2 G_F MZ^2))]."""
    z2 = z_mass**2
    return sqrt(z2 / 2.0 + sqrt(z2**2 / 4.0 - pi * z2 / (sqrt(2.0) * fermi_constant * inverse_alpha)))


@dataclass(frozen=True)
class Operator:
    """An operator: name of its coefficient, and the block and entry of the parameter card that set it."""

    name: str
    block: str
    entry: int


@dataclass(frozen=True)
class Model:
    """Input parameters and operators; `operators` in the order in which amplitudes list them."""

    name: str
    title: str
    inputs: ElectroweakInputs
    card: tuple[Operator, ...]

    @property
    def operators(self) -> tuple[str, ...]:
        """Names of the operators."""
        return tuple(operator.name for operator in self.card)

    def operator_of_entry(self, block: str, entry: int) -> str | None:
        """Return the operator that an entry of the parameter card sets; None if it is none."""
        names = (o.name for o in self.card if (o.block.lower(), o.entry) == (block.lower(), entry))
        return next(names, None)


OPERATORS_OF_EWDIM6 = ("CWWWL2", "CWL2", "CBL2", "CPWWWL2", "CPWL2", "CphidL2", "CphiWL2", "CphiBL2")
"""Coefficients c / Lambda^2 in TeV^-2, in the order of the parameter card's block `dim6` (1 to 8)."""

EWDIM6 = ElectroweakInputs(
    fermi_constant=1.16637e-5, w_mass=w_mass_from_alpha(127.9, 1.16637e-5, 91.1876), z_mass=91.1876
)

_SMEFT_ENTRIES = {
    "cHbox": 4, "cHDD": 5, "cHW": 7, "cHB": 8, "cHWB": 9, "cHl1": 21, "cHl3": 22, "cHe": 23,
    "cHq1": 24, "cHq3": 25, "cHu": 26, "cHd": 27, "cll1": 30,
}  # fmt: skip
_SMEFT_CP_ODD_ENTRIES = {"cHWtil": 4, "cHBtil": 5, "cHWBtil": 6}

MODELS: dict[str, Model] = {
    "ewdim6": Model(
        name="ewdim6",
        title="EWdim6",
        inputs=EWDIM6,
        card=tuple(Operator(name, "dim6", entry) for entry, name in enumerate(OPERATORS_OF_EWDIM6, start=1)),
    ),
    "warsaw": Model(
        name="warsaw",
        title="Warsaw basis (SMEFTsim_U35_MwScheme, Lambda = 1 TeV)",
        inputs=ElectroweakInputs(fermi_constant=1.166379e-5, w_mass=80.387, z_mass=91.1876),
        card=(
            *(Operator(name, "SMEFT", entry) for name, entry in _SMEFT_ENTRIES.items()),
            *(Operator(name, "SMEFTcpv", entry) for name, entry in _SMEFT_CP_ODD_ENTRIES.items()),
        ),
    ),
}
"""All models by name."""


def find_model(name: str) -> Model:
    """Return a model by name.

    Raises
    ------
    GenerationError
        If there is none of that name.
    """
    try:
        return MODELS[name]
    except KeyError:
        raise GenerationError(f"unknown model {name!r}", expected=f"one of {', '.join(MODELS)}") from None
