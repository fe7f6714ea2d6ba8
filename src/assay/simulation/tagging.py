"""True flavour of jets, and their b, c and tau tags."""

from __future__ import annotations

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.simulation.candidates import Flat, flat
from assay.simulation.card import DetectorCard, TaggingCard, TauTaggingCard
from assay.simulation.constituents import is_charged_hadron
from assay.simulation.geometry import pairs_within
from assay.simulation.jets import Jets
from assay.simulation.objects import flat_columns
from assay.simulation.record import ShoweredEvents
from assay.simulation.smearing import Array, at_momenta, passes
from assay.study.arithmetic import evaluate

Mask = NDArray[np.bool_]


def tag_jets(
    jets: Jets, particles: Flat, events: ShoweredEvents, card: DetectorCard, random: np.random.Generator
) -> dict[str, Array]:
    """Return btag, ctag, tautag (0 or 1) and flavour of jets, each of shape `(n_jets,)`.

    Parameters
    ----------
    jets
        Measured jets; tags depend on measured momenta.
    particles
        What is visible, for the tracks in a jet.
    events
        The showered events, for their truth.
    card
        The detector; without its section, there are no tags of a kind.
    random
        Source of all random numbers.
    """
    flavour = true_flavour(jets.true, events.heavy, card.b_tagging)
    columns = {"btag": flavour_tags(jets, flavour, card.b_tagging, random).astype(np.float64)}
    columns |= {"ctag": np.zeros(len(jets.pt)), "tautag": np.zeros(len(jets.pt))}
    if card.c_tagging is not None:
        for_c = true_flavour(jets.true, events.heavy, card.c_tagging)
        columns["ctag"] = flavour_tags(jets, for_c, card.c_tagging, random).astype(np.float64)
    if card.tau_tagging is not None:
        columns["tautag"] = tau_tags(jets, particles, events.taus, card.tau_tagging, random).astype(np.float64)
    return columns | {"flavour": flavour.astype(np.float64)}


def true_flavour(jets: Flat, heavy: ak.Array, card: TaggingCard) -> NDArray[np.int64]:
    """Return 5, 4 or 0 per jet: the heaviest quark of the hadrons (`assay.simulation.shower`) in a cone around it."""
    counts, columns = flat_columns(heavy)
    hadrons = _flat(jets.n_events, counts, columns | {"pdgid": columns["flavour"], "e": columns["pz"]})
    hadrons = hadrons.where(hadrons.pt > card.minimum_hadron_pt)
    i, j, _ = pairs_within(jets.directions, hadrons.directions, card.cone)
    flavour = np.zeros(len(jets.pt), dtype=np.int64)
    np.maximum.at(flavour, i, hadrons.pdgid[j])
    return flavour


def flavour_tags(jets: Jets, flavour: NDArray[np.int64], card: TaggingCard, random: np.random.Generator) -> Mask:
    """Draw b (or c) tags for jets of a true flavour."""
    pt, energy, true = jets.pt, jets.true.e * jets.scale, jets.true
    tagged = np.zeros(len(pt), dtype=bool)
    for code, formula in ((5, card.b), (4, card.c), (0, card.light)):
        of_this = flavour == code
        efficiency = at_momenta(formula, pt[of_this], true.eta[of_this], true.phi[of_this], energy[of_this])
        tagged[of_this] = passes(efficiency, formula, random)
    return tagged


def tau_tags(jets: Jets, particles: Flat, taus: ak.Array, card: TauTaggingCard, random: np.random.Generator) -> Mask:
    """Draw tau tags for jets, of hadronic taus (visible momenta, `assay.simulation.taus`) and of anything else."""
    is_tau = near_tau(jets.true, taus, card)
    variables = {
        "pt": jets.pt,
        "eta": jets.true.eta,
        "phi": jets.true.phi,
        "energy": jets.true.e * jets.scale,
        "prongs": prongs(jets.true, particles, card).astype(np.float64),
    }
    tagged = np.zeros(len(is_tau), dtype=bool)
    for of_this, formula in ((is_tau, card.tau), (~is_tau, card.light)):
        efficiency = evaluate(formula, {name: values[of_this] for name, values in variables.items()})
        tagged[of_this] = passes(efficiency, formula, random)
    return tagged


def near_tau(jets: Flat, taus: ak.Array, card: TauTaggingCard) -> Mask:
    """Return which jets have a hadronic tau in the cone."""
    counts, columns = flat_columns(taus)
    visible = _flat(jets.n_events, counts, columns | {"pdgid": np.full(len(columns["e"]), 15.0)})
    visible = visible.where(visible.pt > card.minimum_tau_pt)
    i, _, _ = pairs_within(jets.directions, visible.directions, card.cone)
    return np.bincount(i, minlength=len(jets.pt)) > 0


def prongs(jets: Flat, particles: Flat, card: TauTaggingCard) -> NDArray[np.int64]:
    """Count charged hadrons near the axis of each jet."""
    tracks = particles.where(is_charged_hadron(particles.pdgid) & (particles.pt > card.minimum_track_pt))
    i, _, _ = pairs_within(jets.directions, tracks.directions, card.track_cone)
    return np.bincount(i, minlength=len(jets.pt)).astype(np.int64)


def _flat(n_events: int, counts: NDArray[np.int64], columns: dict[str, Array]) -> Flat:
    return flat(n_events, np.repeat(np.arange(n_events), counts), columns)
