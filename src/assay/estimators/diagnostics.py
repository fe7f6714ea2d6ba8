"""What a test sample says about an estimator: the checks of its kind, and its estimates beside joint quantities."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ModelError
from assay.estimators.calibration_curve import CalibrationCurve
from assay.estimators.checks import Agreement, agreement, excess_information, mean_score, overtraining, score_knowledge
from assay.estimators.density_checks import DensityEstimator, density_checks
from assay.estimators.description import ModelDescription
from assay.estimators.range_checks import hypotheses_in_range, inputs_in_range
from assay.estimators.ratio import RatioEstimator
from assay.estimators.ratio_checks import estimates_of, ratio_checks
from assay.estimators.tested import first_rows, numbers_of
from assay.estimators.verdicts import CheckResult
from assay.hdf5 import atomic_hdf5, reading_hdf5
from assay.sampling.samples import DensitySample, RatioSample, Sample, ScoreSample

Array = NDArray[np.float64]

_KEPT = 20_000


class ScoreFunction(Protocol):
    """What gives estimates of the score at one point."""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names of the components of the score."""

    def score(self, x: ArrayLike) -> Array:
        """Return t(x | theta) at the reference point, shape (E, P)."""


class ScoreEstimator(ScoreFunction, Protocol):
    """An estimator of the score that knows its training."""

    @property
    def description(self) -> ModelDescription:
        """Its columns and its origin."""


class TrainedRatio(RatioEstimator, Protocol):
    """A ratio estimator that knows its training."""

    @property
    def description(self) -> ModelDescription:
        """Its columns and its origin."""


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
    curve
        The calibration curve of a ratio against the joint ratios.
    """

    checks: tuple[CheckResult, ...]
    quantities: tuple[str, ...]
    joint: Array
    estimated: Array
    curve: CalibrationCurve | None = None

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        """Squared error, correlation and slope for every quantity."""
        return tuple(agreement(e, j) for e, j in zip(self.estimated.T, self.joint.T, strict=True))

    def write(self, path: Path) -> None:
        """Write the comparison as HDF5, at most 20 000 rows: enough for a figure."""
        with atomic_hdf5(path) as file:
            file.attrs["quantities"] = list(self.quantities)
            for name, values in (("joint", self.joint), ("estimated", self.estimated)):
                file.create_dataset(name, data=values[:_KEPT], fletcher32=True, compression="gzip")
            if self.curve is not None:
                for name in CalibrationCurve.__dataclass_fields__:
                    file.create_dataset(f"calibration/{name}", data=getattr(self.curve, name), fletcher32=True)


def read_comparison(path: Path) -> tuple[tuple[str, ...], Array, Array]:
    """Return quantities, joint and estimated values that `Diagnostics.write` wrote.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """

    def fault(error: Exception) -> ModelError:
        return ModelError(f"the diagnostics cannot be read ({error})", where=str(path), mend="run evaluate again")

    with reading_hdf5(path, fault, OSError, KeyError) as file:
        return tuple(str(name) for name in file.attrs["quantities"]), file["joint"][:], file["estimated"][:]


def read_curve(path: Path) -> CalibrationCurve | None:
    """Return the calibration curve that `Diagnostics.write` wrote, or None if there is none.

    Raises
    ------
    ModelError
        If the file cannot be read.
    """

    def fault(error: Exception) -> ModelError:
        return ModelError(f"the calibration curve cannot be read ({error})", where=str(path), mend="run evaluate again")

    with reading_hdf5(path, fault, OSError, KeyError) as file:
        if "calibration" not in file:
            return None
        return CalibrationCurve(
            **{name: file[f"calibration/{name}"][:] for name in CalibrationCurve.__dataclass_fields__}
        )


def diagnose(
    estimator: TrainedRatio | ScoreEstimator | DensityEstimator,
    test: Sample,
    training: Sample | None = None,
    hypotheses: ArrayLike | None = None,
    seed: int = 0,
) -> Diagnostics:
    """Check an estimator, or an ensemble, on a test sample of its kind, of events that it has not seen.

    Parameters
    ----------
    estimator
        Any; which checks are made is decided by the kind of sample.
    test
        As for its training.
    training
        What it was trained on, to find overtraining; a part of it is enough.
    hypotheses
        Where it will be evaluated (T, P); by default those of the test sample.
    seed
        Of what the checks choose at random.

    Raises
    ------
    ModelError
        If the training sample is of another kind.
    """
    if training is not None and training.kind != test.kind:
        raise ModelError(f"a {training.kind} sample beside a {test.kind} sample", expected="two of one kind")
    if isinstance(test, RatioSample):
        return ratio_diagnostics(estimator, test, training, hypotheses, seed)  # type: ignore[arg-type]
    if isinstance(test, ScoreSample):
        return score_diagnostics(estimator, test, training)  # type: ignore[arg-type]
    return density_diagnostics(estimator, test, training, hypotheses, seed)  # type: ignore[arg-type]


def ratio_diagnostics(
    estimator: TrainedRatio,
    sample: RatioSample,
    training: RatioSample | None = None,
    hypotheses: ArrayLike | None = None,
    seed: int = 0,
) -> Diagnostics:
    """Check a ratio estimator, as `diagnose`."""
    estimates = estimates_of(estimator, sample)
    checks, curve = ratio_checks(estimator, sample, estimates, training, seed)
    ranges = _range_checks(estimator.description, sample.x, sample.theta0 if hypotheses is None else hypotheses)
    r_xz = np.asarray(sample.r_xz, dtype=np.float64)
    possible = r_xz > 0.0
    joint, estimated = np.log(r_xz[possible])[:, None], estimates.log_r[possible][:, None]
    return Diagnostics((*checks, *ranges), ("log r",), joint, estimated, curve)


def score_diagnostics(
    estimator: ScoreEstimator, sample: ScoreSample, training: ScoreSample | None = None
) -> Diagnostics:
    """Check a score estimator, as `diagnose`."""
    t, joint = estimator.score(sample.x), np.asarray(sample.t_xz, dtype=np.float64)
    ranges = _range_checks(estimator.description, sample.x, np.asarray(sample.theta))
    checks = (*score_checks(estimator, sample, t, training), *ranges)
    return Diagnostics(checks, tuple(f"score of {name}" for name in estimator.parameters), joint, t)


def score_checks(
    estimator: ScoreFunction, sample: ScoreSample, t: Array, training: ScoreSample | None
) -> tuple[CheckResult, ...]:
    """Return the checks of estimated scores t (N, P) of a test sample, on top of those of ranges."""
    joint = np.asarray(sample.t_xz, dtype=np.float64)
    events, names = numbers_of(sample.x), estimator.parameters
    test = score_knowledge(t, joint, events)
    checks = [
        *mean_score(t, np.ones(len(t)), names, events=events),
        *excess_information(t, joint, names, events=events),
        test,
    ]
    if training is not None:
        part = first_rows(training)
        known = score_knowledge(estimator.score(part.x), part.t_xz, numbers_of(part.x))
        checks.append(overtraining((known.value, known.error), (test.value, test.error)))
    return tuple(checks)


def density_diagnostics(
    estimator: DensityEstimator,
    sample: DensitySample,
    training: DensitySample | None = None,
    hypotheses: ArrayLike | None = None,
    seed: int = 0,
) -> Diagnostics:
    """Check a density estimator, as `diagnose`."""
    checks, t = density_checks(estimator, sample, training, seed)
    ranges = _range_checks(estimator.description, sample.x, sample.theta if hypotheses is None else hypotheses)
    joint = np.asarray(sample.t_xz, dtype=np.float64)
    return Diagnostics((*checks, *ranges), tuple(f"score of {name}" for name in estimator.parameters), joint, t)


def _range_checks(description: ModelDescription, x: ArrayLike, theta: ArrayLike) -> tuple[CheckResult, ...]:
    """Check inputs, as far as the model knows their ranges, and hypotheses; a score has no range of hypotheses."""
    checks: list[CheckResult] = []
    if description.x_ranges:
        checks.append(inputs_in_range(x, description.x_ranges, description.observables, description.training.n_train))
    if description.family != "local_score":
        checks.append(hypotheses_in_range(theta, description.ranges, description.parameters))
    return tuple(checks)
