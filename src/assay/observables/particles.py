"""Reconstructed objects as the expression language sees them: `j`, `b`, `e`, `mu`, `l`, `a`, `v`, `p` and `met`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import ExpressionError
from assay.observables.kinematics import Array, Cartesian, Polar
from assay.simulation.objects import flat_columns

NEUTRINOS = (12, 14, 16)


@dataclass(frozen=True, eq=False)
class ParticleList:
    """Particles of all events, event after event, sorted in transverse momentum within each.

    Parameters
    ----------
    counts
        Particles per event, shape `(n_events,)`.
    columns
        pt, eta, phi, m and properties, each of shape `(n_particles,)`.
    """

    counts: NDArray[np.int64]
    columns: Mapping[str, Array]

    @cached_property
    def event(self) -> NDArray[np.int64]:
        """The event of each particle, shape `(n_particles,)`."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def momenta(self) -> Polar:
        """All particles' momenta, shape `(n_particles,)`."""
        return _polar(self.columns)

    def at(self, index: int) -> tuple[Polar, NDArray[np.bool_]]:
        """Return every event's particle at a place (NaN where there is none), and where it is missing."""
        stops = np.cumsum(self.counts)
        missing = (self.counts <= index) if index >= 0 else (self.counts < -index)
        place = np.where(missing, 0, (stops - self.counts if index >= 0 else stops) + index)
        taken = {name: _take(column, place, missing) for name, column in self.columns.items()}
        return _polar(taken), missing

    def where(self, mask: NDArray[np.bool_]) -> ParticleList:
        """Return the particles that a mask of shape `(n_particles,)` selects."""
        counts = np.bincount(self.event[mask], minlength=len(self.counts))
        return ParticleList(counts, {name: column[mask] for name, column in self.columns.items()})

    def sums(self, values: Array) -> Array:
        """Add values of shape `(n_particles,)` event by event."""
        return np.bincount(self.event, weights=values, minlength=len(self.counts)).astype(np.float64)

    def vector_sum(self) -> Cartesian:
        """Add the momenta of each event."""
        components = self.momenta.cartesian()
        return Cartesian(*(self.sums(components.get(name)) for name in ("px", "py", "pz", "e")))

    def extremes(self, values: Array, largest: bool) -> tuple[Array, NDArray[np.bool_]]:
        """Return the largest or smallest value of each event (NaN where there is none), and where there is none."""
        missing = self.counts == 0
        result = np.full(len(self.counts), -np.inf if largest else np.inf)
        (np.maximum if largest else np.minimum).at(result, self.event, values)
        return np.where(missing, np.nan, result), missing


class Particles:
    """The particles of a run of events (`assay.simulation.objects`), by their names in the expression language."""

    def __init__(self, objects: ak.Array) -> None:
        self._objects = objects
        self._lists: dict[str, ParticleList] = {}
        self.n_events = len(objects)

    def list(self, name: str) -> ParticleList:
        """Return a collection of `assay.study.grammar.COLLECTIONS`."""
        if name not in self._lists:
            self._lists[name] = self._make(name)
        return self._lists[name]

    @cached_property
    def met(self) -> Polar:
        """Missing transverse momentum."""
        zero = np.zeros(self.n_events)
        pt, phi = (np.asarray(self._objects.met[name], dtype=np.float64) for name in ("pt", "phi"))
        return Polar(pt, zero, phi, zero)

    def _make(self, name: str) -> ParticleList:
        if name == "l":
            return _merged(self.list("e"), self.list("mu"))
        if name == "b":
            jets = self.list("j")
            return jets.where(jets.columns["btag"] > 0)
        if name == "v":
            particles = self.list("p")
            return particles.where(np.isin(np.abs(particles.columns["pdgid"]), NEUTRINOS))
        field = {"j": "jets", "e": "electrons", "mu": "muons", "a": "photons", "p": "particles"}[name]
        counts, columns = flat_columns(self._objects[field])
        columns["m"] = columns.pop("mass")
        if name == "p" and self.n_events and not counts.any():
            raise ExpressionError(
                "the generator's particles ('p', 'v') are not known after a detector simulation",
                mend="use reconstructed objects (j, e, mu, a, met), or simulate with the detector 'none'",
            )
        return ParticleList(counts, columns | _identities(name, columns))


def _identities(name: str, columns: Mapping[str, Array]) -> dict[str, Array]:
    if name == "a":
        return {"charge": np.zeros_like(columns["pt"]), "pdgid": np.full_like(columns["pt"], 22.0)}
    if name in ("e", "mu"):
        return {"pdgid": -(11.0 if name == "e" else 13.0) * columns["charge"]}
    return {}


def _polar(columns: Mapping[str, Array]) -> Polar:
    properties = {name: column for name, column in columns.items() if name not in ("pt", "eta", "phi", "m")}
    return Polar(columns["pt"], columns["eta"], columns["phi"], columns["m"], properties)


def _take(column: Array, place: NDArray[np.int64], missing: NDArray[np.bool_]) -> Array:
    if not len(column):
        return np.full(len(place), np.nan)
    return np.where(missing, np.nan, column[place])


def _merged(first: ParticleList, second: ParticleList) -> ParticleList:
    columns = {name: np.concatenate([first.columns[name], second.columns[name]]) for name in first.columns}
    order = np.lexsort((-columns["pt"], np.concatenate([first.event, second.event])))
    return ParticleList(first.counts + second.counts, {name: column[order] for name, column in columns.items()})
