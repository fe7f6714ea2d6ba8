"""Jets: clustering with FastJet (arXiv:1111.6097), true flavour, b tags."""

from __future__ import annotations

from dataclasses import dataclass

import awkward as ak
import fastjet
import numpy as np
from numpy.typing import NDArray

from assay.simulation.candidates import Flat, flat
from assay.simulation.card import JetCard, TaggingCard
from assay.simulation.geometry import Directions, pairs_within
from assay.simulation.objects import flat_columns
from assay.simulation.smearing import Array, at_momenta, passes, response

# jets softer than this belong to the soft part of the missing momentum, whatever the card says of measured jets
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


def find_jets(particles: Flat, card: JetCard, random: np.random.Generator) -> Jets:
    """Cluster particles into anti-kT jets (arXiv:0802.1189) and measure their energies."""
    true = clustered(particles, card.radius)
    sigma = at_momenta(card.energy_resolution, true.pt, true.eta, true.phi, true.e)
    return Jets(true, response(sigma / true.e, card.energy_resolution, random))


def clustered(particles: Flat, radius: float) -> Flat:
    """Cluster particles into anti-kT jets above `SOFTEST`."""
    events = np.flatnonzero(particles.counts)
    momenta = {"px": particles.px, "py": particles.py, "pz": particles.pz, "E": particles.e}
    if not len(events):
        empty = np.zeros(0)
        return flat(particles.n_events, np.zeros(0, np.int64), dict.fromkeys(("pdgid", "px", "py", "pz", "e"), empty))
    lists = ak.unflatten(ak.zip(momenta, with_name="Momentum4D"), particles.counts[events])
    definition = fastjet.JetDefinition(fastjet.antikt_algorithm, radius)
    counts, columns = flat_columns(fastjet.ClusterSequence(lists, definition).inclusive_jets(SOFTEST))
    columns["e"], columns["pdgid"] = columns["E"], np.zeros(len(columns["E"]))
    return flat(particles.n_events, np.repeat(events, counts), columns)


def true_flavour(jets: Flat, heavy: ak.Array, card: TaggingCard) -> NDArray[np.int64]:
    """Return 5, 4 or 0 per jet: the heaviest quark of the hadrons (`assay.simulation.shower`) in a cone around it."""
    counts, columns = flat_columns(heavy)
    hadrons = flat(
        jets.n_events,
        np.repeat(np.arange(jets.n_events), counts),
        {"pdgid": columns["flavour"], "e": columns["pz"], **{name: columns[name] for name in ("px", "py", "pz")}},
    )
    hadrons = hadrons.where(hadrons.pt > card.minimum_hadron_pt)
    i, j, _ = pairs_within(jets.directions, hadrons.directions, card.cone)
    flavour = np.zeros(len(jets.pt), dtype=np.int64)
    np.maximum.at(flavour, i, hadrons.pdgid[j])
    return flavour


def tags(
    flavour: NDArray[np.int64],
    pt: Array,
    directions: Directions,
    energy: Array,
    card: TaggingCard,
    random: np.random.Generator,
) -> NDArray[np.bool_]:
    """Draw b tags for jets with measured `pt` and `energy`."""
    tagged = np.zeros(len(pt), dtype=bool)
    for code, formula in ((5, card.b), (4, card.c), (0, card.light)):
        of_this = flavour == code
        efficiency = at_momenta(formula, pt[of_this], directions.eta[of_this], directions.phi[of_this], energy[of_this])
        tagged[of_this] = passes(efficiency, formula, random)
    return tagged
