"""Particles as the detector meets them, and the photons, electrons and muons that it recognises among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.simulation.card import DetectorCard, ElectronCard, IsolationCard, MuonCard, PhotonCard
from assay.simulation.geometry import Directions, counts_of, pairs_within, sum_in_cone
from assay.simulation.objects import flat_columns
from assay.simulation.smearing import at_momenta, passes, response

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]

COLUMNS = ("event", "pdgid", "px", "py", "pz", "e", "pt", "eta", "phi")
# neutrinos and the lightest supersymmetric particles of the usual spectra
INVISIBLE = (12, 14, 16, 1000012, 1000014, 1000016, 1000022, 1000039)


@dataclass(frozen=True, eq=False)
class Flat:
    """Particles of `n_events` events in flat arrays of shape `(n_particles,)`; GeV, radians."""

    n_events: int
    event: NDArray[np.int64]
    pdgid: NDArray[np.int64]
    px: Array
    py: Array
    pz: Array
    e: Array
    pt: Array
    eta: Array
    phi: Array

    def where(self, mask: Mask) -> Flat:
        """Return the particles that a mask selects."""
        places = np.flatnonzero(mask)  # faster than the mask, column by column
        return Flat(self.n_events, *(getattr(self, name)[places] for name in COLUMNS))

    def scaled(self, scale: Array) -> Flat:
        """Return the particles with energies and momenta times a factor each."""
        changed = {name: getattr(self, name) * scale for name in ("px", "py", "pz", "e", "pt")}
        return replace(self, **changed)

    @property
    def directions(self) -> Directions:
        """Where they fly."""
        return Directions(counts_of(self.event, self.n_events), self.eta, self.phi)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Particles per event, shape `(n_events,)`."""
        return counts_of(self.event, self.n_events)


def flat(n_events: int, event: NDArray[np.int64], columns: Mapping[str, Array]) -> Flat:
    """Make particles from their events and flat columns pdgid, px, py, pz, e."""
    px, py, pz, e = (columns[name] for name in ("px", "py", "pz", "e"))
    pt = np.hypot(px, py)
    with np.errstate(divide="ignore", invalid="ignore"):
        eta = np.arcsinh(pz / pt)
    return Flat(n_events, event, columns["pdgid"].astype(np.int64), px, py, pz, e, pt, eta, np.arctan2(py, px))


def visible(particles: ak.Array, card: DetectorCard) -> Flat:
    """Return what leaves a trace among final-state particles (lists of pdgid, px, py, pz, e)."""
    counts, columns = flat_columns(particles)
    everything = flat(len(counts), np.repeat(np.arange(len(counts)), counts), columns)
    seen = ~np.isin(np.abs(everything.pdgid), INVISIBLE)
    seen &= (everything.pt > card.particles.minimum_pt) & (np.abs(everything.eta) < card.particles.maximum_abs_eta)
    return everything.where(seen)


@dataclass(frozen=True, eq=False)
class Found:
    """Recognised particles of one kind.

    Parameters
    ----------
    true
        As they flew (electrons with the photons close to them).
    scale
        Measured over true energy, shape `(n_found,)`.
    used
        Which of the visible particles they are made of, shape `(n_visible,)`.
    """

    true: Flat
    scale: Array
    used: Mask

    @property
    def pt(self) -> Array:
        """Measured transverse momenta."""
        return self.true.pt * self.scale


def find_photons(particles: Flat, taken: Mask, card: PhotonCard, random: np.random.Generator) -> Found:
    """Find isolated photons among visible particles that are not `taken`."""
    chosen = np.flatnonzero((particles.pdgid == 22) & ~taken & (particles.pt > 0.5 * card.minimum_pt))
    return _measured(particles, chosen, particles.where(_mask(particles, chosen)), taken, card, random)


def find_electrons(particles: Flat, card: ElectronCard, random: np.random.Generator) -> Found:
    """Find isolated electrons and positrons, together with the photons in their cluster."""
    chosen = np.flatnonzero((np.abs(particles.pdgid) == 11) & (particles.pt > 0.5 * card.minimum_pt))
    bare = particles.where(_mask(particles, chosen))
    photons = np.flatnonzero(particles.pdgid == 22)
    i, j, distance = pairs_within(
        bare.directions, particles.where(_mask(particles, photons)).directions, card.dressing_cone
    )
    nearest = np.lexsort((distance, j))  # a photon belongs to the nearest electron only
    first = np.concatenate([[True], np.diff(j[nearest]) > 0]) if len(j) else np.zeros(0, dtype=bool)
    i, j = i[nearest][first], photons[j[nearest][first]]
    columns = {"pdgid": bare.pdgid.astype(np.float64)}
    for name in ("px", "py", "pz", "e"):
        radiated = np.bincount(i, weights=getattr(particles, name)[j], minlength=len(chosen))
        columns[name] = getattr(bare, name) + radiated
    clusters = np.full(len(particles.pt), -1)
    clusters[chosen] = np.arange(len(chosen))
    clusters[j] = i
    dressed = flat(particles.n_events, bare.event, columns)
    return _measured(particles, chosen, dressed, np.zeros(len(particles.pt), dtype=bool), card, random, clusters)


def find_muons(particles: Flat, card: MuonCard, random: np.random.Generator) -> tuple[Found, Found]:
    """Find muons: those that are isolated, and those that are not."""
    chosen = np.flatnonzero((np.abs(particles.pdgid) == 13) & (particles.pt > 0.5 * card.minimum_pt))
    muons = particles.where(_mask(particles, chosen))
    relative = at_momenta(card.pt_resolution, muons.pt, muons.eta, muons.phi, muons.e)
    scale = response(relative, card.pt_resolution, random)
    found = _identified(muons, scale, card, random)
    nothing = np.zeros(len(particles.pt), dtype=bool)
    isolated = _isolated(particles, muons, nothing, None, card)
    return (
        Found(muons.where(found & isolated), scale[found & isolated], _mask(particles, chosen[found & isolated])),
        Found(muons.where(found & ~isolated), scale[found & ~isolated], _mask(particles, chosen[found & ~isolated])),
    )


def _measured(
    particles: Flat,
    chosen: NDArray[np.int64],
    candidates: Flat,
    taken: Mask,
    card: PhotonCard,
    random: np.random.Generator,
    clusters: NDArray[np.int64] | None = None,
) -> Found:
    sigma = at_momenta(card.energy_resolution, candidates.pt, candidates.eta, candidates.phi, candidates.e)
    scale = response(sigma / candidates.e, card.energy_resolution, random)
    keep = _identified(candidates, scale, card, random) & _isolated(particles, candidates, taken, clusters, card)
    used = _mask(particles, chosen[keep])
    if clusters is not None:
        used = (clusters >= 0) & np.append(keep, False)[clusters]
    return Found(candidates.where(keep), scale[keep], used)


def _identified(candidates: Flat, scale: Array, card: PhotonCard | MuonCard, random: np.random.Generator) -> Mask:
    efficiency = at_momenta(card.efficiency, candidates.pt, candidates.eta, candidates.phi, candidates.e)
    return passes(efficiency, card.efficiency, random) & (candidates.pt * scale > card.minimum_pt)


def _isolated(
    particles: Flat,
    candidates: Flat,
    taken: Mask,
    clusters: NDArray[np.int64] | None,
    card: PhotonCard | MuonCard,
) -> Mask:
    others = ~taken & (np.abs(particles.pdgid) != 13) & (np.abs(particles.pdgid) != 11)
    if clusters is not None:
        others &= clusters < 0
    return _activity(particles, candidates, others, card.isolation) <= card.isolation.maximum


def _activity(particles: Flat, candidates: Flat, others: Mask, isolation: IsolationCard) -> Array:
    """Return the transverse momentum of others around each candidate over its own."""
    around = particles.where(others & (particles.pt > isolation.minimum_pt))
    total = sum_in_cone(candidates.directions, around.directions, around.pt, isolation.cone)
    own = np.where(candidates.pdgid == 22, np.where(candidates.pt > isolation.minimum_pt, candidates.pt, 0.0), 0.0)
    return np.maximum(total - own, 0.0) / candidates.pt


def _mask(particles: Flat, places: NDArray[np.int64]) -> Mask:
    mask = np.zeros(len(particles.pt), dtype=bool)
    mask[places] = True
    return mask
