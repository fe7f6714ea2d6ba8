"""The event file: MadMiner 0.9's HDF5 layout, which goes both ways, with what we add in the group `assay`.

A file that MadMiner wrote (of the current or the older layout) is read by the same function; its samples are
inferred from the weights (`assay.events.inferred`). Opening a file evaluates nothing: transforms and definitions of
observables are text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events import layout
from assay.events.header import EventHeader, check_summary, header_of, read_header, write_summary
from assay.events.inferred import DrawnAt, inferred_samples
from assay.events.morphing_layout import read_morphing, write_morphing
from assay.events.rows import EventWriter, Rows, read_rows, summary
from assay.events.table import (
    CutFlowRow,
    EventTable,
    NuisanceWeights,
    ObservableInfo,
    Sample,
    benchmark_of_samples,
)
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

__all__ = [
    "CutFlowRow",
    "EventHeader",
    "EventTable",
    "ObservableInfo",
    "Sample",
    "Setup",
    "read_event_file",
    "read_event_header",
    "read_setup_file",
    "write_event_file",
    "write_setup_file",
]


@dataclass(frozen=True, eq=False)
class Setup:
    """Parameters, benchmarks and morphing, before there are events."""

    space: ParameterSpace
    morphing: Morphing


def write_setup_file(path: str | Path, space: ParameterSpace, morphing: Morphing) -> None:
    """Write parameters, benchmarks and morphing, as MadMiner does before it has events."""
    with layout.creating(path) as file:
        layout.write_space(file, space)
        write_morphing(file, morphing)


def read_setup_file(path: str | Path) -> Setup:
    """Read parameters, benchmarks and morphing of a set-up or event file.

    Raises
    ------
    EventFileError
        If the file is missing, damaged or of another kind.
    """
    with layout.reading(path) as file:
        space = layout.read_space(file)
        return Setup(space, read_morphing(file, space))


def write_event_file(path: str | Path, table: EventTable) -> None:
    """Write events; the file takes its name once it is complete.

    Raises
    ------
    EventFileError
        If MadMiner's layout cannot hold a name.
    """
    weights = table.weights
    if table.nuisance is not None:
        weights = np.concatenate([weights, table.nuisance.weights], axis=1)
    drawn_at = table.benchmark_index
    with layout.creating(path) as file:
        writer = EventWriter(file, header_of(table), table.n_events)
        writer.add(table.x, weights, drawn_at, table.sample_index)
        write_summary(file, *summary(drawn_at, len(table.space.benchmarks)))


def read_event_file(path: str | Path) -> EventTable:
    """Read the events of our files, or of MadMiner's.

    Raises
    ------
    EventFileError
        If the file is missing, truncated, damaged, of another version, contradicts itself, or holds numbers that are
        not finite.
    """
    with layout.reading(path) as file:
        header = read_header(file)
        rows = read_rows(file, header)
        check_summary(file, *summary(rows.drawn_at, len(header.space.benchmarks)))
        if not header.named_samples:
            seen = DrawnAt.nowhere(header.space).updated(rows.own_weights, rows.drawn_at)
            header = replace(header, samples=inferred_samples(header.space, seen))
        return table_of(header, rows)


def read_event_header(path: str | Path) -> EventHeader:
    """Read all of an event file but its events; a file that MadMiner wrote names no samples."""
    with layout.reading(path) as file:
        return read_header(file)


def table_of(header: EventHeader, rows: Rows) -> EventTable:
    """Put events and their header together, and check both.

    Raises
    ------
    EventFileError
        If they contradict each other, or a number is not finite.
    """
    index = rows.sample_index
    if index is None:
        index = _sample_of_benchmark(header)[rows.drawn_at]
    nuisance = None
    if header.nuisance_benchmarks:
        names = header.nuisance_benchmarks
        nuisance = NuisanceWeights(names, rows.nuisance, header.nuisance_parameters, header.systematics)
    table = EventTable(
        header.space,
        header.morphing,
        header.observables,
        header.samples,
        rows.x,
        rows.weights,
        index,
        header.cut_flow,
        nuisance,
        header.provenance,
    )
    if not np.array_equal(table.benchmark_index, rows.drawn_at):
        raise EventFileError("samples/sampling_benchmarks contradicts assay/sample_index", mend="write the file again")
    return table


def _sample_of_benchmark(header: EventHeader) -> NDArray[np.int32]:
    """Return the number of the sample of each benchmark, and in the last place that of the background; -1 for none."""
    numbers = np.full(len(header.space.benchmarks) + 1, -1, dtype=np.int32)
    for number, benchmark in enumerate(benchmark_of_samples(header.space, header.samples)):
        numbers[benchmark] = number
    return numbers
