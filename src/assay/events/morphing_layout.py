"""How morphing and finite differences stand in an HDF5 file: MadMiner's datasets, and ours beside them.

MadMiner takes derivatives by finite differences where there is no morphing, of all parameters, upwards. So a file in
which finite differences describe all parameters has no morphing group, and which benchmarks are shifted downwards
stands in the group `assay`.
"""

from __future__ import annotations

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError, MorphingError
from assay.events.layout import absent, get, get_text, put, put_text, section
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace
from assay.theory.shifts import Shifts

_DAMAGED = "take the file from its source again, or run the stage that wrote it"


def write_morphing(file: h5py.File, morphing: Morphing) -> None:
    """Write the morphing, and finite differences if there are any, beside parameters and benchmarks."""
    if not isinstance(morphing, FiniteDifferences) or np.any(morphing.components):
        group = file.create_group("morphing")
        put(group, "components", morphing.components.astype(np.int64))
        put(group, "morphing_matrix", morphing.matrix)
    if isinstance(morphing, FiniteDifferences):
        _write_shifts(file, morphing.shifts)


def read_morphing(file: h5py.File, space: ParameterSpace) -> Morphing:
    """Read the morphing, and check that its matrix gives back the benchmarks.

    Raises
    ------
    EventFileError
        If there is none, or it belongs to other benchmarks.
    """
    differences = file.get("finite_differences")
    shifted = isinstance(differences, h5py.Group) and "base_benchmarks" in differences
    if "morphing" not in file and shifted:
        return _read_differences(file, space, components([0] * space.n_parameters, 0))
    group = section(file, "morphing")
    powers = get(group, "components")[()].astype(np.int64)
    matrix = get(group, "morphing_matrix")[()].astype(np.float64)
    if matrix.ndim == 2 and matrix.shape[1] < len(space.benchmarks):
        # benchmarks that MadMiner adds once there is a morphing have no column
        matrix = np.pad(matrix, ((0, 0), (0, len(space.benchmarks) - matrix.shape[1])))
    morphing = Morphing(powers, space.benchmark_values, matrix)
    if shifted and np.any(_described(file, space, powers)):
        return _read_differences(file, space, powers)
    # W(theta) = w~(theta) M^+ has to reproduce every monomial from its values at the benchmarks
    values = morphing.monomials(morphing.basis)
    size = np.maximum(np.abs(values).max(axis=0), np.finfo(np.float64).tiny)
    reproduced = (morphing.matrix * size[:, None]) @ (values / size)
    if np.abs(reproduced - np.eye(len(powers))).max() > 1e-6:
        raise EventFileError("the morphing matrix does not belong to the benchmarks", mend=_DAMAGED)
    return morphing


def _write_shifts(file: h5py.File, shifts: Shifts) -> None:
    names = get_text(section(file, "benchmarks"), "names")
    n_parameters = len(get(section(file, "parameters"), "names"))
    group = file.create_group("finite_differences")
    put_text(group, "base_benchmarks", [names[b] for b in shifts.base])
    group.create_dataset("epsilon", data=float(shifts.epsilon))
    _put_names(group, "shifted_benchmarks", _table(names, shifts.plus, shifts, n_parameters))
    if shifts.minus is not None:
        ours = file.require_group("assay").create_group("finite_differences")
        _put_names(ours, "lowered_benchmarks", _table(names, shifts.minus, shifts, n_parameters))


def _put_names(group: h5py.Group, name: str, rows: list[list[str]]) -> None:
    put(group, name, np.array([[text.encode("ascii") for text in row] for row in rows], dtype="S256"))


def _table(names: tuple[str, ...], indices: NDArray[np.int64], shifts: Shifts, n_parameters: int) -> list[list[str]]:
    """Return the names of shifted benchmarks by base and parameter, "None" for parameters that morphing describes."""
    rows = [["None"] * n_parameters for _ in shifts.base]
    for row, of_base in zip(rows, indices, strict=True):
        for p, b in zip(shifts.parameters, of_base, strict=True):
            row[p] = names[b]
    return rows


def _described(file: h5py.File, space: ParameterSpace, powers: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which parameters finite differences describe: those with shifted benchmarks that the morphing leaves out."""
    rows = _names(file["finite_differences"], "shifted_benchmarks", space)
    given = np.array([[absent(text) is not None for text in row] for row in rows]).reshape(-1, space.n_parameters)
    return np.asarray(given.any(axis=0) & ~np.any(powers, axis=0))


def _names(group: h5py.Group, name: str, space: ParameterSpace) -> list[list[str]]:
    dataset = get(group, name)
    shape = (len(get(section(group.file, "finite_differences"), "base_benchmarks")), space.n_parameters)
    if dataset.shape != shape:
        raise EventFileError(f"{group.name}/{name} has shape {dataset.shape}", expected=f"shape {shape}", mend=_DAMAGED)
    texts = iter(get_text(group, name))
    return [[next(texts) for _ in range(shape[1])] for _ in range(shape[0])]


def _read_differences(file: h5py.File, space: ParameterSpace, powers: NDArray[np.int64]) -> FiniteDifferences:
    group = section(file, "finite_differences")
    described = np.flatnonzero(_described(file, space, powers))
    base = _indices(space, [get_text(group, "base_benchmarks")])[0]
    minus = None
    if "assay/finite_differences" in file:
        lowered = _names(file["assay/finite_differences"], "lowered_benchmarks", space)
        minus = _indices(space, [[row[p] for p in described] for row in lowered])
    raised = _names(group, "shifted_benchmarks", space)
    epsilon = float(np.ravel(get(group, "epsilon")[()])[0])
    try:
        shifts = Shifts(
            described, base, _indices(space, [[row[p] for p in described] for row in raised]), minus, epsilon
        )
        return FiniteDifferences.from_base(powers, space.benchmark_values, shifts, space.benchmark_names)
    except MorphingError as error:
        raise EventFileError(error.what, where="finite_differences", expected=error.expected, mend=_DAMAGED) from error


def _indices(space: ParameterSpace, rows: list[list[str]] | list[tuple[str, ...]]) -> NDArray[np.int64]:
    for row in rows:
        for name in row:
            if name not in space.benchmark_names:
                raise EventFileError(
                    f"finite differences name the unknown benchmark {name}",
                    expected=f"one of {', '.join(space.benchmark_names)}",
                    mend=_DAMAGED,
                )
    return np.array([[space.index_of(name) for name in row] for row in rows], dtype=np.int64)
