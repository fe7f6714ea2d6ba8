"""The comparison with MadGraph sees a coupling that is wrong by a thousandth, whichever it is."""

import numpy as np
import pytest

from assay.generation.amplitude import DIAGRAMS, AmplitudeOptions
from assay.generation.amplitudes.couplings import couplings_of
from assay.generation.amplitudes.ewdim6 import EWdim6Couplings
from assay.generation.amplitudes.vertices import HIGGS_STRUCTURES, TRIPLE_STRUCTURES
from assay.generation.diagrams import two_lines, vector_pair
from assay.generation.matrix_element import coupling_vector, squared

pytestmark = pytest.mark.fast

STANDALONE = AmplitudeOptions(t_channel_width=True)
SEEN = 1e-6
"""Relative; the comparison itself tolerates 1e-9."""

HIGGS_FAULTS = [
    ("metric", None, "sm"),
    ("metric", "CphidL2", "CphidL2=1"),
    ("first_square", "CWL2", "CWL2=10"),
    ("second_square", "CWL2", "CWL2=10"),
    ("field_strength", "CWL2", "CWL2=10"),
    ("field_strength", "CphiWL2", "CphiWL2=1"),
    ("dual", "CPWL2", "CPWL2=10"),
    ("first_square", "CBL2", "CBL2=10"),
    ("field_strength", "CBL2", "CBL2=10"),
    ("field_strength", "CphiBL2", "CphiBL2=1"),
]
TRIPLE_FAULTS = [
    ("yang_mills", None, "sm"),
    ("yang_mills", "CWL2", "CWL2=10"),
    ("www", "CWWWL2", "CWWWL2=10"),
    ("kappa", "CWL2", "CWL2=10"),
    ("kappa", "CBL2", "CBL2=10"),
    ("dual_kappa", "CPWL2", "CPWL2=10"),
    ("dual_www", "CPWWWL2", "CPWWWL2=10"),
]
NEUTRAL_BOSONS_ALONE = ("CBL2", "CphiBL2")
CHARGED = [("wbf_higgs_w_fusion", "ud_udh_Wonly"), ("wh", "udx_evh")]
NEUTRAL = [("zh", "uux_eeh"), ("wbf_higgs", "uu_uuh")]
PAIRS = [("ee_ww", "ee_ww"), ("ww", "uux_wwlvlv")]
CHARGE_OF_THE_W = ("yang_mills", "CWL2", "CWL2=10")
"""Of the Z boson alone: the photon's coupling is no anomalous one."""


def deviation(process, table, column):
    """Return the largest relative difference, of an amplitude that is built anew."""
    amplitude = DIAGRAMS[process].amplitude(table.legs, STANDALONE)
    couplings, expected = table.columns[column]
    vector = coupling_vector(amplitude.operators, couplings)[None]
    found = squared(amplitude, amplitude.components(table.momenta), vector)[:, 0]
    return np.max(np.abs(found / expected - 1.0))


@pytest.fixture
def spoil(monkeypatch):
    """Multiply an entry of a model's table of couplings by 1.001."""

    def make(method, structures, row, operator):
        right = getattr(EWdim6Couplings, method)
        column = 0 if operator is None else 1 + couplings_of("ewdim6").operators.index(operator)

        def wrong(self, *bosons):
            table = right(self, *bosons).copy()
            table[structures.index(row), column] *= 1.001
            return table

        monkeypatch.setattr(EWdim6Couplings, method, wrong)

    return make


@pytest.mark.parametrize(
    ("process", "name", "row", "operator", "column"),
    [
        *((*charged, *fault) for charged in CHARGED for fault in HIGGS_FAULTS if fault[1] not in NEUTRAL_BOSONS_ALONE),
        *((*neutral, *fault) for neutral in NEUTRAL for fault in HIGGS_FAULTS),
    ],
)
def test_of_higgs_vertices(reference_table, spoil, process, name, row, operator, column):
    table = reference_table(name)
    assert deviation(process, table, column) < 1e-9
    spoil("higgs", HIGGS_STRUCTURES, row, operator)
    assert deviation(process, table, column) > SEEN


@pytest.mark.parametrize(
    ("process", "name", "row", "operator", "column"),
    [
        *(("wgamma", "udx_eva", *fault) for fault in TRIPLE_FAULTS if fault != CHARGE_OF_THE_W),
        *((*pair, *fault) for pair in PAIRS for fault in TRIPLE_FAULTS),
    ],
)
def test_of_triple_vertices(reference_table, spoil, process, name, row, operator, column):
    table = reference_table(name)
    assert deviation(process, table, column) < 1e-9
    spoil("triple", TRIPLE_STRUCTURES, row, operator)
    assert deviation(process, table, column) > SEEN


def test_of_the_fermion_between_two_w_bosons(reference_table, monkeypatch):
    right = vector_pair.absorbed
    monkeypatch.setattr(vector_pair, "absorbed", lambda *arguments: 1.001 * right(*arguments))
    assert deviation("ee_ww", reference_table("ee_ww"), "sm") > 1e-4


def test_of_fermi_statistics(reference_table, monkeypatch):
    monkeypatch.setattr(two_lines, "permutation_sign", lambda lines: 1)
    assert deviation("wbf_higgs", reference_table("uu_uuh"), "sm") > 1e-3
