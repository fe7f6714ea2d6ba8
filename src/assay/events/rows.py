"""Events of a file, block by block: reading, writing, counting."""

from __future__ import annotations

from dataclasses import dataclass

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events import layout
from assay.events.header import EventHeader, write_header
from assay.events.table import check_finite

_ROWS_PER_BLOCK = 8192


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

    def select(self, chosen: NDArray[np.bool_]) -> Rows:
        """Return some of the events, `(n_events,)`."""
        index = None if self.sample_index is None else self.sample_index[chosen]
        return Rows(self.x[chosen], self.weights[chosen], self.nuisance[chosen], self.drawn_at[chosen], index)


def n_events_of(file: h5py.File) -> int:
    """Return the number of events in an open file."""
    return len(layout.get(layout.section(file, "samples"), "observations"))


def read_rows(file: h5py.File, header: EventHeader, rows: slice = slice(None)) -> Rows:
    """Read consecutive events, by default all.

    Raises
    ------
    EventFileError
        If arrays are missing or contradict the header or each other in shape.
    NotFiniteError
        If a number is not finite.
    """
    found, first = raw_rows(file, header, rows), rows.start or 0
    check_finite("observable", found.x, tuple(observable.name for observable in header.observables), first)
    check_finite("weight at benchmark", found.weights, header.space.benchmark_names, first)
    check_finite("weight at benchmark", found.nuisance, header.nuisance_benchmarks, first)
    return found


def raw_rows(file: h5py.File, header: EventHeader, rows: slice = slice(None)) -> Rows:
    """Read consecutive events as they are: for those who look at what is wrong with a file.

    Raises
    ------
    EventFileError
        If arrays are missing or contradict the header or each other in shape.
    """
    group = layout.section(file, "samples")
    n_physics = len(header.space.benchmarks)
    n_events = n_events_of(file)
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


class EventWriter:
    """Appends events to an open file of a known number of events, block by block.

    Parameters
    ----------
    file
        A new file (`assay.events.layout.creating`), whose header is written at once.
    header
        All but the events.
    n_events
        How many events will be added.
    """

    def __init__(self, file: h5py.File, header: EventHeader, n_events: int) -> None:
        write_header(file, header)
        group = file.create_group("samples")
        n_weights = len(header.space.benchmarks) + len(header.nuisance_benchmarks)
        self._datasets = (
            self._create(group, "observations", (n_events, len(header.observables)), "f8"),
            self._create(group, "weights", (n_events, n_weights), "f8"),
            self._create(group, "sampling_benchmarks", (n_events,), "i8"),
            self._create(file["assay"], "sample_index", (n_events,), "i4"),
        )
        self._written = 0

    def add(
        self,
        x: NDArray[np.float64],
        weights: NDArray[np.float64],
        drawn_at: NDArray[np.int64],
        sample_index: NDArray[np.int32],
    ) -> None:
        """Add events: observables, weights (those of nuisance benchmarks last), benchmarks (-1: none), samples."""
        rows = slice(self._written, self._written + len(x))
        for dataset, values in zip(self._datasets, (x, weights, drawn_at, sample_index), strict=True):
            dataset[rows] = values
        self._written = rows.stop

    @staticmethod
    def _create(group: h5py.Group, name: str, shape: tuple[int, ...], kind: str) -> h5py.Dataset:
        if 0 in shape:
            return group.create_dataset(name, shape, kind)
        chunks = (min(_ROWS_PER_BLOCK, shape[0]), *shape[1:])
        return group.create_dataset(name, shape, kind, chunks=chunks, fletcher32=True)


def summary(drawn_at: NDArray[np.int64], n_benchmarks: int) -> tuple[NDArray[np.int64], int]:
    """Count signal events per benchmark, and background events."""
    signal = np.bincount(drawn_at[drawn_at >= 0], minlength=n_benchmarks)
    return signal.astype(np.int64), int(np.sum(drawn_at < 0))
