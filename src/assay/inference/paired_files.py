"""Results in two files of one name: numbers as JSON, which people read, and arrays as HDF5."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import h5py

from assay.errors import AssayError
from assay.files import read_json, write_json
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.inference.protocols import Array

Record = TypeVar("Record")


def write_pair(
    stem: str | Path, file_format: str, records: Sequence[tuple[Mapping[str, Any], Mapping[str, Array]]]
) -> None:
    """Write `<stem>.json` and `<stem>.h5`.

    Parameters
    ----------
    stem
        Their path without a suffix.
    file_format
        The name by which readers know them.
    records
        Numbers and arrays of each result; names of arrays may be paths.
    """
    json_path, h5_path = _paths(stem)
    with atomic_hdf5(h5_path) as file:
        file.attrs["format"] = file_format
        for number, (_, arrays) in enumerate(records):
            group = file.create_group(str(number))
            for name, values in arrays.items():
                group.create_dataset(name, data=values, compression="gzip", fletcher32=True)
    results = [dict(numbers) for numbers, _ in records]
    write_json(json_path, {"format": file_format, "arrays": h5_path.name, "results": results})


def read_pair(
    stem: str | Path, file_format: str, what: str, record: Callable[[h5py.Group, dict[str, Any]], Record]
) -> tuple[Record, ...]:
    """Return `record(arrays, numbers)` of each result that `write_pair` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind; `what` names its content.
    """
    json_path, h5_path = _paths(stem)
    content = read_json(json_path)
    if not isinstance(content, dict) or content.get("format") != file_format:
        raise AssayError(f"not a file of {what}", where=str(json_path), expected=f'"format": "{file_format}"')

    def fault(error: Exception) -> AssayError:
        return AssayError(
            f"the {what} cannot be read ({error})", where=str(h5_path), mend="run the evaluate stage again"
        )

    with reading_hdf5(h5_path, fault, OSError, KeyError, TypeError) as file:
        return tuple(record(file[str(number)], entry) for number, entry in enumerate(content["results"]))


def _paths(stem: str | Path) -> tuple[Path, Path]:
    stem = Path(stem)
    return stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".h5")
