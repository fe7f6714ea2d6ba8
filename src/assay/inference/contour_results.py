"""Adaptive contours as they are written: numbers as JSON, evaluations as HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from assay.errors import AssayError
from assay.files import atomic_path, read_json, write_json
from assay.inference.adaptive_contours import ContourResult, Round
from assay.inference.protocols import Array

_FORMAT = "assay-contours-1"


@dataclass(frozen=True)
class ContourRecord:
    """How the contours of a method were found.

    Parameters
    ----------
    method, include_rate
        Of which likelihood.
    parameters, confidence_levels, levels
        As of `ContourResult`.
    theta, log_likelihood
        All evaluations, (N, P) and (N,), in their order.
    rounds, converged, best_fit
        As of `ContourResult`.
    n_grid
        Points of the grid that would have been evaluated otherwise.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    confidence_levels: tuple[float, ...]
    levels: tuple[float, ...]
    theta: Array
    log_likelihood: Array
    rounds: tuple[Round, ...]
    converged: bool
    best_fit: tuple[float, ...]
    n_grid: int

    @classmethod
    def of(cls, method: str, include_rate: bool, found: ContourResult, n_grid: int) -> ContourRecord:
        """Record a result."""
        return cls(
            method,
            include_rate,
            found.parameters,
            found.confidence_levels,
            found.levels,
            found.theta,
            found.log_likelihood,
            found.rounds,
            found.converged,
            found.best_fit,
            n_grid,
        )


def write_contours(stem: str | Path, records: Sequence[ContourRecord]) -> None:
    """Write `<stem>.json` and `<stem>.h5`."""
    json_path, h5_path = _paths(stem)
    with atomic_path(h5_path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = _FORMAT
        for number, record in enumerate(records):
            group = file.create_group(str(number))
            group.create_dataset("theta", data=record.theta, fletcher32=True)
            group.create_dataset("log_likelihood", data=record.log_likelihood, fletcher32=True)
    results = []
    for record in records:
        plain = {key: value for key, value in asdict(record).items() if key not in ("theta", "log_likelihood")}
        results.append({**plain, "n_evaluations": len(record.theta)})
    write_json(json_path, {"format": _FORMAT, "arrays": h5_path.name, "results": results})


def read_contours(stem: str | Path) -> tuple[ContourRecord, ...]:
    """Read what `write_contours` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind.
    """
    json_path, h5_path = _paths(stem)
    content = read_json(json_path)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise AssayError("not a file of contours", where=str(json_path), expected=f'"format": "{_FORMAT}"')
    try:
        with h5py.File(h5_path, "r") as file:
            return tuple(_record(file[str(number)], entry) for number, entry in enumerate(content["results"]))
    except (OSError, KeyError, TypeError) as error:
        raise AssayError(
            f"the contours cannot be read ({error})", where=str(h5_path), mend="run the evaluate stage again"
        ) from None


def _paths(stem: str | Path) -> tuple[Path, Path]:
    stem = Path(stem)
    return stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".h5")


def _record(group: h5py.Group, entry: dict[str, Any]) -> ContourRecord:
    rounds = tuple(Round(one["n_evaluations"], tuple(one["expected_error"])) for one in entry["rounds"])
    return ContourRecord(
        method=entry["method"],
        include_rate=entry["include_rate"],
        parameters=tuple(entry["parameters"]),
        confidence_levels=tuple(entry["confidence_levels"]),
        levels=tuple(entry["levels"]),
        theta=group["theta"][()],
        log_likelihood=group["log_likelihood"][()],
        rounds=rounds,
        converged=entry["converged"],
        best_fit=tuple(entry["best_fit"]),
        n_grid=entry["n_grid"],
    )
