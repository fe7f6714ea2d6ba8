from __future__ import annotations

from pathlib import Path

import awkward as ak
import numpy as np
import pytest

from assay.generation.lhe import read_lhe
from assay.simulation.parton_level import parton_level

pytestmark = pytest.mark.fast

HEAD = '<LesHouchesEvents version="3.0">\n<init>\n2212 2212 6500. 6500. 0 0 0 0 3 1\n1. 0. 1. 1\n</init>\n'


def event(*particles: tuple[int, int, float, float, float, float]) -> str:
    """An event of (pdgid, status, px, py, pz, mass), after two incoming particles of which the first has everything."""
    rows = [
        (p[0], p[1], *p[2:5], float(np.sqrt(p[2] ** 2 + p[3] ** 2 + p[4] ** 2 + p[5] ** 2)), p[5]) for p in particles
    ]
    total = np.sum([row[2:6] for row in rows if row[1] == 1], axis=0)
    mass = np.sqrt(total[3] ** 2 - np.sum(total[:3] ** 2))
    rows = [(2, -1, *total, mass), (21, -1, 0.0, 0.0, 0.0, 0.0, 0.0), *rows]
    lines = [f"{len(rows)} 1 0.25 100. 0.0078 0.118"]
    lines += [f"{row[0]} {row[1]} 0 0 0 0 {' '.join(str(float(value)) for value in row[2:])} 0. 9." for row in rows]
    return "<event>\n" + "\n".join(lines) + "\n</event>\n"


@pytest.fixture
def objects(tmp_path: Path) -> ak.Array:
    first = event(
        (1, 1, 10, 0, 5, 0), (21, 1, 0, 40, 5, 0), (-5, 1, 0, -30, 5, 4.7),
        (22, 1, 25, 0, 0, 0), (-11, 1, 0, 20, 0, 0), (13, 1, -15, 0, 0, 0), (12, 1, 3, 0, 9, 0), (-14, 1, 0, 4, 0, 0),
        (23, 2, 1, 2, 3, 91), (25, 1, 7, 7, 7, 125), (15, 1, 9, 9, 9, 1.777),
    )  # fmt: skip
    (tmp_path / "events.lhe").write_text(HEAD + first + event((22, 1, 1, 0, 0, 0)) + "</LesHouchesEvents>\n")
    return parton_level(read_lhe(tmp_path / "events.lhe"))


def test_partons_become_objects(objects: ak.Array) -> None:
    first = objects[0]
    np.testing.assert_allclose(first.jets.pt, [40, 30, 10])
    assert ak.to_list(first.jets.btag) == [0, 1, 0]
    assert ak.to_list(first.jets.ctag) == [0, 0, 0]
    assert ak.to_list(first.jets.flavour) == [0, 5, 0]
    np.testing.assert_allclose(first.jets.mass, [0, 4.7, 0])
    np.testing.assert_allclose(first.photons.pt, [25])
    assert ak.to_list(first.electrons.charge) == [1]
    assert ak.to_list(first.muons.charge) == [-1]


def test_neutrinos_are_the_missing_momentum(objects: ak.Array) -> None:
    np.testing.assert_allclose(objects.met.pt, [5.0, 0.0])
    assert objects.met.phi[0] == pytest.approx(np.arctan2(4, 3))


def test_the_final_state_stays_available(objects: ak.Array) -> None:
    identities = set(ak.to_list(objects.particles[0].pdgid))
    assert identities == {1, 21, -5, 22, -11, 13, 12, -14, 25, 15}  # neither incoming nor intermediate
    assert ak.to_list(ak.num(objects.particles)) == [10, 1]


def test_numbers_and_weights(objects: ak.Array) -> None:
    np.testing.assert_array_equal(objects.event_number, [0, 1])
    np.testing.assert_array_equal(objects.weight, [0.25, 0.25])


def test_every_event_of_the_default_process_has_two_jets_and_two_photons(madgraph: Path) -> None:
    sample = read_lhe(madgraph)
    found = parton_level(sample)
    assert ak.all(ak.num(found.jets) == 2)
    assert ak.all(ak.num(found.photons) == 2)
    mass = (found.photons[:, 0] + found.photons[:, 1]).mass
    np.testing.assert_allclose(mass, 125.0, atol=0.1)
    total = ak.sum(found.jets.px, axis=1) + ak.sum(found.photons.px, axis=1)
    np.testing.assert_allclose(total, 0.0, atol=1e-6)
