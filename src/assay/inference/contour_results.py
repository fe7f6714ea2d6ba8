"""Adaptive contours as they are written: numbers as JSON, evaluations as HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from assay.inference.adaptive_contours import ContourResult, Round
from assay.inference.paired_files import read_pair, write_pair
from assay.inference.protocols import Array

_FORMAT = "assay-contours-1"
_ARRAYS = ("theta", "log_likelihood")


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
    write_pair(
        stem, _FORMAT, [(_numbers(record), {name: getattr(record, name) for name in _ARRAYS}) for record in records]
    )


def read_contours(stem: str | Path) -> tuple[ContourRecord, ...]:
    """Read what `write_contours` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind.
    """
    return read_pair(stem, _FORMAT, "contours", _record)


def _numbers(record: ContourRecord) -> dict[str, Any]:
    plain = {key: value for key, value in asdict(record).items() if key not in _ARRAYS}
    return {**plain, "n_evaluations": len(record.theta)}


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
