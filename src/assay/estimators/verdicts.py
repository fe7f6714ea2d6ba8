"""What a check says: a number, what it should be, and a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Array = NDArray[np.float64]
Events = NDArray[np.integer]
Verdict = Literal["passed", "doubtful", "failed"]
Rule = Literal["equal", "at most", "above"]

_ROUNDING = 1e-12
_NOT_FINITE = 1e9
_PASSED, _FAILED = 3.0, 5.0  # standard deviations: evidence and discovery


@dataclass(frozen=True)
class CheckResult:
    """A number that would be `expected` for the truth.

    Parameters
    ----------
    name
        What was checked.
    value, error
        The estimate and its statistical standard deviation.
    expected
        The exact value, or the bound.
    tolerance
        Deviations up to it are good enough whatever the error: no finite training is exact.
    verdict
        `passed` up to the tolerance or three standard deviations, whichever is larger; `failed` beyond twice the
        tolerance or five standard deviations, and if the number or its error is not finite (it is then 1e9, and the
        detail says so); `doubtful` between.
    rule
        Whether the value is to be equal to `expected`, at most that, or clearly above it: `passed` then means above by
        five standard deviations, `doubtful` by three.
    detail
        What the number is of, where it is the worst of several; what the failure means, where that is not plain.
    """

    name: str
    value: float
    error: float
    expected: float
    tolerance: float
    verdict: Verdict
    rule: Rule = "equal"
    detail: str = ""

    @property
    def pull(self) -> float:
        """The deviation in standard deviations."""
        return (self.value - self.expected) / self.error if self.error > 0 else math.copysign(math.inf, self.value)


def judge(
    name: str,
    value: float,
    error: float,
    expected: float,
    tolerance: float,
    *,
    rule: Rule = "equal",
    detail: str = "",
    n_looks: int = 1,
) -> CheckResult:
    """Return the result of a check with its verdict.

    `n_looks`: the value is the worst of so many. More standard deviations are then allowed, such that the worst of
    them passes as often as a single one would (Sidak).
    """
    verdict: Verdict = "failed"
    if math.isfinite(value) and math.isfinite(error):
        deviation = value - expected
        if rule == "above":
            good, bad = deviation > _FAILED * error, deviation <= _PASSED * error
        else:
            distance = abs(deviation) if rule == "equal" else deviation
            good = distance <= max(tolerance, _sigmas(_PASSED, n_looks) * error) + _ROUNDING
            bad = distance > max(2.0 * tolerance, _sigmas(_FAILED, n_looks) * error)
        verdict = "passed" if good else "failed" if bad else "doubtful"
    else:  # results go to JSON, which knows no NaN
        value, error, detail = _NOT_FINITE, 0.0, "not a finite number"
    return CheckResult(name, value, error, expected, tolerance, verdict, rule, detail)


def worst_of(
    name: str,
    values: Array,
    errors: Array,
    labels: tuple[str, ...],
    expected: float,
    tolerance: float,
) -> CheckResult:
    """Judge K values, errors (K,) by the one that is furthest out, which the detail names.

    Furthest out in units of what is allowed: the tolerance, or the standard deviations for K looks.
    """
    bad = ~(np.isfinite(values) & np.isfinite(errors))
    allowed = np.maximum(tolerance, _sigmas(_PASSED, len(values)) * errors)
    excess = np.where(bad, np.inf, np.abs(values - expected) / np.where(bad | (allowed <= 0.0), 1.0, allowed))
    worst = int(np.argmax(excess))
    detail = f"{labels[worst]}, the furthest out of {len(values)}" if len(values) > 1 else labels[worst]
    value, error = float(values[worst]), float(errors[worst])
    return judge(name, value, error, expected, tolerance, detail=detail, n_looks=len(values))


def weighted_mean(values: Array, weights: Array, events: Events | None = None) -> tuple[float, float]:
    """Return the mean of values (N,) with weights (N,), and its error.

    Where an event was drawn several times, `events` (N,), numbers from 0, says which rows are of the same one: their
    residuals are added before they are squared, since a repeated event is no further evidence.
    """
    total = float(weights.sum())
    mean = float(weights @ values) / total
    if not math.isfinite(mean):
        return math.nan, math.nan
    residuals = by_event((weights * (values - mean))[:, None], events)
    return mean, math.sqrt(float((residuals**2).sum())) / abs(total)


def by_event(residuals: Array, events: Events | None) -> Array:
    """Add the rows (N, K) of each event."""
    if events is None:
        return residuals
    return np.stack([np.bincount(events, weights=column) for column in residuals.T], axis=1)


def _sigmas(sigmas: float, n_looks: int) -> float:
    """Return how many standard deviations the worst of n exceeds as often as one exceeds `sigmas`."""
    if n_looks <= 1:
        return sigmas
    tail = -math.expm1(math.log1p(-2.0 * norm.sf(sigmas)) / n_looks)
    return float(norm.isf(tail / 2.0))
