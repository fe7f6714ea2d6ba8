"""The event file: MadMiner 0.9's HDF5 layout, which goes both ways, with what we add in the group `assay`.

A file that MadMiner wrote (of the current or the older layout) is read by the same function; its samples are
inferred from the weights (`assay.events.inferred`). Opening a file evaluates nothing: transforms and definitions of
observables are text.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events import layout
from assay.events.header import EventHeader, check_summary, header_of, read_header, write_header, write_summary
from assay.events.inferred import inferred_samples
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
        layout.write_morphing(file, morphing)


def read_setup_file(path: str | Path) -> Setup:
    """Read parameters, benchmarks and morphing of a set-up or event file.

    Raises
    ------
    EventFileError
        If the file is missing, damaged or of another kind.
    """
    with layout.reading(path) as file:
        space = layout.read_space(file)
        return Setup(space, layout.read_morphing(file, space))


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
        write_header(file, header_of(table))
        group = file.create_group("samples")
        layout.put(group, "observations", table.x.astype(np.float64))
        layout.put(group, "weights", weights.astype(np.float64))
        layout.put(group, "sampling_benchmarks", drawn_at)
        layout.put(file["assay"], "sample_index", table.sample_index.astype(np.int32))
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
            header = replace(header, samples=inferred_samples(header.space, rows.own_weights, rows.drawn_at))
        return table_of(header, rows)


def read_event_header(path: str | Path) -> EventHeader:
    """Read all of an event file but its events; a file that MadMiner wrote names no samples."""
    with layout.reading(path) as file:
        return read_header(file)


@dataclass(frozen=True, eq=False)
class Rows:
    """Consecutive events of a file: `x`, `weights` and `nuisance` weights by event and column, and where they are from.

    `sample_index` is None if the file does not name its samples.
    """

    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    nuisance: NDArray[np.float64]
    drawn_at: NDArray[np.int64]
    sample_index: NDArray[np.int32] | None

    @property
    def own_weights(self) -> NDArray[np.float64]:
        """Weights at the benchmark at which each event was drawn (any, for background), shape `(n_events,)`."""
        column = np.clip(self.drawn_at, 0, self.weights.shape[1] - 1)
        own: NDArray[np.float64] = self.weights[np.arange(len(self.x)), column]
        return own


def read_rows(file: h5py.File, header: EventHeader, rows: slice = slice(None)) -> Rows:
    """Read some events.

    Raises
    ------
    EventFileError
        If arrays are missing or contradict the header or each other in shape.
    """
    group = layout.section(file, "samples")
    n_physics = len(header.space.benchmarks)
    n_events = len(layout.get(group, "observations"))
    shapes = {
        "observations": (n_events, len(header.observables)),
        "weights": (n_events, n_physics + len(header.nuisance_benchmarks)),
        "sampling_benchmarks": (n_events,),
    }
    for name, shape in shapes.items():
        found = layout.get(group, name).shape
        if found != shape:
            raise EventFileError(f"samples/{name} has shape {found}", expected=f"shape {shape}")
    index = None
    if header.named_samples:
        dataset = layout.get(file["assay"], "sample_index")
        if dataset.shape != (n_events,):
            raise EventFileError(f"assay/sample_index has shape {dataset.shape}", expected=f"shape {(n_events,)}")
        index = dataset[rows].astype(np.int32)
    weights = group["weights"][rows].astype(np.float64)
    return Rows(
        group["observations"][rows].astype(np.float64),
        weights[:, :n_physics],
        weights[:, n_physics:],
        group["sampling_benchmarks"][rows].astype(np.int64),
        index,
    )


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


def summary(drawn_at: NDArray[np.int64], n_benchmarks: int) -> tuple[NDArray[np.int64], int]:
    """Count signal events per benchmark, and background events."""
    signal = np.bincount(drawn_at[drawn_at >= 0], minlength=n_benchmarks)
    return signal.astype(np.int64), int(np.sum(drawn_at < 0))
