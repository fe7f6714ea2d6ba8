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
from assay.observables.efficiencies import weighted
from assay.observables.extract import Extraction, ObservableDefinition, extract
from assay.observables.particles import Particles
from assay.observables.truth import Generated
from assay.simulation.root import SimulationSummary, read_objects, read_summary
from assay.study.functions import UserModule
from assay.study.model_samples import SIGNAL
from assay.theory.systematics import Effect


def join(objects: ak.Array, lhe: LHESample) -> NDArray[np.float64]:
    """Return the weights of reconstructed events in pb, shape `(n_events, n_benchmarks)`, columns as in the LHE file.

    They are the generator's times the shower's factor, which merging gives to events.

    Raises
    ------
    EventFileError
        If event numbers repeat, lie outside the LHE file, or belong to events of another weight.
    """
    places = _places(np.asarray(objects.event_number, dtype=np.int64), lhe.event_number)
    factor = np.asarray(objects.shower_weight, dtype=np.float64)
    _check_weights(np.asarray(objects.weight), lhe.nominal_weights[places] * factor, np.asarray(objects.event_number))
    return lhe.weights[places] * factor[:, None]


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
    root: Path,
    lhe: LHESample,
    observables: Sequence[ObservableDefinition],
    cuts: Sequence[str],
    *,
    functions: UserModule | None = None,
    effects: Sequence[Effect] = (),
    sample: str = SIGNAL,
) -> tuple[Extraction, NDArray[np.float64]]:
    """Compute observables, apply efficiencies and cuts to a file of reconstructed objects.

    Parameters
    ----------
    root
        The ROOT file.
    lhe
        The generator's events from which it was simulated.
    observables, cuts
        What to compute and which events to keep.
    functions
        The study's own functions, if it has any.
    effects
        The study's systematics, of which efficiencies act on the weights.
    sample
        What the events are: a sample of the study, `signal` for the process.

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
    places = _places(np.asarray(objects.event_number), lhe.event_number)
    particles = Particles(objects, Generated(lhe, places))
    flow = CutFlow().after("generated", np.ones(len(lhe), dtype=bool), lhe.weights)
    flow = flow.after("showered", _kept_by_shower(summary, places, len(lhe)), lhe.weights)
    flow = flow.after("simulated", np.ones(len(objects), dtype=bool), weights)
    found = weighted(particles, weights, lhe.weight_names, effects, sample, flow)
    extraction = extract(
        particles, observables, cuts, found.weights, cut_flow=found.cut_flow, keep=found.keep, functions=functions
    )
    return extraction, found.weights[extraction.keep]


def _kept_by_shower(summary: SimulationSummary | None, present: NDArray[np.int64], n_events: int) -> NDArray[np.bool_]:
    """Return which generated events the shower did not give up, whatever matching or merging then made of them."""
    kept = np.zeros(n_events, dtype=bool)
    if summary is not None and summary.vetoing:
        kept[:] = True
        kept[list(summary.rejected)] = False
    else:
        kept[present] = True
    return kept


def _check_weights(found: NDArray[np.float64], expected: NDArray[np.float64], numbers: NDArray[np.int64]) -> None:
    different = ~np.isclose(found, expected, rtol=1e-5, atol=0.0)
    if different.any():
        place = int(np.argmax(different))
        raise EventFileError(
            f"event {numbers[place]} weighs {found[place]:.6g} pb here and {expected[place]:.6g} pb as generated",
            mend="extract with the LHE file from which these objects were simulated",
        )
