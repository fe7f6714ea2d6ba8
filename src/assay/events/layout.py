"""How parameters, benchmarks, morphing and text stand in an HDF5 file: MadMiner 0.9's datasets, and ours beside them.

MadMiner's text is fixed-width ASCII of 256 bytes; its files of up to release 0.8.3 differ in a few names, and are
read too. What MadMiner's layout cannot hold goes to the group `assay`, which it ignores. Every array is written with
a checksum, in a file whose metadata carry checksums.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError, DamagedFileError, EventFileError, LayoutVersionError
from assay.hdf5 import atomic_hdf5
from assay.machine import lacks_memory, may_pass
from assay.study.powers import per_part
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace

SCHEMA_VERSION = 1
_TEXT_WIDTH = 256
_IDENTITY = "theta"  # MadMiner evaluates the transform of every parameter
_WHAT = "an event file of this package, or of MadMiner"
_LARGEST_RATIO = 1100  # of gzip: content by size
_LOCK = "close it there; without locks, set HDF5_USE_FILE_LOCKING=FALSE"
_NOT_OPENED = (errno.EACCES, errno.EPERM)
_DAMAGED = "take the file from its source again, or run the stage that wrote it"


@contextmanager
def creating(path: str | Path) -> Iterator[h5py.File]:
    """Open a new file that takes its name once it is complete."""
    # the later format has checksums on the metadata as well
    with atomic_hdf5(path, libver=("v110", "v110")) as file:
        yield file


@contextmanager
def reading(path: str | Path) -> Iterator[h5py.File]:
    """Open an existing file, and turn what HDF5 complains about into an `EventFileError`."""
    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError:
        raise EventFileError("file not found", where=str(path), mend="run the stage that writes it") from None
    except AssayError as error:
        if error.where is not None and error.where.startswith(str(path)):
            raise
        where = str(path) if error.where is None else f"{path}, {error.where}"
        kind = type(error) if isinstance(error, EventFileError) else EventFileError
        raise kind(error.what, where=where, expected=error.expected, mend=error.mend) from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, MemoryError) as error:
        if "unable to lock file" in str(error):
            raise EventFileError(
                "another program has it open, or its folder has no locks", where=str(path), mend=_LOCK
            ) from error
        if (lacks_memory(error) and not _claims_too_much(error, path)) or may_pass(error):
            raise
        if isinstance(error, OSError) and error.errno in _NOT_OPENED:
            raise EventFileError(
                f"cannot be read ({os.strerror(error.errno)})", where=str(path), mend="ask for the rights to read it"
            ) from error
        raise DamagedFileError(
            f"the file is damaged: {_reason(error)}", where=str(path), expected="a complete HDF5 file", mend=_DAMAGED
        ) from error


def _claims_too_much(error: Exception, path: str | Path) -> bool:
    """Return whether memory was asked for, for more than a file of this size can hold: that is a damaged header."""
    shape, kind = getattr(error, "shape", None), getattr(error, "dtype", None)  # of NumPy's MemoryError
    if shape is None or kind is None:
        return False
    return bool(np.prod([float(n) for n in shape]) * np.dtype(kind).itemsize > _LARGEST_RATIO * os.path.getsize(path))


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "truncated" in text:
        return "it is truncated"
    if "fletcher32" in text.lower() or "checksum" in text.lower() or "filter" in text.lower():
        return f"a checksum does not fit ({text})"
    if "signature not found" in text:
        return "it is not an HDF5 file"
    return text


def put(group: h5py.Group, name: str, values: object) -> None:
    """Write an array with a checksum (HDF5 has none for scalars and empty arrays)."""
    array = np.asarray(values)
    if array.size and array.ndim:
        group.create_dataset(name, data=array, fletcher32=True)
    else:
        group.create_dataset(name, data=array)


def section(file: h5py.File, name: str) -> h5py.Group:
    """Return a group that has to be there.

    Raises
    ------
    EventFileError
        If it is missing.
    """
    found = _member(file, name)
    if not isinstance(found, h5py.Group):
        raise EventFileError(f"there is no {name} in it", expected=_WHAT, mend="check that this is the right file")
    return found


def _member(group: h5py.Group, name: str) -> h5py.Group | h5py.Dataset | None:
    """Return what has a name, None if there is nothing; what cannot be opened is there, and damaged."""
    try:
        return group[name]
    except KeyError as error:
        if "doesn't exist" in str(error) or "not found" in str(error):
            return None
        raise


def get(group: h5py.Group, name: str) -> h5py.Dataset:
    """Return a dataset that has to be there.

    Raises
    ------
    EventFileError
        If it is missing.
    """
    found = _member(group, name)
    if not isinstance(found, h5py.Dataset):
        raise EventFileError(
            f"there is no dataset {group.name.rstrip('/')}/{name}",
            expected=_WHAT,
            mend="check that this is the right file",
        )
    return found


def put_text(group: h5py.Group, name: str, texts: Sequence[str]) -> None:
    """Write text as MadMiner does.

    Raises
    ------
    EventFileError
        If it is not ASCII or too long.
    """
    for text in texts:
        if not fits(text):
            raise EventFileError(
                f"{text!r} cannot be written to {group.name}/{name}",
                expected=f"ASCII of at most {_TEXT_WIDTH} characters",
            )
    put(group, name, np.array([text.encode("ascii") for text in texts], dtype=f"S{_TEXT_WIDTH}"))


def fits(text: str) -> bool:
    """Say whether MadMiner's layout can hold a text."""
    return text.isascii() and len(text) <= _TEXT_WIDTH and "\0" not in text


def put_unicode(group: h5py.Group, name: str, texts: Sequence[str]) -> None:
    """Write text of any length in UTF-8."""
    encoded = [text.encode("utf-8") for text in texts]
    width = max([1, *map(len, encoded)])
    put(group, name, np.array(encoded, dtype=h5py.string_dtype("utf-8", width)))


def get_text(group: h5py.Group, name: str) -> tuple[str, ...]:
    """Read text of any kind."""
    values = np.atleast_1d(get(group, name)[()])
    return tuple(v.decode("utf-8") if isinstance(v, bytes) else str(v) for v in values.ravel())


def absent(text: str) -> str | None:
    """Return None for the word that stands for nothing in MadMiner's files."""
    return None if text in {"None", ""} else text


def _transform(text: str) -> str | None:
    return None if text.strip() == _IDENTITY else absent(text)


def write_space(file: h5py.File, space: ParameterSpace, nuisance_benchmarks: Sequence[str] = ()) -> None:
    """Write parameters and benchmarks, those of nuisance parameters last."""
    group = file.create_group("parameters")
    put_text(group, "names", space.names)
    put_text(group, "lha_blocks", [p.lha_block for p in space.parameters])
    put(group, "lha_ids", np.array([p.lha_id for p in space.parameters], dtype=np.int64))
    put(group, "max_power", np.array([sum(per_part(power, 1)) for power in space.max_powers], dtype=np.int64))
    put(group, "val_ranges", space.ranges)
    put_text(group, "transforms", [p.transform or _IDENTITY for p in space.parameters])
    group = file.create_group("benchmarks")
    names = [*space.benchmark_names, *nuisance_benchmarks]
    nuisance = np.arange(len(names)) >= len(space.benchmarks)
    put_text(group, "names", names)
    zeros = np.zeros((len(nuisance_benchmarks), space.n_parameters))
    put(group, "values", np.concatenate([space.benchmark_values, zeros]))
    put(group, "is_nuisance", nuisance.astype(np.int64))
    put(group, "is_reference", np.array([name == space.reference for name in names], dtype=np.int64))
    ours = file.require_group("assay")
    ours.attrs["schema_version"] = SCHEMA_VERSION
    _write_our_parameters(ours.create_group("parameters"), space)


def _write_our_parameters(group: h5py.Group, space: ParameterSpace) -> None:
    """Write labels, powers in the parts of the amplitude, and further entries of the parameter card."""
    put_unicode(group, "labels", [p.label or "" for p in space.parameters])
    parts = max(len(per_part(power, 1)) for power in space.max_powers)
    if parts > 1:
        put(group, "max_powers", np.array([per_part(power, parts) for power in space.max_powers], dtype=np.int64))
    entries = [(i, entry) for i, p in enumerate(space.parameters) for entry in p.further_entries]
    if entries:
        further = group.create_group("further_entries")
        put(further, "parameters", np.array([i for i, _ in entries], dtype=np.int64))
        put_unicode(further, "lha_blocks", [entry.block for _, entry in entries])
        put(further, "lha_ids", np.array([entry.id for _, entry in entries], dtype=np.int64))
        put_unicode(further, "transforms", [entry.transform or _IDENTITY for _, entry in entries])


def _read_further_entries(group: h5py.Group, n_parameters: int) -> list[tuple[CardEntry, ...]]:
    found: list[list[CardEntry]] = [[] for _ in range(n_parameters)]
    if "further_entries" in group:
        further = group["further_entries"]
        texts = get_text(further, "lha_blocks"), get_text(further, "transforms")
        rows = zip(get(further, "parameters")[()], texts[0], get(further, "lha_ids")[()], texts[1], strict=True)
        for parameter, block, lha, transform in rows:
            found[parameter].append(CardEntry(block, int(lha), _transform(transform)))
    return [tuple(entries) for entries in found]


def _read_powers(file: h5py.File) -> list[int | tuple[int, ...]]:
    """Read the maximal powers; of several per parameter in MadMiner's older layout, alternatives, the highest."""
    if "assay/parameters/max_powers" in file:
        return [tuple(map(int, row)) for row in get(file["assay/parameters"], "max_powers")[()]]
    powers = get(file["parameters"], "max_power")[()]
    return [int(power) for power in (powers.max(axis=1) if powers.ndim == 2 else powers)]


def read_space(file: h5py.File) -> ParameterSpace:
    """Read parameters and the benchmarks of physics, of either of MadMiner's layouts."""
    check_version(file)
    group = section(file, "parameters")
    names = get_text(group, "names")
    ranges = get(group, "val_ranges" if "val_ranges" in group else "ranges")[()]
    ids = np.ravel(get(group, "lha_ids")[()])
    transforms = get_text(group, "transforms") if "transforms" in group else ("",) * len(names)
    ours = file.get("assay/parameters", {})
    labels = get_text(ours, "labels") if "labels" in ours else ("",) * len(names)
    further = _read_further_entries(ours, len(names))
    columns = (names, get_text(group, "lha_blocks"), ids, ranges, _read_powers(file), transforms, labels, further)
    parameters = tuple(
        Parameter(name, block, int(lha), (float(low), float(high)), power, _transform(text), label or None, entries)
        for name, block, lha, (low, high), power, text, label, entries in zip(*columns, strict=True)
    )
    physics, reference = _benchmark_roles(section(file, "benchmarks"))
    group = section(file, "benchmarks")
    values = get(group, "values")[()]
    listed = zip(get_text(group, "names"), values, physics, strict=True)
    benchmarks = tuple(Benchmark(name, tuple(map(float, row))) for name, row, of_physics in listed if of_physics)
    chosen = np.flatnonzero(reference & physics)
    return ParameterSpace(parameters, benchmarks, get_text(group, "names")[chosen[0]] if len(chosen) else "")


def _benchmark_roles(group: h5py.Group) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    n_benchmarks = len(get(group, "names"))
    nuisance = np.ravel(group["is_nuisance"][()]) if "is_nuisance" in group else np.zeros(n_benchmarks)
    reference = np.ravel(group["is_reference"][()]) if "is_reference" in group else np.zeros(n_benchmarks)
    return np.asarray(nuisance == 0), np.asarray(reference == 1)


def physics_columns(file: h5py.File) -> NDArray[np.bool_]:
    """Say which columns of the weights belong to benchmarks of physics."""
    return _benchmark_roles(section(file, "benchmarks"))[0]


def check_version(file: h5py.File) -> None:
    """Refuse files of a later version of our layout; files without one are MadMiner's."""
    if "assay" not in file:
        return
    version = file["assay"].attrs.get("schema_version", 0)
    if version != SCHEMA_VERSION:
        raise LayoutVersionError(
            f"the file has version {version} of the layout",
            expected=f"version {SCHEMA_VERSION}",
            mend="read it with the release of assay that wrote it, or write it again",
        )
