"""Toys as they are written: one HDF5 file of batches, each a group of arrays with the toys along the first axis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np

from assay.errors import AssayError
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.inference.toy_batch import ToyBatch

_FORMAT = "assay-toys-1"
_ARRAYS = {
    "n_events": ("toy",),
    "best_fit": ("toy", "parameter"),
    "q": ("toy", "point"),
    "widths": ("toy", "parameter", "confidence level"),
    "covers": ("toy", "parameter", "confidence level"),
    "at_edge": ("toy", "parameter", "confidence level"),
    "points": ("point", "parameter"),
}


def write_batches(path: str | Path, batches: Sequence[ToyBatch]) -> None:
    """Write batches of toys to an HDF5 file."""
    with atomic_hdf5(path) as file:
        file.attrs["format"] = _FORMAT
        for number, batch in enumerate(batches):
            group = file.create_group(str(number))
            group.attrs["method"], group.attrs["include_rate"] = batch.method, batch.include_rate
            group.attrs["parameters"], group.attrs["point"] = list(batch.parameters), batch.point
            group.attrs["confidence_levels"] = batch.confidence_levels
            group.attrs["notes"] = json.dumps(batch.notes)
            for name, dimensions in _ARRAYS.items():
                dataset = group.create_dataset(name, data=getattr(batch, name), fletcher32=True)
                dataset.attrs["dimensions"] = dimensions
            kinds = list(batch.failure_counts)
            group.attrs["failures"] = json.dumps(kinds)
            group["failure"] = np.array([kinds.index(f) + 1 if f else 0 for f in batch.failures], dtype=np.int32)


def read_batches(path: str | Path) -> tuple[ToyBatch, ...]:
    """Read what `write_batches` wrote.

    Raises
    ------
    AssayError
        If the file is missing, damaged, or of another kind.
    """

    def fault(error: Exception) -> AssayError:
        return AssayError(f"the toys cannot be read ({error})", where=str(path), mend="run the toys stage again")

    with reading_hdf5(path, fault, OSError, KeyError, ValueError) as file:
        if file.attrs.get("format") != _FORMAT:
            raise AssayError("not a file of toys", where=str(path), expected=f"format {_FORMAT}")
        return tuple(_read(file[str(number)]) for number in range(len(file)))


def _read(group: h5py.Group) -> ToyBatch:
    kinds = ("", *json.loads(group.attrs["failures"]))
    return ToyBatch(
        method=str(group.attrs["method"]),
        include_rate=bool(group.attrs["include_rate"]),
        parameters=tuple(map(str, group.attrs["parameters"])),
        point=int(group.attrs["point"]),
        confidence_levels=tuple(map(float, group.attrs["confidence_levels"])),
        failures=tuple(kinds[number] for number in group["failure"][()]),
        notes=tuple(json.loads(group.attrs["notes"])),
        **{name: group[name][()] for name in _ARRAYS},
    )
