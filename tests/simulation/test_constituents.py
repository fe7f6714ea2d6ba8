"""Tracks and cells: which particles are charged, what is measured where, and how well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from assay.simulation.candidates import Flat, flat, visible
from assay.simulation.card import DetectorCard, read_card
from assay.simulation.constituents import cells, is_charged_hadron, measured_constituents
from assay.simulation.record import ShoweredEvents
from assay.simulation.smearing import VARIABLES
from assay.study.expressions import Expression, parse

pytestmark = pytest.mark.fast

Gun = Callable[..., ShoweredEvents]
CHARGES = {
    211: 1, -211: 1, 111: 0, 130: 0, 310: 0, 321: 1, 311: 0, 411: 1, 421: 0, 511: 0, 521: 1, 531: 0, 2212: 1, -2212: 1,
    2112: 0, 3122: 0, 3222: 1, 3112: 1, 3212: 0, 3312: 1, 3322: 0, 3334: 1, 4122: 1, 5122: 0, 10211: 1, 2224: 1,
    1114: 1, 22: 0, 11: 0, 13: 0, 15: 0, 24: 0, 1000022: 0, 5: 0, 21: 0,
}  # fmt: skip
"""Whether a particle is a charged hadron (numbering scheme of the Particle Data Group)."""


def test_charged_hadrons() -> None:
    np.testing.assert_array_equal(is_charged_hadron(np.array(list(CHARGES))), np.array(list(CHARGES.values())) != 0)


def formula(text: str) -> Expression:
    return parse(text, particles=False, variables=VARIABLES)


@pytest.fixture(scope="module")
def perfect() -> DetectorCard:
    """Particle flow without losses: every track is found, cells measure exactly and have no thresholds."""
    card = read_card("CMS")
    assert card.tracking is not None
    assert card.calorimeters is not None
    exact = {"energy_resolution": formula("0"), "minimum_energy": 0.0, "minimum_significance": 0.0}
    calorimeters = {
        name: getattr(card.calorimeters, name).model_copy(update=exact) for name in ("electromagnetic", "hadronic")
    }
    tracking = card.tracking.model_copy(update={"efficiency": formula("1"), "pt_resolution": formula("0")})
    return card.model_copy(
        update={"tracking": tracking, "calorimeters": card.calorimeters.model_copy(update=calorimeters)}
    )


def with_hadronic(card: DetectorCard, **changes: Any) -> DetectorCard:
    assert card.calorimeters is not None
    hadronic = card.calorimeters.hadronic.model_copy(update=changes)
    return card.model_copy(update={"calorimeters": card.calorimeters.model_copy(update={"hadronic": hadronic})})


def measured(events: ShoweredEvents, card: DetectorCard, seed: int = 1) -> Flat:
    return measured_constituents(visible(events.particles, card), card, np.random.default_rng(seed))


def test_true_particles_are_left_alone(gun: Gun) -> None:
    card = read_card()
    particles = visible(gun([[(211, 10.0, 0.0, 0.0)]]).particles, card)
    assert measured_constituents(particles, card, np.random.default_rng(1)) is particles


def test_each_particle_is_measured_once(gun: Gun, perfect: DetectorCard) -> None:
    event = [(211, 10.0, 0.0, 0.0), (22, 7.0, 1.0, 1.0), (130, 5.0, -1.0, 2.0), (-2212, 4.0, 2.0, -3.0)]
    found = measured(gun([event, [], event[:1]]), perfect)
    np.testing.assert_array_equal(found.event, [0, 0, 0, 0, 2])
    np.testing.assert_allclose(np.sort(found.pt), [4.0, 5.0, 7.0, 10.0, 10.0])
    assert sorted(found.pdgid[:4]) == [22, 130, 211, 211]


def test_without_tracks_hadrons_are_left_to_the_cells(gun: Gun, perfect: DetectorCard) -> None:
    event = [(211, 10.0, 0.0, 0.0), (321, 10.0, 1.0, 0.0), (22, 10.0, 2.0, 0.0)]
    calorimeter = perfect.model_copy(update={"jets": perfect.jets.model_copy(update={"constituents": "calorimeter"})})
    assert sorted(measured(gun([event]), calorimeter).pdgid) == [22, 130, 130]


def test_a_cell_adds_what_is_in_it(gun: Gun, perfect: DetectorCard) -> None:
    assert perfect.calorimeters is not None
    card = perfect.calorimeters.hadronic
    inside, outside = 0.4 * card.cell_eta, 1.1 * card.cell_eta
    start = np.floor(10.0 / card.cell_eta) * card.cell_eta - 10.0 + 1e-6
    for distance, expected in ((inside, 1), (outside, 2)):
        particles = visible(gun([[(130, 30.0, start, 0.01), (2112, 10.0, start + distance, 0.01)]]).particles, perfect)
        found = cells(particles, card, 130, np.random.default_rng(1))
        assert len(found.e) == expected
        np.testing.assert_allclose(found.e.sum(), particles.e.sum())
    merged = cells(
        visible(gun([[(130, 30.0, start, 0.01), (2112, 10.0, start + inside, 0.01)]]).particles, perfect),
        card,
        130,
        np.random.default_rng(1),
    )
    assert start < merged.eta[0] < start + inside
    np.testing.assert_allclose(merged.e**2, merged.px**2 + merged.py**2 + merged.pz**2)  # massless


def test_cells_of_different_events_are_different(gun: Gun, perfect: DetectorCard) -> None:
    found = measured(gun([[(130, 10.0, 0.0, 0.0)], [(130, 10.0, 0.0, 0.0)]]), perfect)
    np.testing.assert_array_equal(found.event, [0, 1])
    np.testing.assert_allclose(found.pt, 10.0)


def test_thresholds_of_cells(gun: Gun, perfect: DetectorCard) -> None:
    events = gun([[(130, 3.0, 0.0, 0.0), (130, 5.0, 1.0, 0.0)]])
    energies = np.array([3.0, 5.0 * np.cosh(1.0)])
    assert len(measured(events, with_hadronic(perfect, minimum_energy=4.0)).e) == 1
    constant = with_hadronic(perfect, energy_resolution=formula("1e-9 + 0*energy"))
    np.testing.assert_allclose(np.sort(measured(events, constant).e), np.sort(energies), rtol=1e-6)
    noisy = with_hadronic(perfect, energy_resolution=formula("2.0"), minimum_significance=2.0)
    found = np.concatenate([measured(events, noisy, seed).e for seed in range(300)])
    assert found.min() > 4.0  # two standard deviations


def test_tracks_have_the_tracker_s_resolution_and_efficiency(gun: Gun) -> None:
    card, n = read_card("CMS"), 20_000
    assert card.tracking is not None
    found = measured(gun([[(211, 20.0, 0.3, 0.0)]] * n), card)
    tracks = found.where(found.pdgid == 211)
    assert len(tracks.pt) / n == pytest.approx(0.95, abs=5 * np.sqrt(0.95 * 0.05 / n))
    assert tracks.pt.std() / 20.0 == pytest.approx(np.hypot(0.01, 1.5e-4 * 20.0), rel=5 / np.sqrt(2 * n))
    lost = found.where(found.pdgid == 130)  # what the tracker misses is left to the cells
    assert 0.8 * 0.05 * n < len(lost.pt) <= n - len(tracks.pt)


def test_nothing(gun: Gun, perfect: DetectorCard) -> None:
    assert len(measured(gun([[], []]), perfect).e) == 0
    empty = flat(2, np.zeros(0, np.int64), {name: np.zeros(0) for name in ("pdgid", "px", "py", "pz", "e")})
    assert measured_constituents(empty, perfect, np.random.default_rng(1)).n_events == 2
