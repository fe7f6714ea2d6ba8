from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import AmplitudeOptions
from assay.generation.diagrams.higgs_to_leptons import higgs_to_leptons
from assay.generation.kinematics import boosted, from_rapidity, minkowski_product
from assay.generation.matrix_element import squared_matrix_element
from assay.generation.model import EWDIM6

pytestmark = pytest.mark.fast

POINTS = Path(__file__).parents[2] / "data" / "matrix-elements"
DECAYS = {"h_eemm": "ewdim6", "h_eeee": "ewdim6", "h_evmv": "ewdim6", "smeft_h_eemm": "warsaw"}
LEGS = (25, -11, 11, -13, 13)


def read_decay(name):
    """PDG ids, momenta (n, 5, 4), and column to |M|^2 (n,)."""
    lines = (POINTS / f"{name}_points.csv").read_text().splitlines()
    legs = tuple(int(leg) for leg in lines[0].split("[")[1].split("]")[0].split(","))
    momenta = np.array([line.split(",")[2:] for line in lines[2:]], dtype=float).reshape(-1, len(legs), 4)
    rows = (POINTS / f"{name}_me2.csv").read_text().splitlines()[1:]
    names = rows[0].split('"')[1::2]
    values = np.array([row.split(",")[1:] for row in rows[1:]], dtype=float)
    return legs, momenta, dict(zip(names, values.T, strict=True))


def squares(amplitude, momenta, column="sm"):
    couplings = {} if column == "sm" else dict(part.split("=") for part in column.split(","))
    vector = np.array([1.0, *(float(couplings.get(name, 0.0)) for name in amplitude.operators)])
    return amplitude.colour[0, 0] * np.sum(np.abs(amplitude.components(momenta) @ vector) ** 2, axis=(1, 2))


@pytest.mark.parametrize("name", DECAYS)
def test_agrees_with_madgraph(name):
    legs, momenta, columns = read_decay(name)
    amplitude = higgs_to_leptons(legs, AmplitudeOptions(DECAYS[name]))
    assert len(columns) >= 11
    for column, expected in columns.items():
        np.testing.assert_allclose(squares(amplitude, momenta, column), expected, rtol=1e-10, err_msg=column)


def test_production_times_decay_is_the_whole_process(reference_table):
    """MadGraph's decay chain, with operators in both: |M|^2 = production / (MH Gamma)^2 decay, powers (2, 2)."""
    table = reference_table("ud_udh_eemm")
    higgs = table.momenta[:, 4:].sum(axis=1)
    produced = np.concatenate([table.momenta[:, :4], higgs[:, None]], axis=1)
    decayed = np.concatenate([higgs[:, None], table.momenta[:, 4:]], axis=1)
    decay = higgs_to_leptons(LEGS, AmplitudeOptions())
    offset = minkowski_product(higgs, higgs) - EWDIM6.higgs_mass**2
    propagator = 1.0 / (offset**2 + (EWDIM6.higgs_mass * EWDIM6.higgs_width) ** 2)
    options = AmplitudeOptions(t_channel_width=True)
    for column, (couplings, expected) in table.columns.items():
        production = squared_matrix_element("wbf_higgs_w_fusion", produced, couplings, (2, 1, 2, 1, 25), options)
        found = production * propagator * squares(decay, decayed, column)
        np.testing.assert_allclose(found, expected, rtol=1e-7, err_msg=column)


def test_order_of_the_legs_is_free():
    _, momenta, columns = read_decay("h_eeee")
    for order in list(permutations(range(1, 5)))[::5]:
        legs = (25, *((-11, 11, -11, 11)[leg - 1] for leg in order))
        found = squares(higgs_to_leptons(legs, AmplitudeOptions()), momenta[:, [0, *order]])
        np.testing.assert_allclose(found, columns["sm"], rtol=1e-10)


def test_is_the_same_in_every_frame():
    legs, momenta, columns = read_decay("h_eemm")
    frame = from_rapidity(*(np.full(len(momenta), value) for value in (80.0, 1.3, 0.4)), 125.0)
    moving = np.stack([boosted(momenta[:, leg], frame) for leg in range(5)], axis=1)
    np.testing.assert_allclose(squares(higgs_to_leptons(legs, AmplitudeOptions()), moving), columns["sm"], rtol=1e-9)


def test_photons_can_be_left_out():
    """Operators alone bring photons here, the SM's loops being left out."""
    legs, momenta, columns = read_decay("h_eemm")
    alone = higgs_to_leptons(legs, AmplitudeOptions(exclude=("a",)))
    np.testing.assert_allclose(squares(alone, momenta), columns["sm"], rtol=1e-10)
    assert np.max(np.abs(squares(alone, momenta, "CBL2=10") / columns["CBL2=10"] - 1.0)) > 0.1


@pytest.mark.parametrize(
    "legs",
    [(25, -11, 11), (25, -11, 11, -2, 2), (23, -11, 11, -13, 13), (25, -11, 13, -11, 13), (25, 11, 11, 13, 13)],
)
def test_other_decays_are_refused(legs):
    with pytest.raises(GenerationError, match="no decay"):
        higgs_to_leptons(legs, AmplitudeOptions())
