"""Posteriors as they are written: numbers and the stated prior as JSON, draws as HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import h5py

from assay.inference.calibration_ranks import CalibrationRanks
from assay.inference.paired_files import read_pair, write_pair
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
    write_pair(stem, _FORMAT, [(_numbers(record), _arrays(record)) for record in records])


def read_posteriors(stem: str | Path) -> tuple[PosteriorRecord, ...]:
    """Read what `write_posteriors` wrote.

    Raises
    ------
    AssayError
        If a file is missing, damaged, or of another kind.
    """
    return read_pair(stem, _FORMAT, "posteriors", _record)


def _arrays(record: PosteriorRecord) -> dict[str, Array]:
    arrays: dict[str, Array] = {name: getattr(record.posterior, name) for name in _ARRAYS}
    if record.calibration is not None:
        arrays |= {f"calibration/{name}": getattr(record.calibration, name) for name in _RANKS}
    return arrays


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
