"""Posteriors as they are written: numbers and the stated prior as JSON, draws as HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from assay.errors import AssayError
from assay.files import atomic_path, read_json, write_json
from assay.inference.calibration_ranks import CalibrationRanks
from assay.inference.posterior import CredibleInterval, Posterior
from assay.inference.priors import Marginal, Prior
from assay.inference.protocols import Array

_FORMAT = "assay-posterior-1"
_ARRAYS = ("samples", "log_density")
_RANKS = ("theta", "ranks", "credibility")


@dataclass(frozen=True)
class PosteriorRecord:
    """The posterior of a method.

    Parameters
    ----------
    method, include_rate
        Of which likelihood.
    posterior
        The draws.
    intervals
        The shortest intervals of each parameter.
    calibration
        Ranks of simulation-based calibration; None where none was asked for.
    """

    method: str
    include_rate: bool
    posterior: Posterior
    intervals: tuple[CredibleInterval, ...]
    calibration: CalibrationRanks | None = None


def write_posteriors(stem: str | Path, records: Sequence[PosteriorRecord]) -> None:
    """Write `<stem>.json` and `<stem>.h5`."""
    json_path, h5_path = _paths(stem)
    with atomic_path(h5_path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"] = _FORMAT
        for number, record in enumerate(records):
            group = file.create_group(str(number))
            for name in _ARRAYS:
                group.create_dataset(name, data=getattr(record.posterior, name), compression="gzip", fletcher32=True)
            for name in _RANKS if record.calibration is not None else ():
                group.create_dataset(f"calibration/{name}", data=getattr(record.calibration, name), fletcher32=True)
    write_json(
        json_path, {"format": _FORMAT, "arrays": h5_path.name, "results": [_numbers(record) for record in records]}
    )


def read_posteriors(stem: str | Path) -> tuple[PosteriorRecord, ...]:
    """Read what `write_posteriors` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind.
    """
    json_path, h5_path = _paths(stem)
    content = read_json(json_path)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise AssayError("not a file of posteriors", where=str(json_path), expected=f'"format": "{_FORMAT}"')
    try:
        with h5py.File(h5_path, "r") as file:
            return tuple(_record(file[str(number)], entry) for number, entry in enumerate(content["results"]))
    except (OSError, KeyError, TypeError) as error:
        raise AssayError(
            f"the posteriors cannot be read ({error})", where=str(h5_path), mend="run the evaluate stage again"
        ) from None


def _paths(stem: str | Path) -> tuple[Path, Path]:
    stem = Path(stem)
    return stem.with_name(stem.name + ".json"), stem.with_name(stem.name + ".h5")


def _numbers(record: PosteriorRecord) -> dict[str, Any]:
    posterior, calibration = record.posterior, record.calibration
    levels = sorted({interval.probability for interval in record.intervals})
    plain: dict[str, Any] = {
        "method": record.method,
        "include_rate": record.include_rate,
        "parameters": posterior.parameters,
        "prior": [asdict(marginal) for marginal in posterior.prior.marginals],
        "prior_in_words": [str(marginal) for marginal in posterior.prior.marginals],
        "mean": posterior.mean.tolist(),
        "covariance": posterior.covariance.tolist(),
        "mode": posterior.mode.tolist(),
        "intervals": [asdict(interval) for interval in record.intervals],
        "autocorrelation": posterior.autocorrelation,
        "effective_samples": posterior.effective_samples,
        "acceptance": posterior.acceptance,
        "n_steps": posterior.n_steps,
        "reliable": posterior.reliable,
        "calibration": None,
    }
    if calibration is not None:
        coverage = [{**asdict(one), "p_value": one.p_value} for one in calibration.expected_coverage(levels)]
        plain["calibration"] = {
            "verdict": calibration.verdict,
            "p_values": calibration.p_values,
            "expected_coverage": coverage,
            "failures": calibration.failures,
        }
    return plain


def _record(group: h5py.Group, entry: dict[str, Any]) -> PosteriorRecord:
    prior = Prior(tuple(Marginal(**marginal) for marginal in entry["prior"]))
    names = tuple(entry["parameters"])
    posterior = Posterior(
        parameters=names,
        prior=prior,
        samples=group["samples"][()],
        log_density=group["log_density"][()],
        autocorrelation=tuple(entry["autocorrelation"]),
        acceptance=entry["acceptance"],
        n_steps=entry["n_steps"],
    )
    calibration = None
    if entry["calibration"] is not None:
        arrays: dict[str, Array] = {name: group[f"calibration/{name}"][()] for name in _RANKS}
        failures = tuple((name, count) for name, count in entry["calibration"]["failures"])
        calibration = CalibrationRanks(names, prior, arrays["theta"], arrays["ranks"], arrays["credibility"], failures)
    intervals = tuple(CredibleInterval(**interval) for interval in entry["intervals"])
    return PosteriorRecord(entry["method"], entry["include_rate"], posterior, intervals, calibration)
