"""Weights of the generator joined to reconstructed objects, by event number and never by position."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.generation.lhe import LHESample
from assay.observables.cut_flow import CutFlow
from assay.observables.extract import Extraction, ObservableDefinition, extract
from assay.simulation.root import read_objects, read_summary


def join(objects: ak.Array, lhe: LHESample) -> NDArray[np.float64]:
    """Return the weights of reconstructed events in pb, shape `(n_events, n_benchmarks)`, columns as in the LHE file.

    Raises
    ------
    EventFileError
        If event numbers repeat, lie outside the LHE file, or belong to events of another weight.
    """
    places = _places(np.asarray(objects.event_number, dtype=np.int64), lhe.event_number)
    _check_weights(np.asarray(objects.weight), lhe.nominal_weights[places], np.asarray(objects.event_number))
    return lhe.weights[places]


def join_weights(
    objects: ak.Array, event_number: NDArray[np.int64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the rows of `weights` that belong to reconstructed events.

    Parameters
    ----------
    objects
        Events as `assay.simulation.objects` describes them.
    event_number, weights
        Of the generator's events, shapes `(n_generated,)` and `(n_generated, n_benchmarks)`.

    Raises
    ------
    EventFileError
        If event numbers repeat, or are not among the generator's.
    """
    if len(event_number) != len(weights):
        raise EventFileError(
            f"{len(weights)} rows of weights for {len(event_number)} events", expected="one row per event"
        )
    return weights[_places(np.asarray(objects.event_number, dtype=np.int64), event_number)]


def _places(numbers: NDArray[np.int64], generated: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return where each event number stands among the generator's."""
    for what, given in (("reconstructed", numbers), ("generated", generated)):
        unique, counts = np.unique(given, return_counts=True)
        if len(unique) < len(given):
            raise EventFileError(
                f"event number {unique[counts > 1][0]} occurs {counts.max()} times among the {what} events",
                expected="every event at most once",
                mend="simulate the LHE file again",
            )
    order = np.argsort(generated, kind="stable")
    found = np.minimum(np.searchsorted(generated, numbers, sorter=order), max(len(generated) - 1, 0))
    known = generated[order[found]] == numbers if len(generated) else np.zeros(len(numbers), dtype=bool)
    if not known.all():
        raise EventFileError(
            f"the reconstructed event {numbers[~known][0]} is not among the {len(generated)} generated events",
            mend="extract with the LHE file from which these objects were simulated",
        )
    return np.asarray(order[found])


def extract_file(
    root: Path, lhe: LHESample, observables: Sequence[ObservableDefinition], cuts: Sequence[str]
) -> tuple[Extraction, NDArray[np.float64]]:
    """Compute observables and apply cuts to a file of reconstructed objects.

    Parameters
    ----------
    root
        The ROOT file.
    lhe
        The generator's events from which it was simulated.
    observables, cuts
        What to compute and which events to keep.

    Returns
    -------
    tuple
        The kept events, with a cut flow that begins with all generated events, and their weights in pb, shape
        `(n_kept, n_benchmarks)`.

    Raises
    ------
    EventFileError
        If the files do not belong together.
    ExpressionError
        If an observable or cut is wrong.
    """
    summary = read_summary(root)
    if summary is not None and summary.events_read != len(lhe):
        raise EventFileError(
            f"the objects were simulated from {summary.events_read} events, the LHE file has {len(lhe)}",
            where=str(root),
            mend="extract with the LHE file from which these objects were simulated",
        )
    objects = read_objects(root)
    weights = join(objects, lhe)
    flow = CutFlow().after("generated", np.ones(len(lhe), dtype=bool), lhe.weights)
    flow = flow.after("simulated", np.ones(len(objects), dtype=bool), weights)
    extraction = extract(objects, observables, cuts, weights, cut_flow=flow)
    return extraction, weights[extraction.keep]


def _check_weights(found: NDArray[np.float64], expected: NDArray[np.float64], numbers: NDArray[np.int64]) -> None:
    different = ~np.isclose(found, expected, rtol=1e-5, atol=0.0)
    if different.any():
        place = int(np.argmax(different))
        raise EventFileError(
            f"event {numbers[place]} weighs {found[place]:.6g} pb here and {expected[place]:.6g} pb as generated",
            mend="extract with the LHE file from which these objects were simulated",
        )
