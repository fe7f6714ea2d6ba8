"""The default process through shower and HepMC: truth-level quantities by hand, event by event in plain Python.

What is computed by hand comes from pyhepmc's particles with `math` alone; what it is compared with is what the chain
gives a detector, and the detector's own clustering.
"""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyhepmc
import pytest

from assay.generation.lhe import read_lhe
from assay.simulation.candidates import flat
from assay.simulation.hepmc import HepMCWriter, hepmc_events, weights_of
from assay.simulation.hepmc_reading import read_hepmc
from assay.simulation.jets import clustered
from assay.simulation.objects import flat_columns
from assay.simulation.pythia import ShowerSettings
from assay.simulation.record import ShoweredEvents, showered
from assay.simulation.shower import shower, shower_blocks

pytestmark = pytest.mark.slow

HADRONS, PARTONS = ShowerSettings(higgs_decay=None), ShowerSettings(higgs_decay=None, hadronisation=False)
SEED, BLOCK = 11, 200
INVISIBLE = (12, 14, 16)


@pytest.fixture(scope="module", params=[HADRONS, PARTONS], ids=["hadrons", "partons"])
def both(
    request: pytest.FixtureRequest, madgraph: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Any], ShoweredEvents]:
    """200 events of the default process: as HepMC, and as the chain has them."""
    path, weights = tmp_path_factory.mktemp("truth") / "events.hepmc.gz", weights_of(read_lhe(madgraph))
    with HepMCWriter(path) as writer:
        for done in shower_blocks(madgraph, request.param, SEED, Written(weights), block_size=BLOCK):
            writer.write(*done.result)
    (events,) = shower(madgraph, request.param, SEED, block_size=BLOCK)
    with pyhepmc.open(path) as file:
        return list(file), events


class Written:
    """What is made of a block: text."""

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def __call__(self, _: object, records: Any) -> tuple[bytes, bytes]:
        return hepmc_events(list(records), self.weights)


def pt(q: Any) -> float:
    return math.sqrt(q.momentum.px**2 + q.momentum.py**2)


def eta(q: Any) -> float:
    total = math.sqrt(q.momentum.px**2 + q.momentum.py**2 + q.momentum.pz**2)
    return 0.5 * math.log((total + q.momentum.pz) / (total - q.momentum.pz))


def mass(particles: list[Any]) -> float:
    e, px, py, pz = (sum(getattr(q.momentum, name) for q in particles) for name in ("e", "px", "py", "pz"))
    return math.sqrt(max(e * e - px * px - py * py - pz * pz, 0.0))


def final(event: Any) -> list[Any]:
    return [particle for particle in event.particles if particle.status == 1]


def from_higgs(photon: Any) -> bool:
    """Whether nothing but copies of the photon lies between it and a Higgs boson."""
    while photon.pid == 22 and photon.parents:
        photon = photon.parents[0]
    return bool(photon.pid == 25)


def test_photons_of_the_higgs_boson(both: tuple[list[Any], ShoweredEvents]) -> None:
    """By ancestry in HepMC; the chain has the same ones."""
    hepmc, events = both
    found = 0
    for event, particles in zip(hepmc, events.particles, strict=True):
        pair = sorted((q for q in final(event) if q.pid == 22 and from_higgs(q)), key=pt, reverse=True)
        if len(pair) == 2:  # a photon may split
            assert mass(pair) == pytest.approx(125.0, abs=0.5)
        photons = particles[particles.pdgid == 22]
        transverse = np.hypot(photons.px, photons.py)
        for photon in pair:
            place = int(np.argmin(np.abs(np.asarray(transverse) - pt(photon))))
            assert float(photons.pz[place]) == pytest.approx(photon.momentum.pz, rel=1e-6)
            found += 1
    assert 380 <= found <= 400


def test_sums_over_the_final_state(both: tuple[list[Any], ShoweredEvents]) -> None:
    hepmc, events = both
    particles = events.particles
    transverse = np.hypot(particles.px, particles.py)
    rapidity = np.arcsinh(particles.pz / transverse)
    seen = (abs(rapidity) < 5.0) & (transverse > 0.5)
    for name in INVISIBLE:
        seen = seen & (abs(particles.pdgid) != name)
    by_chain = [ak.sum(seen, axis=1), ak.sum(transverse[seen], axis=1), ak.sum(particles.px[seen], axis=1)]
    for place, event in enumerate(hepmc):
        visible = [q for q in final(event) if abs(q.pid) not in INVISIBLE and pt(q) > 0.5 and abs(eta(q)) < 5.0]
        by_hand = (len(visible), sum(pt(q) for q in visible), sum(q.momentum.px for q in visible))
        np.testing.assert_allclose([float(values[place]) for values in by_chain], by_hand, rtol=1e-6, atol=1e-5)
    assert np.std([float(x) for x in by_chain[1]]) > 10.0


def test_energy_and_momentum_are_conserved(both: tuple[list[Any], ShoweredEvents]) -> None:
    for event in both[0]:
        total = [sum(getattr(q.momentum, name) for q in final(event)) for name in ("px", "py", "pz", "e")]
        assert total == pytest.approx([0.0, 0.0, 0.0, 13_000.0], abs=0.05)


def test_hadrons_with_heavy_quarks(both: tuple[list[Any], ShoweredEvents]) -> None:
    """By the digits of their codes (PDG's numbering); final quarks where there are no hadrons."""
    hepmc, events = both
    for event, heavy in zip(hepmc, events.heavy, strict=True):
        flavours = []
        for q in event.particles:
            digits = f"{abs(q.pid):07d}"
            hadron = 100 < abs(q.pid) < 1_000_000 and digits[-2] != "0"
            content = digits[-4:-1] if hadron else (str(abs(q.pid)) if q.status == 1 and abs(q.pid) in (4, 5) else "")
            if hadron and digits[-4] == "0":
                content = digits[-3:-1]
            if "5" in content:
                flavours.append(5)
            elif "4" in content:
                flavours.append(4)
        # without diquarks, whose codes end with the spin after a zero
        assert sorted(heavy.flavour.to_list()) == sorted(flavours)


def anti_kt(particles: list[tuple[float, float, float, float]], radius: float) -> list[float]:
    """Transverse momenta of jets by the definition of arXiv:0802.1189, all pairs anew at every step."""
    pieces = dict(enumerate(particles))
    jets: list[float] = []

    def kinematics(q: tuple[float, float, float, float]) -> tuple[float, float, float]:
        e, px, py, pz = q
        return px * px + py * py, 0.5 * math.log((e + pz) / (e - pz)), math.atan2(py, px)

    def distance(a: int, b: int) -> float:
        (pa, ya, fa), (pb, yb, fb) = known[a], known[b]
        dphi = abs(fa - fb)
        return min(1 / pa, 1 / pb) * ((ya - yb) ** 2 + min(dphi, 2 * math.pi - dphi) ** 2) / radius**2

    known = {i: kinematics(q) for i, q in pieces.items()}
    pairs = {pair: distance(*pair) for pair in combinations(pieces, 2)}
    number = len(pieces)
    while pieces:
        alone = min(pieces, key=lambda i: 1 / known[i][0])
        together = min(pairs, key=pairs.__getitem__) if pairs else None
        if together is not None and pairs[together] < 1 / known[alone][0]:
            first, second = (pieces.pop(i) for i in together)
            pieces[number] = tuple(x + y for x, y in zip(first, second, strict=True))  # type: ignore[assignment]
            known[number], gone = kinematics(pieces[number]), together
        else:
            jets.append(math.sqrt(known[alone][0]))
            del pieces[alone]
            gone = (alone, alone)
        pairs = {pair: d for pair, d in pairs.items() if not set(pair) & set(gone)}
        if number in pieces:
            pairs |= {(i, number): distance(i, number) for i in pieces if i != number}
            number += 1
    return sorted(jets, reverse=True)


def test_jets(both: tuple[list[Any], ShoweredEvents]) -> None:
    hepmc, events = both
    n_events = 60 if ak.mean(ak.num(events.particles)) < 80 else 8
    chosen = events.particles[:n_events]
    transverse = np.hypot(chosen.px, chosen.py)
    chosen = chosen[(transverse > 0.5) & (abs(np.arcsinh(chosen.pz / transverse)) < 5.0)]
    counts, columns = flat_columns(chosen)
    jets = clustered(flat(n_events, np.repeat(np.arange(n_events), counts), columns), 0.4)
    n_jets = 0
    for place, event in enumerate(hepmc[:n_events]):
        inputs = [
            (q.momentum.e, q.momentum.px, q.momentum.py, q.momentum.pz)
            for q in final(event)
            if pt(q) > 0.5 and abs(eta(q)) < 5.0
        ]
        by_hand = [value for value in anti_kt(inputs, 0.4) if value > 20.0]
        found = np.sort(jets.pt[jets.event == place])[::-1]
        np.testing.assert_allclose(found[found > 20.0], by_hand, rtol=1e-6)
        n_jets += len(by_hand)
    assert n_jets > 2 * n_events


def test_a_file_gives_what_the_shower_gives(
    both: tuple[list[Any], ShoweredEvents], madgraph: Path, tmp_path: Path
) -> None:
    """Read again, HepMC's events are those of the shower to a detector."""
    hepmc, events = both
    path = tmp_path / "events.hepmc"
    with pyhepmc.open(path, "w", precision=9) as file:
        for event in hepmc:
            file.write(event)
    (record,) = read_hepmc(path)
    again = showered(record)
    np.testing.assert_array_equal(again.event_number, events.event_number)
    for name, fields in (("particles", ("px", "pz", "e")), ("heavy", ("px", "pz")), ("taus", ("px", "e"))):
        before, after = getattr(events, name), getattr(again, name)
        assert ak.to_list(ak.num(after)) == ak.to_list(ak.num(before))
        for field in fields:
            np.testing.assert_allclose(
                ak.flatten(ak.sort(after[field])), ak.flatten(ak.sort(before[field])), rtol=1e-7, atol=1e-7
            )
