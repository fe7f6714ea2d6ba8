"""WBF Higgs production to four leptons with all momenta observed: the joint ratio is exact, and estimators near it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.events.eventfile import write_event_file
from assay.events.table import EventTable
from assay.generation.amplitude import amplitude_of
from assay.generation.amplitudes.definition import Amplitude, AmplitudeOptions
from assay.generation.diagrams.higgs_to_leptons import higgs_to_leptons
from assay.generation.from_study import benchmark_couplings
from assay.generation.kinematics import boosted
from assay.generation.sampling import Effort
from assay.study.load import load_study

pytestmark = pytest.mark.slow

Array = NDArray[np.float64]

ROOT = Path(__file__).parents[2]
HIGGS_MASS = 125.0


def module(name: str) -> ModuleType:
    """Return a program of `benchmarks/` as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture(scope="module")
def table() -> EventTable:
    study = load_study(ROOT / "input" / "wbf-4l-parton.yml")
    found: EventTable = module("parton_level").parton_level_events(study, 1000, Effort(20_000, 4, 4_000))
    return found


def column(table: EventTable, name: str) -> Array:
    return np.asarray(table.x[:, [o.name for o in table.observables].index(name)])


def squared(amplitude: Amplitude, momenta: Array, couplings: dict[str, float]) -> Array:
    """Return |M|^2 (n,) with the operators of the amplitude that have a value."""
    values = amplitude.components(momenta) @ np.array([1.0, *(couplings.get(o, 0.0) for o in amplitude.operators)])
    return np.asarray(np.einsum("nhf,fg,nhg->n", values.conj(), amplitude.colour, values).real)


def matrix_elements(table: EventTable, incoming: Array, quarks: Array, leptons: Array, in_decay: Array) -> Array:
    """Return |M|^2 (n, B) of production and decay, of momenta (n, 2, 4), (n, 2, 4) (d, u), and of leptons (n, 4, 4).

    The decay may have its leptons, `in_decay`, in another frame than production.
    """
    production = amplitude_of("wbf_higgs_w_fusion", (2, 1, 1, 2, 25))
    decay = higgs_to_leptons((25, -11, 11, -13, 13), AmplitudeOptions())
    higgs = leptons.sum(axis=1, keepdims=True)
    produced = np.concatenate([incoming, quarks, higgs], axis=1)
    decayed = np.concatenate([in_decay.sum(axis=1, keepdims=True), in_decay], axis=1)
    couplings = benchmark_couplings(table.space).values()
    return np.stack([squared(production, produced, c) * squared(decay, decayed, c) for c in couplings], axis=1)


def along_beams(energies: Array) -> Array:
    """Return massless momenta (n, 2, 4) of energies (n, 2), the second against the first."""
    zero = np.zeros(len(energies))
    first, second = energies.T
    return np.stack([np.stack([first, zero, zero, first], 1), np.stack([second, zero, zero, -second], 1)], axis=1)


def assert_ratios(found: Array, weights: Array) -> None:
    np.testing.assert_allclose(found / found[:, :1], weights / weights[:, :1], rtol=1e-6)


def test_the_weights_are_functions_of_the_observed_momenta(table: EventTable) -> None:
    parts = []
    for particle in range(1, 7):
        pt, eta, phi, energy = (column(table, f"{name}_p{particle}") for name in ("pt", "eta", "phi", "e"))
        parts.append(np.stack([energy, pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)], axis=1))
    momenta = np.stack(parts, axis=1)
    total = momenta.sum(axis=1)
    incoming = along_beams(0.5 * np.stack([total[:, 0] + total[:, 3], total[:, 0] - total[:, 3]], axis=1))
    leptons = momenta[:, 2:]
    assert_ratios(matrix_elements(table, incoming, momenta[:, [1, 0]], leptons, leptons), table.weights)


def test_the_weights_are_functions_of_what_networks_see(table: EventTable) -> None:
    seen = {name: column(table, name) for name in NETWORK_SEES}
    energies = np.stack([seen["e_in_1"], seen["e_in_2"]], axis=1)
    incoming = along_beams(energies)
    minus = seen["q_1"] ** 2 / (2.0 * seen["e_in_1"])
    plus = seen["q_2"] ** 2 / (2.0 * seen["e_in_2"])
    down = massless(seen["pt_p2"] ** 2 / minus, minus, seen["pt_p2"], np.zeros(len(minus)))
    up = massless(plus, seen["pt_p1"] ** 2 / plus, seen["pt_p1"], seen["delta_phi_jj"])
    higgs = incoming.sum(axis=1) - down - up
    leptons = four_leptons(*(seen[name] for name in ("m_ee", "m_mumu", "cos_e", "cos_mu", "phi_planes")))
    quarks = np.stack([down, up], axis=1)
    assert_ratios(matrix_elements(table, incoming, quarks, higgs[:, None], leptons), table.weights)


NETWORK_SEES = (
    *("e_in_1", "e_in_2", "q_1", "q_2", "pt_p1", "pt_p2", "delta_phi_jj"),
    *("m_ee", "m_mumu", "cos_e", "cos_mu", "phi_planes"),
)
"""Those of the observables that networks see from which the others follow."""


def massless(plus: Array, minus: Array, pt: Array, phi: Array) -> Array:
    """Return momenta (n, 4) with E + pz, E - pz, pT and azimuth."""
    return np.stack([(plus + minus) / 2.0, pt * np.cos(phi), pt * np.sin(phi), (plus - minus) / 2.0], axis=1)


def four_leptons(m_ee: Array, m_mumu: Array, cos_e: Array, cos_mu: Array, phi_planes: Array) -> Array:
    """Return e+, e-, mu+, mu- (n, 4, 4) in the Higgs boson's rest frame, the electrons' pair along z."""
    pairs = []
    for mass, other, cosine, phi, side in (
        (m_ee, m_mumu, cos_e, np.zeros(len(m_ee)), 1.0),
        (m_mumu, m_ee, cos_mu, phi_planes - np.pi, -1.0),
    ):
        energy = (HIGGS_MASS**2 + mass**2 - other**2) / (2.0 * HIGGS_MASS)
        flight = np.stack([energy, 0.0 * mass, 0.0 * mass, side * np.sqrt(energy**2 - mass**2)], axis=1)
        # the angle is to the flight of the other pair, as the pair's rest frame sees it
        sine = np.sqrt(1.0 - cosine**2)
        direction = np.stack([sine * np.cos(phi), sine * np.sin(phi), -side * cosine], axis=1)
        positive = np.concatenate([np.ones((len(mass), 1)), direction], axis=1) * (mass / 2.0)[:, None]
        negative = positive * np.array([1.0, -1.0, -1.0, -1.0])
        pairs += [boosted(lepton, flight) for lepton in (positive, negative)]
    return np.stack(pairs, axis=1)


def test_few_events_halve_the_error_of_knowing_nothing(table: EventTable, tmp_path: Path) -> None:
    program = module("wbf_parton_level")
    write_event_file(tmp_path / "events.h5", table)
    problem = program.Problem.of_study(load_study(program.STUDY), tmp_path / "events.h5", 2000)
    nothing = problem.error(lambda theta: np.zeros((1, 1)))
    assert 0.08 < nothing < 0.2  # as hard as the study is said to be
    errors = {name: program.run(problem, name, "quadratic", 1000, 0) for name in ("alice", "sally_midway")}
    assert errors["alice"] < 0.7 * nothing
    assert errors["sally_midway"] < 0.75 * nothing
    assert program.run(problem, "histogram", "", 1000, 0) < nothing
