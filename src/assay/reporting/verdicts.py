"""What a run shows of its limits, in sentences; no study, method or parameter is known by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from scipy.interpolate import RegularGridInterpolator
from scipy.stats import chi2

from assay.errors import InferenceError
from assay.inference.information import FisherResult
from assay.inference.profiles import critical_q
from assay.inference.results import LimitResult
from assay.reporting.content import Verdict
from assay.reporting.figures.style import percent
from assay.reporting.numbers import joined, significant

_SMOOTH = 4
_TOO_NARROW = 0.9
_TOPIC = "Limits"


def truth_statements(
    results: Sequence[LimitResult], learned: Collection[str], templates: Collection[str] = ()
) -> tuple[Verdict, ...]:
    """Say whether the regions contain the true point: learned methods first, together where they do.

    Parameters
    ----------
    results
        Of all methods, with and without rate; those without a true point (observed data) are left out.
    learned
        Names of the methods that are trained.
    templates
        Names of methods whose predictions are histograms of the events that stand for the expected data: these fit
        the true point exactly, whatever it is.
    """
    known = [result for result in results if result.theta_true is not None]
    verdicts: list[Verdict] = []
    for group in (True, False):
        for include_rate in (True, False):
            chosen = [r for r in known if (r.method in learned) == group and r.include_rate == include_rate]
            inside = [result for result in chosen if _contained(result) == min(result.confidence_levels)]
            told = [result for result in inside if group or result.method not in templates]
            if told:
                verdicts.append(_inside(told, include_rate))
            verdicts += [_outside(result) for result in chosen if not any(result is other for other in inside)]
    trivial = [method for method in dict.fromkeys(result.method for result in known) if method in templates]
    if trivial:
        text = (
            f"{joined(trivial)}: the true point fits best by construction, which is no test: the predictions are "
            "histograms of the same simulated events that stand for the expected data."
        )
        verdicts.append(Verdict(text, "neutral", _TOPIC))
    return tuple(verdicts)


def _contained(result: LimitResult) -> float | None:
    """Return the smallest confidence level whose region contains the true point."""
    q = q_of_truth(result)
    return next((level for level in sorted(result.confidence_levels) if q <= result.level(level)), None)


def _inside(results: Sequence[LimitResult], include_rate: bool) -> Verdict:
    names, level = [result.method for result in results], min(results[0].confidence_levels)
    largest = max(results, key=q_of_truth)
    plural = len(results) > 1
    text = (
        f"{_data(include_rate)}, the {percent(level)} {'regions' if plural else 'region'} of {joined(names)} "
        f"{'contain' if plural else 'contains'} the true point ({'largest ' if plural else ''}{_q_and_p(largest)})."
    )
    return Verdict(text, "good", _TOPIC)


def _outside(result: LimitResult) -> Verdict:
    level = _contained(result)
    text = f"{_data(result.include_rate)}, {result.method}: "
    if not np.isfinite(q_of_truth(result)):
        return Verdict(f"{text}the true point lies outside of the grid or is excluded.", "bad", _TOPIC)
    if level is None:
        return Verdict(f"{text}no region contains the true point ({_q_and_p(result)}).", "bad", _TOPIC)
    smallest = percent(min(result.confidence_levels))
    text += f"the true point is outside of the {smallest} region, inside at {percent(level)}"
    return Verdict(f"{text} ({_q_and_p(result)}).", "doubtful", _TOPIC)


def _q_and_p(result: LimitResult) -> str:
    q = max(q_of_truth(result), 0.0)
    return f"q = {q:.2f}, p = {float(chi2.sf(q, len(result.parameters))):.2f}"


def _data(include_rate: bool) -> str:
    return "With rate" if include_rate else "From the shape alone"


def q_of_truth(result: LimitResult) -> float:
    """Return q at the true point, interpolated between grid points; infinite outside of the grid."""
    if result.theta_true is None:
        return float("nan")
    if any(not axis[0] <= value <= axis[-1] for axis, value in zip(result.axes, result.theta_true, strict=True)):
        return float("inf")
    if result.q is None:  # profiles alone: no grid to interpolate on
        return float("nan") if result.q_true is None else result.q_true
    smooth = np.isfinite(result.q).all() and min(result.q.shape) >= _SMOOTH
    method = "cubic" if smooth else "nearest"
    interpolator = RegularGridInterpolator(result.axes, result.q, method=method)
    return float(interpolator(np.asarray(result.theta_true))[0])


def interval_statements(results: Sequence[LimitResult], learned: Collection[str]) -> tuple[Verdict, ...]:
    """Compare the widths of learned methods' intervals with the best baseline's, parameter by parameter."""
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
        other = min(baselines, key=baselines.__getitem__)
        gains = {method: 1.0 - width / baselines[other] for method, width in ours.items()}
        parts = [
            f"{method} {significant(ours[method], 3)} ({abs(100 * gain):.0f} % {'narrower' if gain > 0 else 'wider'})"
            for method, gain in gains.items()
        ]
        text = (
            f"Width of the {percent(level)} interval of {name}: {', '.join(parts)}, against "
            f"{significant(baselines[other], 3)} of the best baseline, {other}."
        )
        verdicts.append(Verdict(text, "good" if min(gains.values()) > 0 else "doubtful", _TOPIC))
    return tuple(verdicts)


def _width(result: LimitResult, parameter: str, level: float) -> float | None:
    interval = result.interval(parameter, level)
    if not interval.closed:
        return None
    return sum(segment.upper - segment.lower for segment in interval.segments)


def consistency_statements(
    limits: Sequence[LimitResult], fisher: Sequence[FisherResult], learned: Collection[str]
) -> tuple[Verdict, ...]:
    """Compare the intervals of learned methods with what their own Fisher information allows at the true point.

    An interval that is clearly narrower shows a likelihood ratio that is too steep, which no contour tells by itself.
    """
    verdicts: list[Verdict] = []
    agreeing: dict[str, float] = {}
    for result in limits:
        own = next((f for f in fisher if (f.method, f.include_rate) == (result.method, result.include_rate)), None)
        if own is None or result.method not in learned or not _same_point(result, own):
            continue
        ratios = _width_ratios(result, own)
        narrow = [name for name, ratio in ratios.items() if ratio < _TOO_NARROW]
        if narrow:
            verdicts.append(_too_narrow(result, {name: ratios[name] for name in narrow}))
        elif ratios:
            agreeing[result.method] = min(agreeing.get(result.method, np.inf), *ratios.values())
    trusted = {m: least for m, least in agreeing.items() if not any(v.text.startswith(f"{m} (") for v in verdicts)}
    if trusted:
        level, excess = percent(min(limits[0].confidence_levels)), 100.0 * (1.0 - min(trusted.values()))
        narrower = f"at most {excess:.0f} % narrower" if excess > 0 else "nowhere narrower"
        text = f"The {level} intervals of {joined(list(trusted))} are {narrower} than their Fisher information allows"
        verdicts.append(Verdict(f"{text} (tolerance {100 * (1 - _TOO_NARROW):.0f} %).", "good", _TOPIC))
    return tuple(verdicts)


def _same_point(result: LimitResult, own: FisherResult) -> bool:
    return result.theta_true is not None and np.allclose(result.theta_true, own.theta, atol=1e-9)


def _width_ratios(result: LimitResult, own: FisherResult) -> dict[str, float]:
    """Return widths of the narrowest closed intervals, in units of what the information allows."""
    level = min(result.confidence_levels)
    ratios = {}
    for name in result.parameters:
        width = _width(result, name, level)
        try:
            information = float(own.profile([name]).corrected[0, 0])
        except InferenceError:
            continue
        if width is not None and information > 0:
            ratios[name] = width / (2.0 * float(np.sqrt(critical_q(level, 1) / information)))
    return ratios


def _too_narrow(result: LimitResult, ratios: dict[str, float]) -> Verdict:
    parts = [f"{100 * (1 - ratio):.0f} % on {name}" for name, ratio in ratios.items()]
    kind = "with rate" if result.include_rate else "shape alone"
    text = (
        f"{result.method} ({kind}): its {percent(min(result.confidence_levels))} interval is narrower than its own "
        f"Fisher information allows, by {joined(parts)}: the estimated likelihood ratio is probably too steep there, "
        "and the limit too optimistic."
    )
    return Verdict(text, "doubtful", _TOPIC)
