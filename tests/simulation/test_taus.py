"""Hadronic taus, in records written by hand and in Pythia's."""

from __future__ import annotations

import awkward as ak
import numpy as np
import pytest
import pythia8mc

from assay.simulation.taus import hadronic_taus

pytestmark = pytest.mark.fast

HADRONIC = 0.648
"""Share of tau decays to hadrons (Particle Data Group)."""

Row = tuple[int, int, float, float, float, float]


def record(*events: list[Row]) -> ak.Array:
    names = ("id", "mother1", "px", "py", "pz", "e")
    flat = np.array([row for event in events for row in event], dtype=np.float64).reshape(-1, 6).T
    return ak.unflatten(ak.zip(dict(zip(names, flat, strict=True))), [len(event) for event in events])


SYSTEM: Row = (90, 0, 0.0, 0.0, 0.0, 500.0)


def test_the_neutrino_is_taken_away() -> None:
    event = [SYSTEM, (15, 0, 30.0, 0.0, 40.0, 50.1), (16, 1, 10.0, 0.0, 5.0, 11.2), (-211, 1, 20.0, 0.0, 35.0, 38.9)]
    (tau,) = hadronic_taus(record(event))[0]
    assert [tau.px, tau.py, tau.pz] == [20.0, 0.0, 35.0]
    assert tau.e == pytest.approx(38.9)


def test_leptonic_decays_and_other_neutrinos_do_not_count() -> None:
    leptonic = [
        SYSTEM,
        (15, 0, 30.0, 0.0, 40.0, 50.1),
        (16, 1, 9.0, 0, 0, 9),
        (13, 1, 9.0, 0, 0, 9),
        (-14, 1, 9.0, 0, 0, 9),
    ]
    from_w = [SYSTEM, (24, 0, 30.0, 0.0, 40.0, 90.0), (-15, 1, 1.0, 0, 0, 2.0), (16, 1, 9.0, 0, 0, 9)]
    assert ak.to_list(ak.num(hadronic_taus(record(leptonic, [], from_w)))) == [0, 0, 0]


def test_a_tau_that_radiates_is_counted_once() -> None:
    event = [
        SYSTEM,
        (15, 0, 30.0, 0, 0, 31.0), (15, 1, 25.0, 0, 0, 26.0), (22, 1, 5.0, 0, 0, 5.0),
        (16, 2, 5.0, 0, 0, 5.0), (-211, 2, 20.0, 0, 0, 20.0),
    ]  # fmt: skip
    assert ak.to_list(hadronic_taus(record(event)).px) == [[20.0]]


def test_two_taus_of_one_event_keep_their_own_products() -> None:
    event = [
        SYSTEM,
        (15, 0, 30.0, 0, 0, 31.0), (-15, 0, -30.0, 0, 0, 31.0),
        (16, 1, 10.0, 0, 0, 10.0), (-211, 1, 20.0, 0, 0, 20.0),
        (-16, 2, -5.0, 0, 0, 5.0), (211, 2, -25.0, 0, 0, 25.0),
    ]  # fmt: skip
    assert ak.to_list(hadronic_taus(record([SYSTEM], event)).px) == [[], [20.0, -25.0]]


def test_records_without_mothers() -> None:
    assert ak.to_list(ak.num(hadronic_taus(record([(16, -1, 1.0, 0, 0, 1.0), (16, 99, 1.0, 0, 0, 1.0)])))) == [0]


def test_taus_of_pythia() -> None:
    pythia = pythia8mc.Pythia("", False)
    for line in (
        "Print:quiet = on", "Random:setSeed = on", "Random:seed = 8",
        "Beams:idA = 11", "Beams:idB = -11", "Beams:eCM = 91.2", "PDF:lepton = off",
        "WeakSingleBoson:ffbar2gmZ = on", "23:onMode = off", "23:onIfAny = 15",
    ):  # fmt: skip
        assert pythia.readString(line)
    assert pythia.init()
    particles = pythia.nextBatch(200).prt
    momentum = {name: particles.p[name] for name in ("px", "py", "pz", "e")}
    taus = hadronic_taus(ak.zip({"id": particles.id, "mother1": particles.mother1, **momentum}))
    n = 2 * len(taus)
    share = ak.sum(ak.num(taus)) / n
    assert share == pytest.approx(HADRONIC, abs=4 * np.sqrt(HADRONIC * (1 - HADRONIC) / n))
    mass = np.sqrt(np.asarray(ak.flatten(taus.e**2 - taus.px**2 - taus.py**2 - taus.pz**2)))
    assert mass.min() > 0.139  # a pion at least
    assert mass.max() < 1.7769  # less than a tau
    assert ak.max(taus.e) < 45.6
