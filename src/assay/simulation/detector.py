"""A parametrised detector: from the particles of a shower to reconstructed objects, all events of a chunk at once.

Isolated photons, electrons and muons are recognised first; the rest of what is visible (muons excepted) is clustered
into jets, as `assay.simulation.constituents` measures it. The missing momentum is minus the sum of all that was
measured: objects with their measured momenta, and whatever belongs to none of them, with the resolution of soft energy
if the card has one. A muon that is not recognised is lost; a photon or electron that is not recognised stays in the
calorimeter.
"""

from __future__ import annotations

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.simulation.candidates import Flat, Found, find_electrons, find_muons, find_photons, visible
from assay.simulation.card import DetectorCard
from assay.simulation.constituents import measured_constituents
from assay.simulation.geometry import counts_of
from assay.simulation.jets import Jets, find_jets
from assay.simulation.objects import collection, make_objects
from assay.simulation.record import ShoweredEvents
from assay.simulation.smearing import Array
from assay.simulation.tagging import tag_jets
from assay.study.arithmetic import evaluate

ELECTRON_MASS, MUON_MASS = 0.000511, 0.10566


def detect(events: ShoweredEvents, weight: Array, card: DetectorCard, random: np.random.Generator) -> ak.Array:
    """Simulate the detector.

    Parameters
    ----------
    events
        Showered events.
    weight
        Their weights in pb at the benchmark of generation, shape `(n_events,)`.
    card
        The detector.
    random
        Source of all random numbers.

    Returns
    -------
    ak.Array
        Events as `assay.simulation.objects` describes them.

    Raises
    ------
    SimulationError
        If a formula of the card gives impossible values.
    """
    particles = visible(events.particles, card)
    electrons = find_electrons(particles, card.electrons, random)
    photons = find_photons(particles, electrons.used, card.photons, random)
    muons, other_muons = find_muons(particles, card.muons, random)
    in_calorimeter = ~electrons.used & ~photons.used & (np.abs(particles.pdgid) != 13)
    constituents = measured_constituents(particles.where(in_calorimeter), card, random)
    jets = find_jets(constituents, card.jets, random)
    measured = (electrons, photons, muons, *((other_muons,) if card.missing_momentum.muons == "all" else ()))
    met_x, met_y = _missing_momentum(constituents, measured, jets, card, random)
    return make_objects(
        jets=_jet_collection(jets, particles, events, card, random),
        electrons=_leptons("electrons", electrons, ELECTRON_MASS),
        muons=_leptons("muons", muons, MUON_MASS),
        photons=_collection("photons", photons.true, {"pt": photons.pt, "mass": np.zeros(len(photons.pt))}),
        met_pt=np.hypot(met_x, met_y),
        met_phi=np.arctan2(met_y, met_x),
        event_number=events.event_number,
        weight=weight,
        shower_weight=events.weight,
    )


def _missing_momentum(
    constituents: Flat, found: tuple[Found, ...], jets: Jets, card: DetectorCard, random: np.random.Generator
) -> tuple[Array, Array]:
    """Return the components of the missing momentum, each of shape `(n_events,)`."""
    formula = card.missing_momentum.soft_resolution
    soft_et = np.maximum(_sums(constituents, constituents.pt) - _sums(jets.true, jets.true.pt), 0.0)
    sigma = np.zeros(len(soft_et)) if formula is None else evaluate(formula, {"sum_et": soft_et})
    components = []
    for name in ("px", "py"):
        seen = _sums(constituents, getattr(constituents, name))
        seen += _sums(jets.true, getattr(jets.true, name) * (jets.scale - 1.0))
        for kind in found:
            seen += _sums(kind.true, getattr(kind.true, name) * kind.scale)
        components.append(-seen + sigma * random.standard_normal(len(sigma)))
    return components[0], components[1]


def _jet_collection(
    jets: Jets, particles: Flat, events: ShoweredEvents, card: DetectorCard, random: np.random.Generator
) -> ak.Array:
    tags = tag_jets(jets, particles, events, card, random)
    measured = {"pt": jets.pt, "mass": jets.mass, **tags}
    return _collection("jets", jets.true, measured, jets.pt > card.jets.minimum_pt)


def _leptons(name: str, found: Found, mass: float) -> ak.Array:
    charge = -np.sign(found.true.pdgid).astype(np.float64)
    return _collection(name, found.true, {"pt": found.pt, "mass": np.full(len(charge), mass), "charge": charge})


def _collection(name: str, true: Flat, measured: dict[str, Array], keep: NDArray[np.bool_] | None = None) -> ak.Array:
    columns = {"eta": true.eta, "phi": true.phi, **measured}
    if keep is None:
        keep = np.ones(len(true.pt), dtype=bool)
    counts = counts_of(true.event[keep], true.n_events)
    return collection(name, counts, {field: column[keep] for field, column in columns.items()})


def _sums(particles: Flat, values: Array) -> Array:
    return np.bincount(particles.event, weights=values, minlength=particles.n_events).astype(np.float64)
