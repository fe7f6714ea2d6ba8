from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assay.simulation.candidates import Flat, flat, visible
from assay.simulation.card import JetCard, read_card
from assay.simulation.jets import clustered, find_jets
from assay.simulation.record import ShoweredEvents
from assay.simulation.tagging import true_flavour

pytestmark = pytest.mark.fast


def plain_anti_kt(particles: Flat, radius: float) -> list[float]:
    """Transverse momenta of the jets of one event, by the definition of arXiv:0802.1189, without any cleverness."""
    momenta = [np.array(p) for p in zip(particles.px, particles.py, particles.pz, particles.e, strict=True)]
    jets = []
    while momenta:
        pt = [np.hypot(p[0], p[1]) for p in momenta]
        rapidity = [np.arctanh(p[2] / p[3]) for p in momenta]
        phi = [np.arctan2(p[1], p[0]) for p in momenta]
        best, pair = min((1 / pt[i] ** 2, (i, i)) for i in range(len(momenta)))
        for i in range(len(momenta)):
            for j in range(i):
                angle = (phi[i] - phi[j] + np.pi) % (2 * np.pi) - np.pi
                distance = min(pt[i] ** -2, pt[j] ** -2) * ((rapidity[i] - rapidity[j]) ** 2 + angle**2) / radius**2
                if distance < best:
                    best, pair = distance, (i, j)
        if pair[0] == pair[1]:
            jets.append(pt[pair[0]])
            momenta.pop(pair[0])
        else:
            momenta[pair[1]] = momenta[pair[0]] + momenta[pair[1]]
            momenta.pop(pair[0])
    return sorted(jet for jet in jets if jet > 10.0)


def random_particles(seed: int, n_events: int) -> Flat:
    random = np.random.default_rng(seed)
    event = np.repeat(np.arange(n_events), random.integers(0, 25, n_events))
    n = len(event)
    pt, eta, phi = random.exponential(15.0, n) + 0.5, random.normal(0, 1.0, n), random.uniform(-np.pi, np.pi, n)
    columns = {
        "pdgid": np.full(n, 211.0),
        "px": pt * np.cos(phi),
        "py": pt * np.sin(phi),
        "pz": pt * np.sinh(eta),
        "e": np.hypot(pt * np.cosh(eta), 0.14),
    }
    return flat(n_events, event, columns)


def test_jets_agree_with_the_definition() -> None:
    particles = random_particles(1, 25)
    jets = clustered(particles, 0.4)
    for event in range(25):
        expected = plain_anti_kt(particles.where(particles.event == event), 0.4)
        np.testing.assert_allclose(np.sort(jets.pt[jets.event == event]), expected, rtol=1e-9)


def test_no_particles_no_jets() -> None:
    nothing = random_particles(1, 3).where(random_particles(1, 3).pt < 0)
    assert len(clustered(nothing, 0.4).pt) == 0


def test_a_card_may_ask_for_soft_jets() -> None:
    """Those of 5 to 10 GeV must not be lost between the clustering and the card's own threshold."""
    pt, zero = np.array([4.0, 6.0, 30.0]), np.zeros(3)
    phi = np.array([0.0, 2.0, 4.0])
    columns = {"pdgid": zero, "px": pt * np.cos(phi), "py": pt * np.sin(phi), "pz": zero, "e": pt}
    card = JetCard(radius=0.4, minimum_pt=5.0)
    jets = find_jets(flat(1, np.zeros(3, np.int64), columns), card, np.random.default_rng(1))
    np.testing.assert_allclose(np.sort(jets.pt[jets.pt > card.minimum_pt]), [6.0, 30.0])


def test_jets_stay_in_their_events() -> None:
    particles = random_particles(2, 40)
    odd = particles.where(particles.event % 2 == 1)  # every other event is empty
    assert set(clustered(odd, 0.4).event % 2) == {1}
    everything = clustered(particles, 0.4)
    np.testing.assert_array_equal(clustered(odd, 0.4).pt, everything.pt[everything.event % 2 == 1])


def test_flavour_is_the_heaviest_in_the_cone(gun: Callable[..., ShoweredEvents]) -> None:
    card = read_card()
    jet = [(211, 100.0, 0.0, 3.1)]
    heavy = [
        [],
        [(4, 50.0, 0.1, 3.1)],
        [(4, 50.0, 0.1, 3.1), (5, 20.0, -0.1, 3.1)],
        [(5, 50.0, 0.0, -3.1)],  # across the edge of phi
        [(5, 50.0, 0.5, 3.1)],  # outside
        [(5, 3.0, 0.0, 3.1)],  # too soft
    ]
    events = gun([jet] * len(heavy), heavy)
    jets = clustered(visible(events.particles, card), 0.4)
    np.testing.assert_array_equal(true_flavour(jets, events.heavy, card.b_tagging), [0, 4, 5, 5, 0, 0])
