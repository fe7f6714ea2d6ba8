"""Jets: clustering with FastJet (arXiv:1111.6097), measured energies."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np

from assay.simulation.candidates import Flat, flat
from assay.simulation.card import JetCard
from assay.simulation.objects import flat_columns
from assay.simulation.smearing import Array, at_momenta, corrected, response

# jets softer than this belong to the soft part of the missing momentum, unless the card asks for still softer ones
SOFTEST = 10.0


@dataclass(frozen=True, eq=False)
class Jets:
    """Jets before any cut on measured quantities: as clustered, and measured over true energy, shape `(n_jets,)`."""

    true: Flat
    scale: Array

    @property
    def pt(self) -> Array:
        """Measured transverse momenta."""
        return self.true.pt * self.scale

    @property
    def mass(self) -> Array:
        """Measured masses."""
        square = self.true.e**2 - self.true.px**2 - self.true.py**2 - self.true.pz**2
        return np.sqrt(np.maximum(square, 0.0)) * self.scale


def find_jets(constituents: Flat, card: JetCard, random: np.random.Generator) -> Jets:
    """Cluster constituents into anti-kT jets (arXiv:0802.1189), measure their energies and correct the scale."""
    true = clustered(constituents, card.radius, min(SOFTEST, 0.5 * card.minimum_pt))
    scale = np.ones(len(true.pt))
    if card.energy_resolution is not None:
        sigma = at_momenta(card.energy_resolution, true.pt, true.eta, true.phi, true.e)
        scale *= response(sigma / true.e, card.energy_resolution, random)
    if card.energy_scale is not None:
        scale *= corrected(
            at_momenta(card.energy_scale, true.pt * scale, true.eta, true.phi, true.e * scale), card.energy_scale
        )
    return Jets(true, scale)


def clustered(particles: Flat, radius: float, minimum_pt: float = SOFTEST) -> Flat:
    """Cluster particles into anti-kT jets above a transverse momentum."""
    events = np.flatnonzero(particles.counts)
    momenta = {"px": particles.px, "py": particles.py, "pz": particles.pz, "E": particles.e}
    if not len(events):
        empty = np.zeros(0)
        return flat(particles.n_events, np.zeros(0, np.int64), dict.fromkeys(("pdgid", "px", "py", "pz", "e"), empty))
    lists = ak.unflatten(ak.zip(momenta, with_name="Momentum4D"), particles.counts[events])
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    counts, columns = flat_columns(fastjet.ClusterSequence(lists, definition).inclusive_jets(minimum_pt))
    columns["e"], columns["pdgid"] = columns["E"], np.zeros(len(columns["E"]))
    return flat(particles.n_events, np.repeat(events, counts), columns)
