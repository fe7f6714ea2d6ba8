"""Efficiencies, resolutions, scales and tags measured back from what the detector gives, by chi-square, for every card.

A single particle per event, at random momenta, is measured in bins of pt and eta, and compared with the formulas as the
card's text has them. That the comparison can fail is shown with cards that are slightly wrong.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import awkward as ak
import numpy as np
import pytest
from scipy.stats import chi2

from assay.simulation.candidates import visible
from assay.simulation.card import NAMED, DetectorCard, read_card
from assay.simulation.constituents import measured_constituents
from assay.simulation.detector import detect
from assay.simulation.record import ShoweredEvents
from assay.simulation.smearing import VARIABLES
from assay.study.arithmetic import evaluate
from assay.study.expressions import Expression, parse

pytestmark = pytest.mark.fast

N = 24_000
CARDS = (None, *NAMED)
KINDS = {"photons": 22, "electrons": 11, "muons": 13}
PT, ETA = np.array([25.0, 60.0, 150.0, 400.0]), np.array([0.0, 0.5, 1.5, 2.5, 3.2])
LEAST = 1e-4
"""Least acceptable probability of a chi-square; of a wrong card's it has to be far smaller."""

Array = np.ndarray[Any, Any]


class Shots:
    """One particle per event, of random momentum."""

    def __init__(self, pdgid: int, heavy: int | None = None, tau: bool = False, seed: int = 1) -> None:
        random = np.random.default_rng([seed, pdgid])
        self.pt = np.exp(random.uniform(np.log(PT[0]), np.log(PT[-1]), N))
        self.eta, self.phi = random.uniform(-ETA[-1], ETA[-1], N), random.uniform(-3.1, 3.1, N)
        self.energy = self.pt * np.cosh(self.eta)
        columns = {
            "px": self.pt * np.cos(self.phi),
            "py": self.pt * np.sin(self.phi),
            "pz": self.pt * np.sinh(self.eta),
        }
        nothing = ak.unflatten(ak.zip({name: np.zeros(0) for name in ("flavour", *columns, "e")}), np.zeros(N, int))
        one = np.ones(N, dtype=np.int64)

        def listed(name: str, code: int) -> ak.Array:
            return ak.unflatten(ak.zip({name: np.full(N, code), **columns, "e": self.energy}), one)

        self.events = ShoweredEvents(
            event_number=np.arange(N),
            particles=listed("pdgid", pdgid),
            heavy=nothing if heavy is None else listed("flavour", heavy),
            taus=listed("pdgid", 15) if tau else nothing,
            weight=np.ones(N),
        )

    def seen_by(self, card: DetectorCard, seed: int = 7) -> ak.Array:
        return detect(self.events, np.ones(N), card, np.random.default_rng(seed))

    def at(self, formula: Expression) -> Array:
        return evaluate(formula, {"pt": self.pt, "eta": self.eta, "phi": self.phi, "energy": self.energy})

    def bins(self) -> Array:
        """The bin of each shot in pt and eta."""
        return (np.digitize(self.pt, PT) - 1) * (len(ETA) - 1) + np.digitize(np.abs(self.eta), ETA) - 1


def efficiency_p(found: Array, expected: Array, bins: Array) -> float:
    """Probability of a chi-square of numbers found against those expected: in bins or in all, what is less probable."""
    n, variance = np.bincount(bins, found - expected), np.bincount(bins, expected * (1 - expected))
    used = variance > 5.0
    np.testing.assert_allclose(n[variance == 0.0], 0.0, atol=1e-9)  # never, or always
    if not used.any():
        return 1.0
    total = np.sum(n[used]) ** 2 / np.sum(variance[used])
    return float(min(chi2.sf(np.sum(n[used] ** 2 / variance[used]), used.sum()), chi2.sf(total, 1)))


def resolution_p(response: Array, relative: Array, bins: Array) -> float:
    """Probability of a chi-square of means and spreads of (response - 1)/resolution against 0 and 1, in bins."""
    pull, total, count = (response - 1.0) / relative, 0.0, 0
    for place in np.unique(bins):
        here, sigma = pull[bins == place], relative[bins == place]
        if len(here) < 100:
            continue
        kurtosis = float(np.mean(16.0 * sigma**2))  # of a log-normal, in excess of a Gaussian's
        mean, spread = (
            here.mean() * np.sqrt(len(here)),
            (here.std() - 1.0) * np.sqrt(len(here) / (0.5 + kurtosis / 4.0)),
        )
        total, count = total + mean**2 + spread**2, count + 2
    return float(chi2.sf(total, count))


def formula(text: str) -> Expression:
    return parse(text, particles=False, variables=VARIABLES)


def changed(card: DetectorCard, section: str, **formulas: str) -> DetectorCard:
    parsed = {name: formula(text) for name, text in formulas.items()}
    return card.model_copy(update={section: getattr(card, section).model_copy(update=parsed)})


def relative_of(shots: Shots, card: DetectorCard, kind: str) -> Array:
    section = getattr(card, kind)
    return shots.at(section.pt_resolution) if kind == "muons" else shots.at(section.energy_resolution) / shots.energy


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CARDS)
def test_photons_and_leptons(name: str | None, kind: str) -> None:
    card, shots = read_card(name), Shots(KINDS[kind])
    objects = shots.seen_by(card)[kind]
    found = np.asarray(ak.num(objects)) > 0
    one = ak.firsts(objects)
    section = getattr(card, kind)
    assert efficiency_p(found, shots.at(section.efficiency), shots.bins()) > LEAST
    response = np.asarray(one.pt[found]) / shots.pt[found]
    relative = relative_of(shots, card, kind)
    assert resolution_p(response, relative[found], shots.bins()[found]) > LEAST
    # cards that are 3 and 6 % wrong are caught
    assert efficiency_p(found, 0.97 * shots.at(section.efficiency), shots.bins()) < 1e-9
    assert resolution_p(response, 1.06 * relative[found], shots.bins()[found]) < 1e-7


def test_a_wrong_card_is_caught_from_its_own_output() -> None:
    """The detector follows the card that it is given, and not the one that comes with Assay."""
    right, shots = read_card("CMS"), Shots(22)
    wrong = changed(right, "photons", efficiency=f"0.96*({right.photons.efficiency.text})")
    objects = shots.seen_by(wrong).photons
    found = np.asarray(ak.num(objects)) > 0
    assert efficiency_p(found, shots.at(right.photons.efficiency), shots.bins()) < 1e-9
    assert efficiency_p(found, shots.at(wrong.photons.efficiency), shots.bins()) > LEAST


def hadronic_resolution(card: DetectorCard) -> Expression:
    if card.jets.energy_resolution is not None:
        return card.jets.energy_resolution
    assert card.calorimeters is not None
    return card.calorimeters.hadronic.energy_resolution


def uncorrected(pt: Array, eta: Array, name: str | None) -> Array:
    """Undo the energy scale of CMS, pt -> sqrt(a**2*pt + pt**2), by hand."""
    if name != "CMS":
        return pt
    a = 2.5 - 0.15 * np.abs(eta)
    return 0.5 * (np.sqrt(a**4 + 4.0 * pt**2) - a**2)


@pytest.mark.parametrize("name", CARDS)
def test_jets_of_a_neutral_hadron(name: str | None) -> None:
    card, shots = read_card(name), Shots(130)
    objects = shots.seen_by(card)
    hard = shots.pt > 60.0  # far above all thresholds
    jet = ak.firsts(objects.jets)
    assert np.all(np.asarray(ak.num(objects.jets))[hard & (shots.energy > 100.0)] == 1)
    kept = hard & (np.asarray(ak.num(objects.jets)) == 1) & (shots.energy > 200.0)
    response = uncorrected(np.asarray(jet.pt[kept]), shots.eta[kept], name) / shots.pt[kept]
    relative = shots.at(hadronic_resolution(card)) / shots.energy
    assert resolution_p(response, relative[kept], shots.bins()[kept]) > LEAST
    assert resolution_p(response, 1.06 * relative[kept], shots.bins()[kept]) < 1e-7
    # alone in its event, the jet is what is missing, up to what a card adds for soft energy
    if card.missing_momentum.soft_resolution is None:
        np.testing.assert_allclose(objects.met.pt[kept], jet.pt[kept], rtol=1e-9)


@pytest.mark.parametrize("name", NAMED)
def test_tracks(name: str) -> None:
    card, shots = changed_constituents(read_card(name), "particle_flow"), Shots(211)
    assert card.tracking is not None
    measured = measured_constituents(visible(shots.events.particles, card), card, np.random.default_rng(7))
    tracks = measured.where(measured.pdgid == 211)
    found = tracks.counts > 0
    assert efficiency_p(found, shots.at(card.tracking.efficiency), shots.bins()) > LEAST
    assert efficiency_p(found, 0.97 * shots.at(card.tracking.efficiency), shots.bins()) < 1e-9
    relative = shots.at(card.tracking.pt_resolution)[found]
    assert resolution_p(tracks.pt / shots.pt[found], relative, shots.bins()[found]) > LEAST
    assert resolution_p(tracks.pt / shots.pt[found], 1.06 * relative, shots.bins()[found]) < 1e-7


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize(("pdgid", "kind"), [(22, "electromagnetic"), (130, "hadronic"), (211, "hadronic")])
def test_cells(name: str, pdgid: int, kind: str) -> None:
    card, shots = changed_constituents(read_card(name), "calorimeter"), Shots(pdgid)
    measured = measured_constituents(visible(shots.events.particles, card), card, np.random.default_rng(7))
    hard = shots.energy > 150.0  # above all thresholds
    assert np.all(measured.counts[hard] == 1)
    energy = np.bincount(measured.event, measured.e, N)[hard]
    relative = (shots.at(getattr(card.calorimeters, kind).energy_resolution) / shots.energy)[hard]
    assert resolution_p(energy / shots.energy[hard], relative, shots.bins()[hard]) > LEAST
    assert resolution_p(energy / shots.energy[hard], 1.06 * relative, shots.bins()[hard]) < 1e-7


def changed_constituents(card: DetectorCard, constituents: str) -> DetectorCard:
    return card.model_copy(update={"jets": card.jets.model_copy(update={"constituents": constituents})})


@pytest.mark.parametrize("name", CARDS)
@pytest.mark.parametrize(("heavy", "flavour"), [(5, "b"), (4, "c"), (None, "light")])
def test_b_and_c_tags(name: str | None, heavy: int | None, flavour: str) -> None:
    card, shots = read_card(name), Shots(130, heavy)
    jets = shots.seen_by(card).jets
    one = ak.flatten(jets)
    bins = shots.bins()[np.repeat(np.arange(N), ak.num(jets))]
    pt, eta = np.asarray(one.pt), np.asarray(one.eta)
    momentum = {"pt": pt, "eta": eta, "phi": np.asarray(one.phi), "energy": pt * np.cosh(eta)}
    for tag, section in (("btag", card.b_tagging), ("ctag", card.c_tagging)):
        expected = np.zeros(len(pt)) if section is None else evaluate(getattr(section, flavour), momentum)
        assert efficiency_p(np.asarray(one[tag]), expected, bins) > LEAST
        if section is not None and expected.mean() > 0.05:
            assert efficiency_p(np.asarray(one[tag]), 0.8 * expected, bins) < 1e-7


@pytest.mark.parametrize("name", NAMED)
@pytest.mark.parametrize("tau", [True, False])
def test_tau_tags(name: str, tau: bool) -> None:
    card, shots = read_card(name), Shots(211, tau=tau)
    assert card.tau_tagging is not None
    jets = shots.seen_by(card).jets
    one, bins = ak.flatten(jets), shots.bins()[np.repeat(np.arange(N), ak.num(jets))]
    pt, eta = np.asarray(one.pt), np.asarray(one.eta)
    momentum = {"pt": pt, "eta": eta, "phi": np.asarray(one.phi), "energy": pt * np.cosh(eta), "prongs": 1.0}
    expected = evaluate(card.tau_tagging.tau if tau else card.tau_tagging.light, momentum)
    assert efficiency_p(np.asarray(one.tautag), expected, bins) > LEAST
    if tau:
        assert efficiency_p(np.asarray(one.tautag), 0.95 * expected, bins) < 1e-9


def test_muons_that_are_not_isolated_count_in_the_missing_momentum_if_the_card_says_so() -> None:
    card, muon = read_card("ATLAS"), Shots(13)
    sure = changed(card, "muons", efficiency="1", pt_resolution="0")
    on_top = ak.with_field(muon.events.particles, ak.full_like(muon.events.particles.pdgid, 130), "pdgid")
    events = replace(muon.events, particles=ak.concatenate([muon.events.particles, on_top], axis=1))
    isolated = sure.missing_momentum.model_copy(update={"muons": "isolated"})
    all_muons, without = (
        detect(events, np.ones(N), some, np.random.default_rng(1))
        for some in (sure, sure.model_copy(update={"missing_momentum": isolated}))
    )
    assert not ak.any(ak.num(all_muons.muons))
    np.testing.assert_allclose(np.asarray(all_muons.met.pt) - np.asarray(without.met.pt), muon.pt, rtol=1e-6)
