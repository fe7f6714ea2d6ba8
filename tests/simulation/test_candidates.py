from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from assay.simulation.candidates import INVISIBLE, find_electrons, find_photons, visible
from assay.simulation.card import read_card
from assay.simulation.record import ShoweredEvents

pytestmark = pytest.mark.fast


def test_what_is_visible(gun: Callable[..., ShoweredEvents]) -> None:
    card = read_card()
    event = [
        (211, 1.0, 0.0, 0.0),
        (211, 0.4, 0.0, 0.0),
        (22, 5.0, 4.8, 0.0),
        (22, 5.0, -5.0, 0.0),
        *((code, 50.0, 0.0, 0.0) for code in INVISIBLE),
        (-12, 50.0, 0.0, 0.0),
        (13, 20.0, 1.0, 1.0),
    ]
    seen = visible(gun([event, [], [(2112, 3.0, 1.0, 1.0)]]).particles, card)
    np.testing.assert_array_equal(seen.pdgid, [211, 22, 13, 2112])
    np.testing.assert_array_equal(seen.event, [0, 0, 0, 2])
    np.testing.assert_array_equal(seen.counts, [3, 0, 1])
    np.testing.assert_allclose(seen.eta, [0.0, 4.8, 1.0, 1.0])


def test_particles_at_rest_along_the_beam_are_not_visible(gun: Callable[..., ShoweredEvents]) -> None:
    assert len(visible(gun([[(2212, 0.0, 0.0, 0.0)]]).particles, read_card()).pt) == 0


def test_a_particle_is_used_once(gun: Callable[..., ShoweredEvents]) -> None:
    card = read_card()
    particles = visible(
        gun([[(11, 40.0, 0.0, 0.0), (22, 20.0, 0.0, 0.05), (22, 40.0, 0.0, 2.0)]] * 200).particles, card
    )
    random = np.random.default_rng(1)
    electrons = find_electrons(particles, card.electrons, random)
    photons = find_photons(particles, electrons.used, card.photons, random)
    assert electrons.used.sum() == 2 * len(electrons.pt) > 0
    assert photons.used.sum() == len(photons.pt) > 0
    assert not (electrons.used & photons.used).any()
