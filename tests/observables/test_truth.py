from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import ExpressionError
from assay.generation.lhe import LHESample, read_lhe
from assay.observables.evaluation import Evaluator
from assay.observables.particles import Particles
from assay.observables.truth import Generated, charges
from assay.simulation.parton_level import parton_level
from assay.study.expressions import parse

pytestmark = pytest.mark.fast

LHE = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"
PLACES = np.array([7, 3, 150, 0])


@pytest.fixture(scope="module")
def sample() -> LHESample:
    return read_lhe(LHE)


@pytest.fixture(scope="module")
def particles(sample: LHESample) -> Particles:
    return Particles(parton_level(sample)[PLACES], Generated(sample, PLACES))


def value(particles: Particles, text: str) -> np.ndarray:
    return Evaluator(particles, {}).evaluate(parse(text)).values


def rows_of(sample: LHESample, event: int) -> np.ndarray:
    """Rows of the final state in the order of the file."""
    rows = np.arange(sample.offsets[event], sample.offsets[event + 1])
    return rows[sample.status[rows] == 1]


def test_particles_stand_in_the_order_of_the_generators_file(sample: LHESample, particles: Particles) -> None:
    for index in range(4):
        rows = [rows_of(sample, event)[index] for event in PLACES]
        np.testing.assert_array_equal(value(particles, f"p[{index}].pdgid"), sample.pdg_id[rows])
        np.testing.assert_array_equal(value(particles, f"p_truth[{index}].spin"), sample.spins[rows])
        for component, name in enumerate(("e", "px", "py", "pz")):
            expected = sample.four_momenta[rows, component]
            np.testing.assert_allclose(value(particles, f"p[{index}].{name}"), expected, rtol=1e-6, atol=1e-6)
    hardest = value(particles, "max(p.pt)")
    assert (value(particles, "p[0].pt") < hardest).any()  # the order is not that of transverse momenta


def test_decay_products_of_the_generator_add_up(particles: Particles) -> None:
    np.testing.assert_allclose(value(particles, "(p[2] + p[3]).m"), 125.0, atol=0.1)
    np.testing.assert_allclose(value(particles, "sum(p).pt"), 0.0, atol=1e-3)


def test_numbers_of_events(sample: LHESample, particles: Particles) -> None:
    np.testing.assert_array_equal(value(particles, "scale"), sample.scales[PLACES])
    np.testing.assert_array_equal(value(particles, "alpha_qcd"), sample.alpha_qcd[PLACES])
    np.testing.assert_array_equal(value(particles, "alpha_qed"), sample.alpha_qed[PLACES])
    np.testing.assert_array_equal(value(particles, "n_particles"), sample.particle_counts[PLACES])


def test_an_earlier_observable_goes_before_a_number_of_events(particles: Particles) -> None:
    evaluator = Evaluator(particles, {"scale": np.arange(4.0)})
    np.testing.assert_array_equal(evaluator.evaluate(parse("scale", variables=("scale",))).values, np.arange(4.0))


def test_without_the_generators_events_nothing_of_them_is_known(sample: LHESample) -> None:
    alone = Particles(parton_level(sample))
    with pytest.raises(ExpressionError, match="not known without"):
        value(alone, "scale")
    with pytest.raises(ExpressionError, match="is not known"):
        value(alone, "p[0].spin")


def test_charges() -> None:
    codes = [1, -1, 2, -2, 11, -11, 12, 13, 15, 22, 21, 23, 24, -24, 25, 5, 6]
    thirds = [-1, 1, 2, -2, -3, 3, 0, -3, -3, 0, 0, 0, 3, -3, 0, -1, 2]
    np.testing.assert_allclose(3 * charges(np.array(codes, dtype=float)), thirds)


def test_the_charge_of_the_final_state_is_that_of_the_protons_quarks(sample: LHESample, particles: Particles) -> None:
    incoming = [np.sum(charges(sample.pdg_id[sample.offsets[e] : sample.offsets[e] + 2].astype(float))) for e in PLACES]
    np.testing.assert_allclose(value(particles, "sum(p.charge)"), incoming)
    np.testing.assert_allclose(value(particles, "(p[0] + p[1]).charge"), incoming)
