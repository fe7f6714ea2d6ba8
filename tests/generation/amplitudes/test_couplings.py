from math import pi, sqrt

import numpy as np
import pytest

from assay.generation.amplitudes.couplings import (
    PHOTON,
    Couplings,
    W,
    Z,
    couplings_of,
    electric_charge,
    sm_fermion_coupling,
)
from assay.generation.amplitudes.ewdim6 import photon_pair_coupling
from assay.generation.amplitudes.vertices import HIGGS_STRUCTURES, TRIPLE_STRUCTURES
from assay.generation.model import EWDIM6, MODELS

pytestmark = pytest.mark.fast

EWDIM6_VERTICES = couplings_of("ewdim6")


def coupling(table, names, structure, operator=None):
    column = 0 if operator is None else 1 + EWDIM6_VERTICES.operators.index(operator)
    return table[names.index(structure), column]


def test_charges():
    assert [electric_charge(flavour) for flavour in (2, 1, 4, 3, 11, 12)] == [2 / 3, -1 / 3, 2 / 3, -1 / 3, -1.0, 0.0]


def test_couplings_of_fermions_are_the_standard_models():
    e, sin2 = sqrt(4.0 * pi / 127.9), EWDIM6.sin2_theta_w
    unit = e / sqrt(sin2 * (1.0 - sin2))
    assert sm_fermion_coupling(EWDIM6, PHOTON, 1, True) == pytest.approx(-e / 3.0)
    assert sm_fermion_coupling(EWDIM6, Z, 2, True) == pytest.approx(unit * (0.5 - 2.0 / 3.0 * sin2))
    assert sm_fermion_coupling(EWDIM6, Z, 2, False) == pytest.approx(-unit * 2.0 / 3.0 * sin2)
    assert sm_fermion_coupling(EWDIM6, Z, 12, False) == 0.0
    assert sm_fermion_coupling(EWDIM6, W, 11, True) == pytest.approx(e / sqrt(2.0 * sin2))
    assert sm_fermion_coupling(EWDIM6, W, 11, False) == 0.0


@pytest.mark.parametrize("model", MODELS)
def test_the_standard_models_vertices_are_those_of_the_gauge_symmetry(model):
    vertices = couplings_of(model)
    inputs = vertices.inputs
    masses = vertices.higgs(W, W)[0, 0], vertices.higgs(Z, Z)[0, 0]
    v = inputs.vacuum_expectation_value
    assert masses == pytest.approx((2.0 * inputs.w_mass**2 / v, 2.0 * inputs.z_mass**2 / v))
    assert vertices.higgs(PHOTON, Z)[:, 0] == pytest.approx(0.0)
    assert vertices.higgs(PHOTON, PHOTON)[:, 0] == pytest.approx(0.0)


def test_triple_vertices_of_the_standard_model():
    photon, z = (EWDIM6_VERTICES.triple(boson) for boson in (PHOTON, Z))
    tangent = sqrt(EWDIM6.sin2_theta_w / (1.0 - EWDIM6.sin2_theta_w))
    assert photon[:, 0] == pytest.approx([EWDIM6.electric_charge, 0.0, 0.0, 0.0, 0.0])
    assert z[:, 0] == pytest.approx(photon[:, 0] / tangent)


def test_anomalous_triple_vertices_obey_the_relations_of_dimension_six():
    """Delta kappa_Z = Delta g_Z - tan^2 Delta kappa_gamma, lambda_Z = lambda_gamma (arXiv:hep-ph/9601233, eq. 2.22)."""
    photon, z = (EWDIM6_VERTICES.triple(boson) for boson in (PHOTON, Z))
    tan2 = EWDIM6.sin2_theta_w / (1.0 - EWDIM6.sin2_theta_w)

    def relative(table, structure, operator):
        return coupling(table, TRIPLE_STRUCTURES, structure, operator) / table[0, 0]

    for operator in ("CWL2", "CBL2"):
        # kappa counts from one where yang_mills has g1 and kappa together, so that its row is kappa - g1
        expected = -tan2 * relative(photon, "kappa", operator)
        assert relative(z, "kappa", operator) == pytest.approx(expected)
    assert relative(z, "dual_kappa", "CPWL2") == pytest.approx(-tan2 * relative(photon, "dual_kappa", "CPWL2"))
    assert relative(z, "yang_mills", "CBL2") == relative(photon, "yang_mills", "CWL2") == 0.0
    for structure, operator in (("www", "CWWWL2"), ("dual_www", "CPWWWL2")):
        assert relative(z, structure, operator) == pytest.approx(relative(photon, structure, operator))


def test_vertices_do_not_depend_on_the_order_of_the_bosons():
    first, second = EWDIM6_VERTICES.higgs(PHOTON, Z), EWDIM6_VERTICES.higgs(Z, PHOTON)
    np.testing.assert_array_equal(first[[0, 2, 1, 3, 4]], second)
    for boson in (W, Z):
        np.testing.assert_array_equal(*EWDIM6_VERTICES.higgs(boson, boson)[1:3])


def test_the_normalisation_of_the_higgs_field_multiplies_the_standard_model():
    v = EWDIM6.vacuum_expectation_value
    for boson in (W, Z):
        table = EWDIM6_VERTICES.higgs(boson, boson)
        metric = coupling(table, HIGGS_STRUCTURES, "metric", "CphidL2") / table[0, 0]
        assert metric == pytest.approx(-1e-6 * v**2)


def test_widths_and_masses():
    assert [EWDIM6_VERTICES.width(boson) for boson in (W, Z, PHOTON)] == [2.085, 2.4952, 0.0]
    assert EWDIM6_VERTICES.mass(W) == pytest.approx(79.824360, abs=1e-6)
    assert EWDIM6_VERTICES.mass(PHOTON) == 0.0


def test_loops_of_two_photons():
    """47 alpha / (18 pi v), times 1 + 33/470 w - 14/705 t for slightly heavy particles."""
    heavy = 47.0 / (127.9 * 18.0 * pi * EWDIM6.vacuum_expectation_value)
    assert 1.0 < photon_pair_coupling(EWDIM6) / heavy < 1.4
    assert issubclass(type(EWDIM6_VERTICES), Couplings)
