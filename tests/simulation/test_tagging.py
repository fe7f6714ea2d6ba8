from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.simulation.candidates import flat, visible
from assay.simulation.card import DetectorCard, TauTaggingCard, read_card
from assay.simulation.jets import Jets, clustered
from assay.simulation.record import ShoweredEvents
from assay.simulation.tagging import near_tau, prongs, tag_jets, tau_tags

pytestmark = pytest.mark.fast

Gun = Callable[..., ShoweredEvents]


@pytest.fixture(scope="module")
def card() -> DetectorCard:
    return read_card("ATLAS")


@pytest.fixture(scope="module")
def tau_card(card: DetectorCard) -> TauTaggingCard:
    assert card.tau_tagging is not None
    return card.tau_tagging


def jets_of(events: ShoweredEvents, card: DetectorCard) -> Jets:
    true = clustered(visible(events.particles, card), 0.4)
    return Jets(true, np.ones(len(true.pt)))


def test_prongs_are_charged_hadrons_near_the_axis(gun: Gun, card: DetectorCard, tau_card: TauTaggingCard) -> None:
    events = gun(
        [
            [(211, 50.0, 0.0, 3.1)],
            [(211, 50.0, 0.0, 3.1), (-211, 20.0, 0.0, -3.1), (211, 10.0, 0.05, 3.1), (111, 9.0, 0.0, 3.1)],
            [(130, 50.0, 0.0, 0.0), (211, 5.0, 0.25, 0.0), (211, 0.9, 0.0, 0.0)],  # out of the core; too soft
            [(13, 50.0, 0.0, 0.0), (130, 50.0, 0.0, 0.0)],
        ]
    )
    particles = visible(events.particles, card)
    np.testing.assert_array_equal(prongs(clustered(particles, 0.4), particles, tau_card), [1, 3, 0, 0])


def test_jets_with_a_tau(gun: Gun, card: DetectorCard, tau_card: TauTaggingCard) -> None:
    jet = [(211, 50.0, 0.0, 3.1)]
    taus = [[(15, 40.0, 0.1, -3.1)], [(15, 40.0, 0.3, 3.1)], [(15, 0.5, 0.0, 3.1)], []]
    events = gun([jet] * 4, taus=taus)
    np.testing.assert_array_equal(
        near_tau(jets_of(events, card).true, events.taus, tau_card), [True, False, False, False]
    )


@pytest.mark.parametrize(("n_prongs", "tau", "light"), [(1, 0.70, 0.02), (3, 0.60, 0.01), (0, 0.0, 0.0)])
def test_tau_tags_depend_on_the_number_of_prongs(
    gun: Gun, card: DetectorCard, tau_card: TauTaggingCard, n_prongs: int, tau: float, light: float
) -> None:
    n = 20_000
    charged = [(211, 20.0, 0.02 * i, 0.0) for i in range(n_prongs)]
    for taus, expected in (([(15, 60.0, 0.0, 0.0)], tau), ([], light)):
        events = gun([[(111, 30.0, 0.0, 0.0), *charged]] * n, taus=[taus] * n)
        jets = jets_of(events, card)
        assert len(jets.pt) == n
        tagged = tau_tags(jets, visible(events.particles, card), events.taus, tau_card, np.random.default_rng(1))
        assert tagged.mean() == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / n))


@pytest.mark.parametrize(("heavy", "expected"), [(5, 0.25), (4, 0.41), (None, 0.05)])
def test_c_tags(gun: Gun, card: DetectorCard, heavy: int | None, expected: float) -> None:
    n = 20_000
    hadrons = None if heavy is None else [[(heavy, 40.0, 0.1, 0.0)]] * n
    events = gun([[(211, 60.0, 0.0, 0.0)]] * n, hadrons)
    tags = tag_jets(jets_of(events, card), visible(events.particles, card), events, card, np.random.default_rng(2))
    assert tags["ctag"].mean() == pytest.approx(expected, abs=5 * np.sqrt(expected * (1 - expected) / n))
    assert set(tags["flavour"]) == {heavy or 0}
    # b, c and tau tags are drawn independently of each other
    both = np.mean(tags["btag"] * tags["ctag"])
    assert both == pytest.approx(tags["btag"].mean() * tags["ctag"].mean(), abs=5 * np.sqrt(0.1 / n))


def test_tags_follow_measured_momenta(gun: Gun, card: DetectorCard) -> None:
    events = gun([[(211, 60.0, 0.0, 0.0)]] * 3000)
    jets = jets_of(events, card)
    low, high = (
        tag_jets(
            Jets(jets.true, jets.scale * factor),
            visible(events.particles, card),
            events,
            card,
            np.random.default_rng(3),
        )
        for factor in (1.0, 1e3)
    )
    assert high["btag"].mean() > 20 * max(low["btag"].mean(), 1e-3)


def test_cards_without_sections_give_no_tags(gun: Gun) -> None:
    card = read_card()
    events = gun([[(211, 60.0, 0.0, 0.0)]] * 50, taus=[[(15, 60.0, 0.0, 0.0)]] * 50)
    tags = tag_jets(jets_of(events, card), visible(events.particles, card), events, card, np.random.default_rng(1))
    assert not tags["tautag"].any()
    assert not tags["ctag"].any()


def test_no_jets(gun: Gun, card: DetectorCard) -> None:
    events = gun([[], []])
    nothing = flat(2, np.zeros(0, np.int64), {name: np.zeros(0) for name in ("pdgid", "px", "py", "pz", "e")})
    tags = tag_jets(Jets(nothing, np.zeros(0)), nothing, events, card, np.random.default_rng(1))
    assert {name: len(values) for name, values in tags.items()} == {"btag": 0, "ctag": 0, "tautag": 0, "flavour": 0}
    assert ak.num(events.taus).to_list() == [0, 0]
