"""What a run shows, in sentences that follow from its results; no study, method or parameter is known by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator
from scipy.linalg import eigh
from scipy.stats import chi2

from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting.content import Outcome, Verdict
from assay.reporting.figures.style import percent
from assay.reporting.numbers import joined, significant, with_error

_BLIND_SHARE = 0.05
_BLIND_SIGMA = 3.0
_SMOOTH = 4


@dataclass(frozen=True)
class InformationComparison:
    """Fisher information of one method against another's.

    Parameters
    ----------
    least, most
        Smallest and largest ratio u^T I u / u^T J u over all directions u in parameter space.
    per_parameter
        Ratios for each parameter alone, (P,).
    pulls
        Differences for each parameter alone over their statistical errors (taken as independent, which overestimates
        these for methods evaluated on the same events), (P,).
    """

    least: float
    most: float
    per_parameter: NDArray[np.float64]
    pulls: NDArray[np.float64]


def compare_information(first: FisherResult, second: FisherResult) -> InformationComparison:
    """Compare two information matrices on the same parameters, less their known biases."""
    a, b = first.corrected, second.corrected
    ratios = _direction_ratios(a, b)
    diagonal_a, diagonal_b = np.diag(a), np.diag(b)
    errors = np.hypot(np.diag(first.errors), np.diag(second.errors))
    with np.errstate(divide="ignore", invalid="ignore"):
        per_parameter = np.where(diagonal_b > 0, diagonal_a / diagonal_b, np.inf)
        pulls = np.where(errors > 0, (diagonal_a - diagonal_b) / errors, np.sign(diagonal_a - diagonal_b) * np.inf)
    return InformationComparison(float(ratios[0]), float(ratios[-1]), per_parameter, pulls)


def _direction_ratios(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Generalised eigenvalues of a with respect to b, ascending; b gets a floor where it is blind."""
    scale = np.sqrt(np.maximum(np.diag(a) + np.diag(b), np.finfo(float).tiny))
    a, b = a / np.outer(scale, scale), b / np.outer(scale, scale)
    values, vectors = np.linalg.eigh(b)
    floored = (vectors * np.maximum(values, 1e-9)) @ vectors.T
    return np.asarray(eigh(a, floored, eigvals_only=True))


def information_statements(results: Sequence[FisherResult], learned: Collection[str]) -> tuple[Verdict, ...]:
    """Compare every learned method with every baseline, with the rate if that was evaluated, otherwise the shape.

    Parameters
    ----------
    results
        Of all methods, and of the parton level if it was evaluated.
    learned
        Names of the methods that are trained; all others are baselines.
    """
    chosen = _one_kind(results)
    ours = [result for result in chosen if result.method in learned]
    baselines = [result for result in chosen if result.method not in learned and not result.parton_level]
    verdicts = [_against(one, other) for one in ours for other in baselines]
    verdicts += [verdict for baseline in baselines for verdict in _blindness(baseline, chosen)]
    verdicts += [_against_bound(one, bound) for bound in chosen if bound.parton_level for one in ours]
    return tuple(verdicts)


def _one_kind(results: Sequence[FisherResult]) -> list[FisherResult]:
    with_rate = [result for result in results if result.include_rate]
    return with_rate or list(results)


def _against(one: FisherResult, other: FisherResult) -> Verdict:
    found = compare_information(one, other)
    numbers = "; ".join(f"{name} {_value(one, p)} against {_value(other, p)}" for p, name in enumerate(one.parameters))
    larger = [name for name, ratio in zip(one.parameters, found.per_parameter, strict=True) if ratio > 1]
    whole = len(one.parameters)
    if found.least > 1:
        text = f"{one.method} carries more Fisher information than {other.method} in every direction"
        outcome: Outcome = "good"
    elif len(larger) == whole:
        text = (
            f"{one.method} carries more Fisher information than {other.method} on each parameter, "
            f"but not in every combination of them (least ratio {significant(found.least, 3)})"
        )
        outcome = "good"
    else:
        fewer = [name for name in one.parameters if name not in larger]
        text = f"{one.method} does not carry more Fisher information than {other.method} on {joined(fewer)}"
        significantly = any(pull < -2 for pull in found.pulls)
        outcome = "bad" if significantly else "doubtful"
        text += "" if significantly else " (within the errors of finite simulation)"
    return Verdict(f"{text}: {numbers}.", outcome)


def _value(result: FisherResult, p: int) -> str:
    return with_error(float(result.corrected[p, p]), float(result.errors[p, p]))


def _blindness(baseline: FisherResult, all_results: Sequence[FisherResult]) -> list[Verdict]:
    found = []
    for p, name in enumerate(baseline.parameters):
        others = [result for result in all_results if result is not baseline and not result.parton_level]
        if not others:
            continue
        best = max(others, key=lambda result: float(result.corrected[p, p]))
        value, error, most = float(baseline.corrected[p, p]), float(baseline.errors[p, p]), float(best.corrected[p, p])
        small = value < _BLIND_SHARE * most
        known_small = value + _BLIND_SIGMA * error < _BLIND_SHARE * most
        if most > 0 and (known_small or (small and value < _BLIND_SIGMA * error)):
            share = significant(100.0 * max(value, 0.0) / most, 2)
            found.append(
                Verdict(
                    f"{baseline.method} alone is blind to {name}: information {with_error(value, error)}, "
                    f"{share} % of that of {best.method} ({significant(most, 3)})."
                )
            )
    return found


def _against_bound(one: FisherResult, bound: FisherResult) -> Verdict:
    shares = ", ".join(
        f"{significant(100.0 * float(one.corrected[p, p]) / float(bound.corrected[p, p]), 2)} % on {name}"
        for p, name in enumerate(one.parameters)
        if bound.corrected[p, p] > 0
    )
    excess = compare_information(bound, one)
    above = any(pull < -3 for pull in excess.pulls)
    text = f"{one.method} keeps this share of the information in the complete event record: {shares}."
    if above:
        text += " More than all there is: the estimate cannot be right."
    return Verdict(text, "bad" if above else "neutral")


def truth_statements(results: Sequence[LimitResult], learned: Collection[str]) -> tuple[Verdict, ...]:
    """Say of every result with a known true point whether its regions contain that point, learned methods first."""
    known = [result for result in results if result.theta_true is not None]
    known.sort(key=lambda result: result.method not in learned)
    return tuple(_contains(result) for result in known)


def _contains(result: LimitResult) -> Verdict:
    q = q_of_truth(result)
    kind = "with rate" if result.include_rate else "shape only"
    if not np.isfinite(q):
        return Verdict(f"{result.method} ({kind}): the true point lies outside of the grid or is excluded.", "bad")
    p_value = float(chi2.sf(max(q, 0.0), len(result.parameters)))
    inside = [level for level in sorted(result.confidence_levels) if q <= result.level(level)]
    numbers = f"q = {max(q, 0.0):.2f}, p = {p_value:.2f}"
    if len(inside) == len(result.confidence_levels):
        text = f"the {percent(inside[0])} region contains the true point"
        return Verdict(f"{result.method} ({kind}): {text} ({numbers}).", "good")
    if inside:
        outside = percent(min(result.confidence_levels))
        text = f"the true point is outside of the {outside} region, inside at {percent(inside[0])}"
        return Verdict(f"{result.method} ({kind}): {text} ({numbers}).", "doubtful")
    return Verdict(f"{result.method} ({kind}): no region contains the true point ({numbers}).", "bad")


def q_of_truth(result: LimitResult) -> float:
    """Return q at the true point, interpolated between grid points; infinite outside of the grid."""
    if result.theta_true is None:
        return float("nan")
    if any(not axis[0] <= value <= axis[-1] for axis, value in zip(result.axes, result.theta_true, strict=True)):
        return float("inf")
    smooth = np.isfinite(result.q).all() and min(result.q.shape) >= _SMOOTH
    method = "cubic" if smooth else "nearest"
    interpolator = RegularGridInterpolator(result.axes, result.q, method=method)
    return float(interpolator(np.asarray(result.theta_true))[0])


def interval_statements(results: Sequence[LimitResult], learned: Collection[str]) -> tuple[Verdict, ...]:
    """Compare the widths of intervals of the best learned method and the best baseline, parameter by parameter."""
    chosen = [result for result in results if result.include_rate] or list(results)
    if not chosen:
        return ()
    level = min(chosen[0].confidence_levels)
    verdicts = []
    for name in chosen[0].parameters:
        widths = {result.method: _width(result, name, level) for result in chosen}
        ours = {method: width for method, width in widths.items() if method in learned and width is not None}
        baselines = {method: width for method, width in widths.items() if method not in learned and width is not None}
        if not ours or not baselines:
            continue
        one, other = min(ours, key=ours.__getitem__), min(baselines, key=baselines.__getitem__)
        gain = 100.0 * (1.0 - ours[one] / baselines[other])
        direction = "narrower" if gain > 0 else "wider"
        text = (
            f"{name}: the {percent(level)} interval of {one} (width {significant(ours[one], 3)}) is {abs(gain):.0f} % "
            f"{direction} than that of the best baseline, {other} ({significant(baselines[other], 3)})."
        )
        verdicts.append(Verdict(text, "good" if gain > 0 else "doubtful"))
    return tuple(verdicts)


def _width(result: LimitResult, parameter: str, level: float) -> float | None:
    interval = result.interval(parameter, level)
    if not interval.closed:
        return None
    return sum(segment.upper - segment.lower for segment in interval.segments)
