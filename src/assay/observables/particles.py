"""Particles as the expression language sees them: `j`, `b`, `e`, `mu`, `tau`, `l`, `a`, `v`, `p`, `met`, `visible`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import ExpressionError
from assay.observables.kinematics import Array, Cartesian, Polar, added
from assay.observables.truth import Generated
from assay.observables.values import Mask
from assay.simulation.objects import flat_columns

NEUTRINOS = (12, 14, 16)
TAU = 15
_OBJECTS = {"j": "jets", "e": "electrons", "mu": "muons", "a": "photons"}


@dataclass(frozen=True, eq=False)
class ParticleList:
    """Particles of all events, event after event.

    Parameters
    ----------
    counts
        Particles per event, shape `(n_events,)`.
    columns
        pt, eta, phi, m and properties, each of shape `(n_particles,)`.
    """

    counts: NDArray[np.int64]
    columns: Mapping[str, Array]
    _at: dict[int, tuple[Polar, Mask]] = field(default_factory=dict)

    @cached_property
    def event(self) -> NDArray[np.int64]:
        """The event of each particle, shape `(n_particles,)`."""
        return np.repeat(np.arange(len(self.counts)), self.counts)

    @cached_property
    def momenta(self) -> Polar:
        """All particles' momenta, shape `(n_particles,)`."""
        return _polar(self.columns)

    def at(self, index: int) -> tuple[Polar, Mask]:
        """Return every event's particle at a place (NaN where there is none), and where it is missing."""
        if index not in self._at:
            stops = np.cumsum(self.counts)
            missing = (self.counts <= index) if index >= 0 else (self.counts < -index)
            place = np.where(missing, 0, (stops - self.counts if index >= 0 else stops) + index)
            taken = {name: _take(column, place, missing) for name, column in self.columns.items()}
            self._at[index] = _polar(taken), missing
        return self._at[index]

    def where(self, mask: Mask) -> ParticleList:
        """Return the particles that a mask of shape `(n_particles,)` selects."""
        counts = np.bincount(self.event[mask], minlength=len(self.counts))
        return ParticleList(counts, {name: column[mask] for name, column in self.columns.items()})

    def sorted(self) -> ParticleList:
        """Return the particles of each event with the highest transverse momentum first."""
        order = np.lexsort((-self.columns["pt"], self.event))
        return ParticleList(self.counts, {name: column[order] for name, column in self.columns.items()})

    def sums(self, values: Array) -> Array:
        """Add values of shape `(n_particles,)` event by event."""
        return np.bincount(self.event, weights=values, minlength=len(self.counts)).astype(np.float64)

    @cached_property
    def vector_sum(self) -> Cartesian:
        """The momenta of each event added."""
        components = self.momenta.cartesian()
        return Cartesian(*(self.sums(components.get(name)) for name in ("px", "py", "pz", "e")))


class Particles:
    """The particles of a run of events, by their names in the expression language.

    Parameters
    ----------
    objects
        Events as `assay.simulation.objects` describes them.
    generated
        The same events as the generator made them, if known: where `p`, `v` and numbers such as `scale` come from.
    """

    def __init__(self, objects: ak.Array, generated: Generated | None = None) -> None:
        self._objects = objects
        self._generated = generated
        self._lists: dict[str, ParticleList] = {}
        self.n_events = len(objects)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """Places of the events in the generator's file, shape `(n_events,)`."""
        return np.asarray(self._objects.event_number, dtype=np.int64)

    def list(self, name: str) -> ParticleList:
        """Return a collection of `assay.study.vocabulary.COLLECTIONS`."""
        if name not in self._lists:
            self._lists[name] = self._make(name)
        return self._lists[name]

    def single(self, name: str) -> Polar | Cartesian:
        """Return a four-vector of `assay.study.vocabulary.SINGLES`."""
        if name == "all":
            return added(self.visible, self.met)
        return self.met if name == "met" else self.visible

    def event_number(self, name: str) -> Array:
        """Return a number of `assay.study.vocabulary.EVENT_NUMBERS`, shape `(n_events,)`.

        Raises
        ------
        ExpressionError
            If the generator's events are not known.
        """
        if self._generated is None:
            raise ExpressionError(f"{name!r} is not known without the generator's events")
        return self._generated.number(name)

    @cached_property
    def met(self) -> Polar:
        """Missing transverse momentum."""
        zero = np.zeros(self.n_events)
        pt, phi = (np.asarray(self._objects.met[name], dtype=np.float64) for name in ("pt", "phi"))
        return Polar(pt, zero, phi, zero)

    @cached_property
    def visible(self) -> Cartesian:
        """The sum of all that is seen; of tau leptons, which become jets in a detector, where there is none."""
        total = self.list("j").vector_sum
        for name in ("a", "e", "mu", *(() if self._detected else ("tau",))):
            total = added(total, self.list(name).vector_sum)
        return total

    @cached_property
    def _detected(self) -> bool:
        """Whether a detector was simulated; without one, the generator's particles stand beside the others."""
        return not bool(np.any(np.asarray(ak.num(self._objects.particles, axis=1)) > 0))

    def _make(self, name: str) -> ParticleList:
        if name == "l":
            return _merged(self.list("e"), self.list("mu"))
        if name == "b":
            return self.list("j").where(self.list("j").columns["btag"] > 0)
        if name == "v":
            return self._of_generator(NEUTRINOS)
        if name == "tau" and not self._detected:
            return self._of_generator((TAU,))
        if name == "tau":
            return self.list("j").where(self.list("j").columns["tautag"] > 0)
        if name == "p":
            return self._particles()
        counts, columns = flat_columns(self._objects[_OBJECTS[name]])
        columns["m"] = columns.pop("mass")
        return ParticleList(counts, columns | _identities(name, columns))

    def _of_generator(self, codes: tuple[int, ...]) -> ParticleList:
        particles = self.list("p")
        return particles.where(np.isin(np.abs(particles.columns["pdgid"]), codes)).sorted()

    def _particles(self) -> ParticleList:
        if self._generated is not None:
            return ParticleList(*self._generated.final_state())
        if self.n_events and self._detected:
            raise ExpressionError(
                "the generator's particles ('p', 'v') are not known after a detector simulation",
                mend="use reconstructed objects (j, e, mu, a, met), or extract with the generator's events",
            )
        counts, columns = flat_columns(self._objects.particles)
        columns["m"] = columns.pop("mass")
        return ParticleList(counts, columns)


def _identities(name: str, columns: Mapping[str, Array]) -> dict[str, Array]:
    if name == "a":
        return {"charge": np.zeros_like(columns["pt"]), "pdgid": np.full_like(columns["pt"], 22.0)}
    if name in ("e", "mu"):
        return {"pdgid": -(11.0 if name == "e" else 13.0) * columns["charge"]}
    return {}


def _polar(columns: Mapping[str, Array]) -> Polar:
    properties = {name: column for name, column in columns.items() if name not in ("pt", "eta", "phi", "m")}
    return Polar(columns["pt"], columns["eta"], columns["phi"], columns["m"], properties)


def _take(column: Array, place: NDArray[np.int64], missing: Mask) -> Array:
    if not len(column):
        return np.full(len(place), np.nan)
    return np.where(missing, np.nan, column[place])


def _merged(first: ParticleList, second: ParticleList) -> ParticleList:
    columns = {name: np.concatenate([first.columns[name], second.columns[name]]) for name in first.columns}
    order = np.lexsort((-columns["pt"], np.concatenate([first.event, second.event])))
    return ParticleList(first.counts + second.counts, {name: column[order] for name, column in columns.items()})
