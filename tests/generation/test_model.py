from math import pi, sqrt

import pytest

from assay.errors import GenerationError
from assay.generation.model import EWDIM6, MODELS, find_model, w_mass_from_alpha

pytestmark = pytest.mark.fast


def test_masses_and_couplings_of_ewdim6():
    """Figures of the reference's README."""
    assert pytest.approx(79.824360, abs=1e-6) == EWDIM6.w_mass
    assert EWDIM6.vacuum_expectation_value == pytest.approx(246.22, abs=0.005)
    assert EWDIM6.alpha == pytest.approx(1.0 / 127.9, rel=1e-12)
    assert EWDIM6.electric_charge == pytest.approx(sqrt(4.0 * pi / 127.9))


def test_w_mass_solves_the_relation_of_muon_decay():
    mass = w_mass_from_alpha(127.9, 1.16637e-5, 91.1876)
    sin2 = 1.0 - (mass / 91.1876) ** 2
    assert pi / 127.9 / (sqrt(2.0) * 1.16637e-5 * mass**2 * sin2) == pytest.approx(1.0, rel=1e-12)


def test_the_warsaw_basis_has_the_w_mass_as_input():
    inputs = MODELS["warsaw"].inputs
    assert (inputs.w_mass, inputs.z_mass, inputs.fermi_constant) == (80.387, 91.1876, 1.166379e-5)
    assert inputs.weak_coupling == pytest.approx(2.0 * 80.387 * sqrt(sqrt(2.0) * 1.166379e-5))


def test_operators_know_their_place_in_the_parameter_card():
    model = find_model("ewdim6")
    assert model.operators == ("CWWWL2", "CWL2", "CBL2", "CPWWWL2", "CPWL2", "CphidL2", "CphiWL2", "CphiBL2")
    assert [model.operator_of_entry("dim6", entry) for entry in range(10)] == [None, *model.operators, None]
    assert model.operator_of_entry("DIM6", 2) == "CWL2"
    assert model.operator_of_entry("mass", 2) is None
    warsaw = find_model("warsaw")
    assert warsaw.operator_of_entry("smeft", 25) == "cHq3"
    assert warsaw.operator_of_entry("smeftcpv", 4) == "cHWtil"


def test_unknown_models_are_refused():
    with pytest.raises(GenerationError, match="ewdim6, warsaw"):
        find_model("heft")
