from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.observables.particles import ParticleList, Particles

pytestmark = pytest.mark.fast


@pytest.fixture
def three_events() -> ParticleList:
    pt = np.array([9.0, 5.0, 7.0, 6.0, 4.0])
    return ParticleList(
        np.array([2, 0, 3]), {"pt": pt, "eta": pt / 10, "phi": -pt / 10, "m": 0 * pt, "charge": np.sign(pt - 6)}
    )


def test_particles_by_their_place(three_events: ParticleList) -> None:
    for index, expected in [
        (0, [9, np.nan, 7]),
        (1, [5, np.nan, 6]),
        (2, [np.nan, np.nan, 4]),
        (-1, [5, np.nan, 4]),
        (-3, [np.nan, np.nan, 7]),
    ]:
        momenta, missing = three_events.at(index)
        np.testing.assert_array_equal(momenta.pt, expected)
        np.testing.assert_array_equal(missing, np.isnan(expected))
        np.testing.assert_allclose(momenta.get("charge"), np.sign(np.array(expected) - 6))


def test_selected_particles(three_events: ParticleList) -> None:
    few = three_events.where(three_events.columns["pt"] > 5.5)
    np.testing.assert_array_equal(few.counts, [1, 0, 2])
    np.testing.assert_array_equal(few.columns["pt"], [9, 7, 6])


def test_leptons_are_merged_with_all_their_attributes(make_events: Callable[[int, int], ak.Array]) -> None:
    # the trap: sorting pT, eta and phi while mass, charge and flavour stay where they were
    events = make_events(200, 11)
    leptons = Particles(events).list("l")
    rows = []
    for i, event in enumerate(ak.to_list(events)):
        found = [
            (i, *(x[name] for name in ("pt", "eta", "phi", "mass", "charge")), -code * x["charge"])
            for code, kind in ((11, "electrons"), (13, "muons"))
            for x in event[kind]
        ]
        rows += sorted(found, key=lambda row: -row[1])
    expected = np.array(rows)
    names = ("pt", "eta", "phi", "m", "charge", "pdgid")
    np.testing.assert_array_equal(leptons.event, expected[:, 0])
    np.testing.assert_array_equal(np.stack([leptons.columns[name] for name in names], axis=1), expected[:, 1:])


def test_b_jets_and_neutrinos_are_subsets(make_events: Callable[[int, int], ak.Array]) -> None:
    events = make_events(100, 12)
    particles = Particles(events)
    np.testing.assert_array_equal(particles.list("b").counts, ak.sum(events.jets.btag == 1, axis=1))
    assert set(np.abs(particles.list("v").columns["pdgid"])) <= {12, 14, 16}
