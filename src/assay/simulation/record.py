"""Showered events: all their particles, as Pythia or a HepMC file has them, and what of these a detector meets."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.simulation.taus import hadronic_taus


@dataclass(frozen=True, eq=False)
class Record:
    """Events with all their particles.

    Parameters
    ----------
    event_number
        Places in the generator's file counted from 0, shape `(n_events,)`.
    weight
        Factor of the shower on all weights of an event, shape `(n_events,)`: one, but for merging (CKKW-L).
    particles
        Lists of id (PDG), status (above 0: final), mother1, mother2 (places in the same list; see Pythia's manual),
        px, py, pz, e, m (GeV). The first one of an event of Pythia stands for the event as a whole.
    """

    event_number: NDArray[np.int64]
    weight: NDArray[np.float64]
    particles: ak.Array


@dataclass(frozen=True, eq=False)
class ShoweredEvents:
    """Events that a shower accepted.

    Parameters
    ----------
    event_number
        Places in the generator's file counted from 0, shape `(n_events,)`.
    particles
        Final state of every event: lists of pdgid, px, py, pz, e (GeV).
    heavy
        Hadrons with a b or c quark (or final quarks, without hadronisation): lists of flavour (5 or 4), px, py, pz.
    taus
        Visible momenta of taus that decay to hadrons (`assay.simulation.taus`): lists of px, py, pz, e.
    weight
        Factor of the shower on all weights of an event, shape `(n_events,)`: one, but for merging (CKKW-L).
    """

    event_number: NDArray[np.int64]
    particles: ak.Array
    heavy: ak.Array
    taus: ak.Array
    weight: NDArray[np.float64]


def showered(record: Record) -> ShoweredEvents:
    """Return what a detector meets of events."""
    everything = record.particles
    final = everything.status > 0
    momentum = {name: everything[name] for name in ("px", "py", "pz")}
    particles = ak.zip({"pdgid": everything.id, **momentum, "e": everything.e})[final]
    flavour = heavy_flavour(everything.id, final)
    heavy = ak.zip({"flavour": flavour, **momentum})[flavour > 0]
    taus = hadronic_taus(everything[["id", "mother1", "px", "py", "pz", "e"]])
    return ShoweredEvents(record.event_number, particles, heavy, taus, record.weight)


def concatenated(events: list[ShoweredEvents]) -> ShoweredEvents:
    """Put runs of events, at least one, together."""
    if len(events) == 1:
        return events[0]
    return ShoweredEvents(
        event_number=np.concatenate([some.event_number for some in events]),
        particles=ak.concatenate([some.particles for some in events]),
        heavy=ak.concatenate([some.heavy for some in events]),
        taus=ak.concatenate([some.taus for some in events]),
        weight=np.concatenate([some.weight for some in events]),
    )


def heavy_flavour(identity: ak.Array, final: ak.Array) -> ak.Array:
    """Return 5 or 4 for hadrons with a b or else a c quark and for final quarks of that flavour, 0 for the rest."""
    code = abs(identity)
    meson, baryon = (code // 100) % 10, (code // 1000) % 10
    hadron = (code > 100) & (code < 1_000_000)
    b = (hadron & ((meson == 5) | (baryon == 5))) | (final & (code == 5))
    c = (hadron & ((meson == 4) | (baryon == 4))) | (final & (code == 4))
    return ak.where(b, 5, ak.where(c, 4, 0))
