"""Joint against estimated quantities of test events: what `evaluate` writes and the report draws."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.estimators.ratio import RatioEstimator
from assay.estimators.score import ScoreEstimator
from assay.files import atomic_path
from assay.sampling.samples import RatioSample, ScoreSample

_FORMAT = "assay-comparison-1"
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """K quantities of N test events, as the event record has them and as an estimator says.

    Parameters
    ----------
    method
        The method's name in the study.
    quantities
        LaTeX of each quantity, K of them.
    joint, estimated
        (N, K).
    """

    method: str
    quantities: tuple[str, ...]
    joint: Array
    estimated: Array


def compare_ratio(estimator: RatioEstimator, sample: RatioSample, method: str, n_hypotheses: int = 200) -> Comparison:
    """Compare log ratios at up to `n_hypotheses` of a test sample's hypotheses, for events that are possible there."""
    hypotheses, index = np.unique(np.asarray(sample.theta0), axis=0, return_inverse=True)
    chosen = np.unique(np.linspace(0, len(hypotheses) - 1, n_hypotheses).astype(int))
    x, ratios = np.asarray(sample.x, dtype=np.float64), np.asarray(sample.r_xz, dtype=np.float64)
    joint, estimated = [], []
    for number in chosen:
        rows = np.flatnonzero((index == number) & (ratios > 0))
        if len(rows):
            estimated.append(estimator.log_ratio(x[rows], hypotheses[number][None])[0])
            joint.append(np.log(ratios[rows]))
    return Comparison(method, (r"\log r",), np.concatenate(joint)[:, None], np.concatenate(estimated)[:, None])


def compare_score(estimator: ScoreEstimator, sample: ScoreSample, method: str) -> Comparison:
    """Compare the components of the score at the reference point."""
    estimated = estimator.score(np.asarray(sample.x, dtype=np.float64))
    names = tuple(rf"t_{{{number + 1}}}" for number in range(estimated.shape[1]))
    return Comparison(method, names, np.asarray(sample.t_xz, dtype=np.float64), np.asarray(estimated, dtype=np.float64))


def write_comparison(path: str | Path, comparison: Comparison) -> None:
    """Write a comparison as HDF5, in single precision."""
    with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["method"] = _FORMAT, comparison.method
        file.attrs["quantities"] = list(comparison.quantities)
        for name in ("joint", "estimated"):
            dataset = file.create_dataset(name, data=getattr(comparison, name).astype(np.float32), fletcher32=True)
            dataset.attrs["unit"], dataset.attrs["dimensions"] = "1", ["event", "quantity"]


def read_comparison(path: str | Path) -> Comparison:
    """Read what `write_comparison` wrote.

    Raises
    ------
    AssayError
        If the file is missing, damaged, or of another kind.
    """
    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != _FORMAT:
                raise KeyError("format")
            quantities = tuple(str(name) for name in file.attrs["quantities"])
            joint, estimated = (file[name][()].astype(np.float64) for name in ("joint", "estimated"))
            return Comparison(str(file.attrs["method"]), quantities, joint, estimated)
    except (OSError, KeyError) as error:
        raise AssayError(
            f"not a readable comparison ({error})",
            where=str(path),
            expected=f"format {_FORMAT}",
            mend="run evaluate again",
        ) from None
