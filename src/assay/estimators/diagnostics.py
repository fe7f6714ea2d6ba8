"""What a test sample says about an estimator: the checks of its kind, and its estimates beside joint quantities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import ModelError
from assay.estimators.checks import (
    Agreement,
    CheckResult,
    Events,
    agreement,
    calibration_slope,
    joint_ratio_consistency,
    mean_ratio,
    mean_score,
)
from assay.estimators.ratio import ParameterisedRatio
from assay.estimators.score import LocalScore
from assay.files import atomic_path
from assay.sampling.samples import RatioSample, ScoreSample

Array = NDArray[np.float64]

_KEPT = 20_000


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Checks and comparisons on a test sample.

    Parameters
    ----------
    checks
        With verdicts.
    quantities
        What is compared: `log r`, or a component of the score per parameter; K of them.
    joint, estimated
        Shape (N, K).
    """

    checks: tuple[CheckResult, ...]
    quantities: tuple[str, ...]
    joint: Array
    estimated: Array

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """Squared error, correlation and slope for every quantity."""
        return tuple(agreement(e, j) for e, j in zip(self.estimated.T, self.joint.T, strict=True))

    def write(self, path: Path) -> None:
        """Write the comparison as HDF5, at most 20 000 rows: enough for a figure."""
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs["quantities"] = list(self.quantities)
            for name, values in (("joint", self.joint), ("estimated", self.estimated)):
                file.create_dataset(name, data=values[:_KEPT], fletcher32=True, compression="gzip")


def read_comparison(path: Path) -> tuple[tuple[str, ...], Array, Array]:
    """Return quantities, joint and estimated values that `Diagnostics.write` wrote.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """
    try:
        with h5py.File(path, "r") as file:
            return tuple(str(name) for name in file.attrs["quantities"]), file["joint"][:], file["estimated"][:]
    except (OSError, KeyError) as error:
        raise ModelError(
            f"the diagnostics cannot be read ({error})", where=str(path), mend="run evaluate again"
        ) from None


def ratio_diagnostics(estimator: ParameterisedRatio, sample: RatioSample) -> Diagnostics:
    """Check a ratio estimator on a test sample of events that it has not seen."""
    y, r_xz = np.asarray(sample.y, dtype=np.float64), np.asarray(sample.r_xz, dtype=np.float64)
    log_r = estimator.paired_log_ratio(sample.x, sample.theta0)
    events = _events(sample.x)
    checks = (
        joint_ratio_consistency(r_xz, y, events=events),
        _mean_ratio(log_r, y == 1.0, events, "mean ratio at the reference"),
        _mean_ratio(-log_r, y == 0.0, events, "mean inverse ratio over the hypotheses"),
        calibration_slope(log_r, 1.0 / (1.0 + r_xz), name="calibration slope against joint ratios", events=events),
        calibration_slope(log_r, y, name="calibration slope against labels", events=events),
    )
    possible = r_xz > 0.0
    return Diagnostics(checks, ("log r",), np.log(r_xz[possible])[:, None], log_r[possible][:, None])


def score_diagnostics(estimator: LocalScore, sample: ScoreSample) -> Diagnostics:
    """Check a score estimator on a test sample of events that it has not seen."""
    estimated, joint = estimator.score(sample.x), np.asarray(sample.t_xz, dtype=np.float64)
    checks = mean_score(estimated, np.ones(len(estimated)), estimator.parameters, events=_events(sample.x))
    return Diagnostics(checks, tuple(f"score of {name}" for name in estimator.parameters), joint, estimated)


def _mean_ratio(log_r: Array, chosen: NDArray[np.bool_], events: Events, name: str) -> CheckResult:
    return mean_ratio(log_r[chosen], np.ones(int(chosen.sum())), name=name, events=events[chosen])


def _events(x: NDArray[np.float32]) -> Events:
    """Return which event each sample (N, O) is: the same one is drawn several times, for many hypotheses.

    Events are told apart by their observables; where all of these are counts, errors become rough.
    """
    _, numbers = np.unique(x, axis=0, return_inverse=True)
    return numbers.ravel()
