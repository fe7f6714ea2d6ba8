"""Observed (or pretended) data: events of a file, by the names of their observables.

Three kinds of file, told apart by their suffix, all with one value per event and observable:

- `.csv`: a line of names, then a line per event, separated by commas;
- `.npy`: a structured array with a field per observable;
- `.h5`, `.hdf5`: a one-dimensional data set per observable at the top of the file.

Columns of other names are not used. The events are taken as they are: cuts have been applied to them.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from assay.errors import InferenceError
from assay.inference.protocols import Array
from assay.machine import lacks_memory

_SUFFIXES = (".csv", ".npy", ".h5", ".hdf5")


def read_observed(path: str | Path, observables: Sequence[str]) -> Array:
    """Return the named observables of all events of a file, (E, O).

    Raises
    ------
    InferenceError
        If the file cannot be read, lacks an observable, or holds values that are not finite.
    """
    file = Path(path)
    columns = _columns(file)
    missing = [name for name in observables if name not in columns]
    if missing:
        raise InferenceError(
            f"no observable {', '.join(missing)}",
            where=str(file),
            expected=f"columns {', '.join(observables)}; found {', '.join(columns) or 'none'}",
            mend="name the columns as the study names its observables",
        )
    values = [columns[name] for name in observables]
    if len({len(column) for column in values}) > 1:
        raise InferenceError("the columns are of different lengths", where=str(file), expected="a value per event")
    events = np.column_stack(values) if values else np.empty((0, 0))
    bad = ~np.isfinite(events)
    if bad.any():
        names = [name for name, column in zip(observables, bad.T, strict=True) if column.any()]
        raise InferenceError(
            f"{int(bad.any(axis=1).sum())} of {len(events)} events are not finite in {', '.join(names)}",
            where=str(file),
            expected="finite values for every event",
            mend="give missing objects the study's default values",
        )
    return events


def count_observed(path: str | Path) -> int:
    """Return the number of events of a file."""
    columns = _columns(Path(path))
    if not columns:
        raise InferenceError("there is no column", where=str(path), expected="a column per observable")
    return len(next(iter(columns.values())))


def _columns(path: Path) -> dict[str, Array]:
    if path.suffix not in _SUFFIXES:
        raise InferenceError("not a file of events", where=str(path), expected=f"one of {', '.join(_SUFFIXES)}")
    try:
        if path.suffix == ".csv":
            return _from_csv(path)
        if path.suffix == ".npy":
            return _from_npy(path)
        with h5py.File(path, "r") as file:
            return {
                name: np.asarray(data[()], dtype=np.float64)
                for name, data in file.items()
                if isinstance(data, h5py.Dataset) and data.ndim == 1
            }
    except (OSError, ValueError, StopIteration) as error:
        if lacks_memory(error):
            raise
        raise InferenceError(f"the events cannot be read ({error})", where=str(path)) from None


def _from_csv(path: Path) -> dict[str, Array]:
    with path.open(newline="", encoding="utf-8") as file:
        names = [name.strip() for name in next(csv.reader(file))]
    values = np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)
    values = values.reshape(-1, len(names))
    return dict(zip(names, values.T, strict=True))


def _from_npy(path: Path) -> dict[str, Array]:
    array = np.load(path, allow_pickle=False)
    if array.dtype.names is None or array.ndim != 1:
        raise ValueError("expected a structured array with a field per observable")
    return {name: np.asarray(array[name], dtype=np.float64) for name in array.dtype.names}
