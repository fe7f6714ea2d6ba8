"""Events that another program showered, as records that a detector meets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pyhepmc
from numpy.typing import NDArray

from assay.generation.hepmc import hepmc_events
from assay.simulation.record import Record

_FIELDS = ("id", "status", "mother1", "px", "py", "pz", "e", "m")
_TAU = 15


def read_hepmc(path: Path, chunk_size: int = 500) -> Iterator[Record]:
    """Read events of a HepMC file in chunks.

    Parameters
    ----------
    path
        The file.
    chunk_size
        Events at a time, which bounds the memory.

    Yields
    ------
    Record
        Events with the numbers that the file gives them. Of mothers, only the taus' are given.

    Raises
    ------
    LHEError
        If the file is none of HepMC, is truncated or has a damaged event.
    """
    numbers: list[int] = []
    events: list[NDArray[np.float64]] = []
    for event in hepmc_events(path):
        numbers.append(event.event_number)
        events.append(_particles(event))
        if len(events) == chunk_size:
            yield _record(numbers, events)
            numbers, events = [], []
    if events:
        yield _record(numbers, events)


def _particles(event: Any) -> NDArray[np.float64]:
    """Return the columns `_FIELDS` of an event's particles, shape `(8, n_particles)`."""
    found = event.numpy.particles
    unit = 1e-3 if event.momentum_unit == pyhepmc.Units.MEV else 1.0
    status = np.asarray(found.status)
    mother = np.full(len(status), -1)
    for place in np.flatnonzero(np.abs(found.pid) == _TAU):
        for child in event.particles[int(place)].children:
            mother[child.id - 1] = place
    momenta = [unit * np.asarray(getattr(found, name)) for name in ("px", "py", "pz", "e", "generated_mass")]
    return np.stack([found.pid, np.where(status == 1, 1, -1), mother, *momenta])


def _record(numbers: list[int], events: list[NDArray[np.float64]]) -> Record:
    columns = dict(zip(_FIELDS, np.concatenate(events, axis=1), strict=True))
    whole = {name: columns[name].astype(np.int64) for name in ("id", "status", "mother1")}
    particles = ak.unflatten(ak.zip({**columns, **whole}), [event.shape[1] for event in events])
    return Record(np.array(numbers, dtype=np.int64), np.ones(len(numbers)), particles)
