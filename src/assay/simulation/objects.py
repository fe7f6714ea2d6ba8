"""Reconstructed objects: one Awkward record per event, the same from every detector.

Fields of an event (momenta in GeV, angles in radians):

- `jets`: pt, eta, phi, mass, btag, ctag, tautag (0 or 1), flavour (5: b, 4: c, 0: other; truth)
- `electrons`, `muons`: pt, eta, phi, mass, charge
- `photons`: pt, eta, phi, mass
- `met`: pt, phi
- `particles`: pt, eta, phi, mass, pdgid, charge of the generator's final state (empty where a detector was simulated)
- `event_number`: place of the event in the generator's file, counted from 0
- `weight`: pb, at the benchmark of generation, the shower's factor included
- `shower_weight`: the shower's factor on all weights of the event (1, but for merging)

All lists are sorted in transverse momentum, hardest first, and behave as `vector`'s four-momenta.
"""

from __future__ import annotations

from collections.abc import Mapping

import awkward as ak
import numpy as np
import vector
from numpy.typing import ArrayLike, NDArray

vector.register_awkward()

MOMENTUM = ("pt", "eta", "phi", "mass")
FIELDS: Mapping[str, tuple[str, ...]] = {
    "jets": (*MOMENTUM, "btag", "ctag", "tautag", "flavour"),
    "electrons": (*MOMENTUM, "charge"),
    "muons": (*MOMENTUM, "charge"),
    "photons": MOMENTUM,
    "particles": (*MOMENTUM, "pdgid", "charge"),
}
WHOLE_NUMBERS = frozenset({"btag", "ctag", "tautag", "flavour", "charge", "pdgid"})


def make_objects(
    *,
    jets: ak.Array,
    electrons: ak.Array,
    muons: ak.Array,
    photons: ak.Array,
    met_pt: ArrayLike,
    met_phi: ArrayLike,
    event_number: ArrayLike,
    weight: ArrayLike,
    particles: ak.Array | None = None,
    shower_weight: ArrayLike | None = None,
) -> ak.Array:
    """Put the objects of a run of events together, sorted in transverse momentum.

    Parameters
    ----------
    jets, electrons, muons, photons, particles
        Lists per event (of any order) with the fields of the module's docstring.
    met_pt, met_phi, event_number, weight, shower_weight
        Shape `(n_events,)`.

    Returns
    -------
    ak.Array
        Of `n_events` records as in the module's docstring.
    """
    numbers = np.asarray(event_number, dtype=np.int64)
    if particles is None:
        particles = empty_collection("particles", len(numbers))
    given = {"jets": jets, "electrons": electrons, "muons": muons, "photons": photons, "particles": particles}
    collections = {name: sorted_by_pt(name, particles) for name, particles in given.items()}
    met = ak.zip({"pt": np.asarray(met_pt, dtype=np.float64), "phi": np.asarray(met_phi, dtype=np.float64)})
    factors = np.ones(len(numbers)) if shower_weight is None else np.asarray(shower_weight, dtype=np.float64)
    of_event = {"event_number": numbers, "weight": np.asarray(weight, dtype=np.float64), "shower_weight": factors}
    return ak.zip({**collections, "met": met, **of_event}, depth_limit=1)


def sorted_by_pt(name: str, objects: ak.Array) -> ak.Array:
    """Sort each event's objects of a kind, with everything that belongs to them, in falling transverse momentum."""
    counts, columns = flat_columns(objects)
    order = np.lexsort((-columns["pt"], np.repeat(np.arange(len(counts)), counts)))
    return collection(name, counts, {field: columns[field][order] for field in FIELDS[name]})


def empty_collection(name: str, n_events: int) -> ak.Array:
    """Return `n_events` empty lists of a kind of object (a key of `FIELDS`)."""
    return collection(name, np.zeros(n_events, dtype=np.int64), {field: np.zeros(0) for field in FIELDS[name]})


def collection(name: str, counts: NDArray[np.int64], columns: Mapping[str, ArrayLike]) -> ak.Array:
    """Make lists of a kind of object from flat columns.

    Parameters
    ----------
    name
        A key of `FIELDS`.
    counts
        Objects per event, shape `(n_events,)`.
    columns
        Every field of the object, shape `(n_objects,)`.
    """
    offsets = ak.index.Index64(np.concatenate([[0], np.cumsum(counts)]).astype(np.int64))
    contents = [ak.contents.NumpyArray(np.ascontiguousarray(columns[field], _type(field))) for field in FIELDS[name]]
    record = ak.contents.RecordArray(contents, list(FIELDS[name]), parameters={"__record__": "Momentum4D"})
    return ak.Array(ak.contents.ListOffsetArray(offsets, record))


def flat_columns(objects: ak.Array) -> tuple[NDArray[np.int64], dict[str, NDArray[np.float64]]]:
    """Return the counts per event and the flat float64 columns of a list of objects."""
    counts = np.asarray(ak.num(objects, axis=1), dtype=np.int64)
    record = ak.to_layout(ak.flatten(objects, axis=1)).to_packed()
    return counts, {name: np.asarray(record[name].data, dtype=np.float64) for name in record.fields}


def _type(field: str) -> type[np.generic]:
    return np.int32 if field in WHOLE_NUMBERS else np.float64
