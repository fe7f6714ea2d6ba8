"""What a run shows of its Fisher information, in sentences; no study, method or parameter is known by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh

from assay.inference.information import FisherResult
from assay.reporting.content import Verdict
from assay.reporting.numbers import joined, significant
from assay.reporting.tables import information_text

_BLIND_SHARE = 0.05
_BLIND_SIGMA = 3.0
_TOPIC = "Fisher information"


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
    """Compare every learned method with all baselines, with the rate if that was evaluated, otherwise the shape.

    Parameters
    ----------
    results
        Of all methods; those at parton level are upper bounds.
    learned
        Names of the methods that are trained; all others are baselines.
    """
    chosen = _one_kind(results)
    ours = [result for result in chosen if result.method in learned and not result.parton_level]
    baselines = [result for result in chosen if result.method not in learned and not result.parton_level]
    verdicts = [verdict for one in ours for verdict in _against_baselines(one, baselines)]
    verdicts += [verdict for baseline in baselines for verdict in _blindness(baseline, chosen)]
    bounds = [result for result in chosen if result.parton_level][:1]  # a method `truth` has the same once more
    verdicts += [verdict for bound in bounds for verdict in _against_bound(ours, bound)]
    return tuple(verdicts)


def _one_kind(results: Sequence[FisherResult]) -> list[FisherResult]:
    with_rate = [result for result in results if result.include_rate]
    return with_rate or list(results)


def _against_baselines(one: FisherResult, baselines: Sequence[FisherResult]) -> list[Verdict]:
    """Return one verdict on all baselines that are beaten in every direction, and one for each of the others."""
    found = {baseline.method: compare_information(one, baseline) for baseline in baselines}
    beaten = [baseline for baseline in baselines if found[baseline.method].least > 1]
    verdicts = [
        _not_in_every_direction(one, other, found[other.method])
        for other in baselines
        if found[other.method].least <= 1
    ]
    if beaten:
        closest = min(beaten, key=lambda baseline: found[baseline.method].most)
        names = joined([baseline.method for baseline in beaten])
        text = f"{one.method} carries more Fisher information than {names} in every direction of parameter space"
        against = "" if len(beaten) == 1 else f"; against the strongest of these, {closest.method}"
        verdicts.insert(0, Verdict(f"{text}{against}: {_numbers(one, closest)}.", "good", _TOPIC))
    return verdicts


def _not_in_every_direction(one: FisherResult, other: FisherResult, found: InformationComparison) -> Verdict:
    larger = [name for name, ratio in zip(one.parameters, found.per_parameter, strict=True) if ratio > 1]
    if len(larger) == len(one.parameters):
        text = (
            f"{one.method} carries more Fisher information than {other.method} on each parameter, "
            f"but not in every combination of them (least ratio {significant(found.least, 3)})"
        )
        return Verdict(f"{text}: {_numbers(one, other)}.", "good", _TOPIC)
    fewer = [name for name in one.parameters if name not in larger]
    text = f"{one.method} does not carry more Fisher information than {other.method} on {joined(fewer)}"
    if any(pull < -2 for pull in found.pulls):
        return Verdict(f"{text}: {_numbers(one, other)}.", "bad", _TOPIC)
    text += " (within the errors of finite simulation)"
    return Verdict(f"{text}: {_numbers(one, other)}.", "doubtful", _TOPIC)


def _numbers(one: FisherResult, other: FisherResult) -> str:
    """Return the information on each parameter, of both methods."""
    parts = []
    for p, name in enumerate(one.parameters):
        mine, theirs = float(one.corrected[p, p]), float(other.corrected[p, p])
        part = f"{name} {information_text(one, p, p)} against {information_text(other, p, p)}"
        known = theirs > _BLIND_SIGMA * float(other.errors[p, p])
        if known and mine > 0:
            gain = 100.0 * (mine / theirs - 1.0)
            part += f" ({abs(gain):.0f} % {'more' if gain >= 0 else 'less'})"
        parts.append(part)
    return "; ".join(parts)


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
            limit = max(value, 0.0) + 2.0 * max(error, abs(float(baseline.bias[p, p])))
            found.append(
                Verdict(
                    f"{baseline.method} alone is blind to {name}: information {information_text(baseline, p, p)}, less "
                    f"than {significant(100.0 * limit / most, 1)} % of the {significant(most, 3)} of {best.method}.",
                    "neutral",
                    _TOPIC,
                )
            )
    return found


def _against_bound(ours: Sequence[FisherResult], bound: FisherResult) -> list[Verdict]:
    impossible = [one for one in ours if any(pull < -3 for pull in compare_information(bound, one).pulls)]
    verdicts = [
        Verdict(
            f"{one.method} has more information than the complete event record, which bounds it from above: "
            f"{_shares(one, bound)}. The estimate cannot be right.",
            "bad",
            _TOPIC,
        )
        for one in impossible
    ]
    possible = [f"{one.method} {_shares(one, bound)}" for one in ours if all(one is not other for other in impossible)]
    if possible:
        text = "Of the information in the complete event record (parton level, an upper bound) the observables leave"
        verdicts.append(Verdict(f"{text} to {'; '.join(possible)}.", "neutral", _TOPIC))
    return verdicts


def _shares(one: FisherResult, bound: FisherResult) -> str:
    return ", ".join(
        f"{100.0 * float(one.corrected[p, p]) / float(bound.corrected[p, p]):.0f} % on {name}"
        for p, name in enumerate(one.parameters)
        if bound.corrected[p, p] > 0
    )
