"""Reconstructed objects of a file that Delphes wrote, matched to the generator's events by their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import SimulationError
from assay.simulation.root import iterate_objects, read_numbers

Array = NDArray[np.float64]
Index = NDArray[np.int64]

_TOLERANCE = 1e-4  # of weights, which Delphes writes in single precision
_VARYING = 1e-6


def matched_objects(path: Path, event_number: Index, weights: Array, step: int = 20_000) -> Iterator[ak.Array]:
    """Read a file of Delphes as events of a generator.

    Parameters
    ----------
    path
        The ROOT file.
    event_number, weights
        Of the generator's events: their numbers, as the file has them or one less, and nominal weights in pb, each of
        shape `(n_generated,)`.
    step
        Events at a time.

    Yields
    ------
    ak.Array
        Events as `assay.simulation.objects` describes them, with the generator's numbers and weights.

    Raises
    ------
    SimulationError
        If the numbers do not say which event is which.
    """
    numbers, found = read_numbers(path)
    first = first_number(numbers, found, event_number, weights, str(path))
    order = np.argsort(event_number, kind="stable")
    for objects in iterate_objects(path, step):
        number = np.asarray(objects.event_number, dtype=np.int64) - first
        place = order[np.searchsorted(event_number, number, sorter=order)]
        objects = ak.with_field(objects, number, "event_number")
        yield ak.with_field(objects, weights[place], "weight")


def first_number(numbers: Index, found: Array, event_number: Index, weights: Array, where: str) -> int:
    """Return from where (0 or 1) a file counts events, if its numbers are those of the generator's events.

    Numbers alone may be places among those events that a shower accepted. Where some events are missing, they are
    believed if they leave gaps, or if weights that vary from event to event in both files agree.

    Parameters
    ----------
    numbers, found
        Numbers and weights in the file, shape `(n_found,)`.
    event_number, weights
        Of the generator, shape `(n_generated,)`; numbers from 0.
    where
        The file, for messages.

    Raises
    ------
    SimulationError
        If they are not, or it cannot be told.
    """
    _check_distinct(numbers, where)
    fitting = [first for first in (0, 1) if np.isin(numbers - first, event_number).all()]
    if not fitting:
        raise SimulationError(
            f"events {numbers.min()} to {numbers.max()} in the file, {len(event_number)} in the generator's",
            where=where,
            expected="numbers of the generator's events, counted from 0 or 1",
            mend="give the LHE file from which the objects were simulated",
        )
    if _varies(found) and not _varies(weights):
        raise SimulationError(
            "the weights in the file vary, those of the generator's events do not: a shower's (of merging) are in them",
            where=where,
            expected="objects whose weights are the generator's",
            mend="give the showered events (HepMC, with these weights) as events, and have Assay run Delphes on them",
        )
    if _varies(weights) and _varies(found):
        fitting = [first for first in fitting if _weights_agree(numbers - first, found, event_number, weights)]
        if not fitting:
            raise SimulationError(
                "the weights in the file are not those of the events with the same numbers",
                where=where,
                expected="numbers that are those of the generator's events, and not places among accepted ones",
                mend="give the LHE file from which the objects were simulated, or simulate with Assay's shower",
            )
    elif len(numbers) < len(event_number) and np.ptp(numbers) == len(numbers) - 1:
        missing = len(event_number) - len(numbers)
        raise SimulationError(
            f"{missing} events are missing, and the numbers leave no gap: they may be places among accepted events",
            where=where,
            expected="numbers of the generator's events",
            mend="write HepMC with Assay's shower, which keeps the numbers, and give it to Delphes",
        )
    if len(fitting) > 1:
        raise SimulationError(
            f"numbers {numbers.min()} to {numbers.max()} may count {len(event_number)} events from 0 or from 1",
            where=where,
            expected="the number of the first or the last event among them, or weights that vary",
            mend="write HepMC with Assay's shower, which counts from 0",
        )
    return fitting[0]


def _varies(weights: Array) -> bool:
    return bool(np.ptp(weights) > _VARYING * np.abs(weights).max())


def _check_distinct(numbers: Index, where: str) -> None:
    if not len(numbers):
        raise SimulationError("there are no events in the file", where=where, mend="give a file with events")
    unique, counts = np.unique(numbers, return_counts=True)
    if len(unique) < len(numbers):
        raise SimulationError(
            f"event number {unique[counts > 1][0]} occurs {counts.max()} times",
            where=where,
            expected="every event at most once",
            mend="do not merge files of several runs into one",
        )


def _weights_agree(number: Index, found: Array, event_number: Index, weights: Array) -> bool:
    """Return whether weights are the generator's up to a common factor."""
    order = np.argsort(event_number, kind="stable")
    wanted = weights[order[np.searchsorted(event_number, number, sorter=order)]]
    scale = np.sum(found * wanted) / np.sum(wanted**2)
    return bool(scale > 0.0 and np.abs(found - scale * wanted).max() <= _TOLERANCE * scale * np.abs(wanted).max())
