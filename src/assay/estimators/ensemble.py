"""Ensembles: several estimators of the same quantity, trained alike from other starts and other events.

The prediction is the members' mean: of log ratios, or of scores. Its spread over the members says how much of it is the
accident of a training; what all members get wrong alike it does not show, for which there are the checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ModelError
from assay.estimators.described import Described
from assay.estimators.description import ModelDescription
from assay.estimators.model_folder import load_estimator
from assay.estimators.ratio import RatioEstimator

Array = NDArray[np.float64]


class RatioMember(RatioEstimator, Protocol):
    """A trained ratio estimator."""

    @property
    def description(self) -> ModelDescription:
        """Its columns and its origin."""

    @property
    def ranges(self) -> Array:
        """(low, high) of every parameter in the training, shape (P, 2)."""

    def inside(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each theta (T, P) is within the range of the training."""


class ScoreMember(Protocol):
    """A trained score estimator."""

    @property
    def description(self) -> ModelDescription:
        """Its columns and its origin."""

    def score(self, x: ArrayLike) -> Array:
        """Return t(x | theta) at the reference point, shape (E, P)."""


Member = TypeVar("Member", RatioMember, ScoreMember)


class _Ensemble(Described, Generic[Member]):
    """Members of one description.

    Parameters
    ----------
    members
        Two or more, of the same method, columns and reference.
    """

    def __init__(self, members: Sequence[Member]) -> None:
        self.members: tuple[Member, ...] = tuple(members)
        if len(self.members) < 2:
            raise ModelError(f"an ensemble of {len(self.members)}", expected="two members or more")
        for name in ("method", "family", "observables", "parameters", "nuisance", "reference"):
            found = [getattr(member.description, name) for member in self.members]
            if any(value != found[0] for value in found):
                raise ModelError(
                    f"members of an ensemble differ in {name}: {', '.join(map(str, found))}",
                    expected="estimators of the same quantity",
                    mend="take the models of one training of the study",
                )
        self.description = self.members[0].description


class RatioEnsemble(_Ensemble[RatioMember]):
    """Estimators of a ratio; the mean is that of log r."""

    @property
    def ranges(self) -> Array:
        """(low, high) of every parameter in which all members were trained, shape (P, 2)."""
        all_ranges = np.stack([member.ranges for member in self.members])
        return np.stack([all_ranges[:, :, 0].max(axis=0), all_ranges[:, :, 1].min(axis=0)], axis=1)

    def inside(self, theta: ArrayLike) -> NDArray[np.bool_]:
        """Return whether each theta (T, P) is within the range of all trainings."""
        return np.asarray(np.all([member.inside(theta) for member in self.members], axis=0))

    def log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x | theta, theta1), shape (T, E), for x (E, O) and theta (T, P)."""
        return _mean([member.log_ratio(x, theta) for member in self.members])

    def spread(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the standard deviation of the members' log r, shape (T, E)."""
        return _spread([member.log_ratio(x, theta) for member in self.members])

    def paired_log_ratio(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return log r(x_i | theta_i, theta1) of events (N, O), each at a hypothesis of its own (N, P), shape (N,)."""
        return _mean([member.paired_log_ratio(x, theta) for member in self.members])

    def summed_log_ratio(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return sum_i w_i log r(x_i | theta, theta1), shape (T,), for weights (E,), in bounded memory."""
        return _mean([member.summed_log_ratio(x, theta, weights) for member in self.members])

    def summed_spread(self, x: ArrayLike, theta: ArrayLike, weights: ArrayLike) -> Array:
        """Return the standard deviation of the members' sums, shape (T,): members err alike for neighbouring events."""
        return _spread([member.summed_log_ratio(x, theta, weights) for member in self.members])

    def score(self, x: ArrayLike, theta: ArrayLike) -> Array:
        """Return the gradient of log r(x | theta, theta1) with respect to theta, shape (E, P), at one theta (P,)."""
        return _mean([member.score(x, theta) for member in self.members])


class ScoreEnsemble(_Ensemble[ScoreMember]):
    """Estimators of the score at one point."""

    def score(self, x: ArrayLike) -> Array:
        """Return t(x | theta) at the reference point, shape (E, P), for x (E, O)."""
        return _mean([member.score(x) for member in self.members])

    def spread(self, x: ArrayLike) -> Array:
        """Return the standard deviation of the members' scores, shape (E, P)."""
        return _spread([member.score(x) for member in self.members])


def load_ensemble(
    folders: Sequence[str | Path], observables: Sequence[str] | None = None
) -> RatioEnsemble | ScoreEnsemble:
    """Read the models of an ensemble's members.

    Raises
    ------
    ModelError
        As `load_estimator`, and if the members do not belong together.
    """
    members = [load_estimator(folder, observables) for folder in folders]
    if all(member.description.family == "local_score" for member in members):
        return ScoreEnsemble(members)  # type: ignore[arg-type]
    return RatioEnsemble(members)  # type: ignore[arg-type]


def _mean(values: Sequence[Array]) -> Array:
    mean: Array = np.mean(values, axis=0)
    return mean


def _spread(values: Sequence[Array]) -> Array:
    spread: Array = np.std(values, axis=0, ddof=1)
    return spread
