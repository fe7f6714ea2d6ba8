"""What jets and the missing momentum are made of: true particles, cells of the calorimeters, or tracks and cells.

In particle flow a charged hadron that the tracker finds counts with its track alone (the calorimeter's energy of it is
taken away without confusion); everything else is left to the cells. Directions are those at the collision: there is no
magnetic field. Leptons and photons that were recognised, and muons, are not among the particles here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from assay.simulation.candidates import COLUMNS, Flat, flat
from assay.simulation.card import CalorimeterCard, DetectorCard, TrackingCard
from assay.simulation.smearing import at_momenta, passes, response

Mask = NDArray[np.bool_]

_TRACK, _ELECTROMAGNETIC, _HADRONIC = 211, 22, 130


def is_charged_hadron(pdgid: NDArray[np.int64]) -> Mask:
    """Return which particles are charged hadrons, from the quarks that their PDG ids spell out."""
    code = np.abs(pdgid)
    quarks = [(code // power) % 10 for power in (10, 100, 1000)]
    up_type = [(quark > 0) & (quark % 2 == 0) for quark in quarks]
    charged_meson = (quarks[2] == 0) & (up_type[0] != up_type[1])
    charged_baryon = (quarks[2] > 0) & (sum(up.astype(np.int64) for up in up_type) != 1)
    hadron = (code > 100) & (code < 1_000_000) & (quarks[0] > 0) & (quarks[1] > 0)
    return np.asarray(hadron & (charged_meson | charged_baryon))


def measured_constituents(particles: Flat, card: DetectorCard, random: np.random.Generator) -> Flat:
    """Measure particles as the card's jets need them; true particles are returned as they are.

    Raises
    ------
    SimulationError
        If a formula of the card gives impossible values.
    """
    if card.jets.constituents == "particles" or card.calorimeters is None:
        return particles
    parts = []
    in_cells = np.ones(len(particles.pt), dtype=bool)
    if card.jets.constituents == "particle_flow" and card.tracking is not None:
        found = _tracked(particles, card.tracking, random)
        parts.append(_tracks(particles.where(found), card.tracking, random))
        in_cells &= ~found
    electromagnetic = np.isin(np.abs(particles.pdgid), (11, 22, 111))
    for here, calorimeter, code in (
        (electromagnetic, card.calorimeters.electromagnetic, _ELECTROMAGNETIC),
        (~electromagnetic, card.calorimeters.hadronic, _HADRONIC),
    ):
        parts.append(cells(particles.where(in_cells & here), calorimeter, code, random))
    return _joined(parts)


def _tracked(particles: Flat, card: TrackingCard, random: np.random.Generator) -> Mask:
    charged = np.flatnonzero(is_charged_hadron(particles.pdgid))
    pt, eta, phi, energy = (getattr(particles, name)[charged] for name in ("pt", "eta", "phi", "e"))
    found = np.zeros(len(particles.pt), dtype=bool)
    found[charged] = passes(at_momenta(card.efficiency, pt, eta, phi, energy), card.efficiency, random)
    return found


def _tracks(particles: Flat, card: TrackingCard, random: np.random.Generator) -> Flat:
    relative = at_momenta(card.pt_resolution, particles.pt, particles.eta, particles.phi, particles.e)
    measured = particles.scaled(response(relative, card.pt_resolution, random))
    return replace(measured, pdgid=np.full(len(relative), _TRACK))


def cells(particles: Flat, card: CalorimeterCard, code: int, random: np.random.Generator) -> Flat:
    """Collect particles in cells of a calorimeter and measure these: massless, along the sum of what is in them."""
    n_eta, n_phi = int(20.0 / card.cell_eta) + 2, int(2.0 * np.pi / card.cell_phi) + 2
    along = np.floor((particles.eta + 10.0) / card.cell_eta).astype(np.int64)
    around = np.floor((particles.phi + np.pi) / card.cell_phi).astype(np.int64)
    keys, cell = np.unique((particles.event * n_eta + along) * n_phi + around, return_inverse=True)
    sums = {
        name: np.bincount(cell, weights=getattr(particles, name), minlength=len(keys)).astype(np.float64)
        for name in ("px", "py", "pz", "e")
    }
    momentum = np.sqrt(sums["px"] ** 2 + sums["py"] ** 2 + sums["pz"] ** 2)
    stretch = sums["e"] / np.where(momentum > 0.0, momentum, 1.0)
    columns = {name: sums[name] * stretch for name in ("px", "py", "pz")}
    columns |= {"e": sums["e"], "pdgid": np.full(len(keys), float(code))}
    true = flat(particles.n_events, keys // (n_eta * n_phi), columns)
    sigma = at_momenta(card.energy_resolution, true.pt, true.eta, true.phi, true.e)
    scale = response(sigma / true.e, card.energy_resolution, random)
    measured = true.scaled(scale)
    noise = at_momenta(card.energy_resolution, measured.pt, measured.eta, measured.phi, measured.e)
    return measured.where((measured.e > card.minimum_energy) & (measured.e > card.minimum_significance * noise))


def _joined(parts: list[Flat]) -> Flat:
    """Put particles together, event after event."""
    order = np.argsort(np.concatenate([part.event for part in parts]), kind="stable")
    columns = (np.concatenate([getattr(part, name) for part in parts])[order] for name in COLUMNS)
    return Flat(parts[0].n_events, *columns)
