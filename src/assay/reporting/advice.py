"""What limits the sensitivity of a run, and what to do next; no study, method or parameter is known by name."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from assay.events.partition import Partition
from assay.events.pool import EventPool
from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting.content import Section, Table, Verdict
from assay.reporting.figures.style import percent
from assay.reporting.numbers import count, joined, significant
from assay.reporting.run import RunResults

_LIMITS = "What limits the sensitivity"
_NEXT = "What to do next"
_BLIND = 0.05
_SHARE = 0.1
_FEW_PER_EXPECTED = 5.0
_FEW_INSIDE = 20
_REMEDIES = (
    ("overtraining", "more training samples, or a smaller network"),
    (
        "beyond the training's range",
        "wider ranges of the parameters in “sampling”, so that the training covers the grid of the limits",
    ),
    ("calibration", "longer training, more samples, or “calibration: isotonic” of the method"),
    ("mean score", "longer training, or more samples: the best fit is biased"),
    ("mean", "longer training, more samples, or “normalise” of the method"),
    ("closure", "a larger network, or longer training"),
    ("classifier", "a larger network, or longer training"),
    ("information", "more training samples: the estimate is noisy"),
    ("curvature", "more training samples: the estimate is noisy"),
)


def advice_section(results: RunResults, pool: EventPool) -> Section:
    """Say what the limits would gain from, and what to change in the study."""
    budget = information_budget(results)
    verdicts = (*_limitations(results, pool), *next_steps(results, pool))
    text = (
        "Where information is lost on the way from the complete event record to a limit, and which setting of the "
        "study would change what. The numbers are those of this run."
    )
    return Section("Sensitivity and next steps", "advice", text, verdicts, tables=(budget,) if budget else ())


def information_budget(results: RunResults) -> Table | None:
    """Tabulate what is left of the information on each parameter, from the event record to the rate alone."""
    chosen = _with_rate(results.fisher)
    if not chosen:
        return None
    bounds = _bounds(results.fisher, chosen)
    names = chosen[0].parameters
    learned = [one for one in chosen if one.method in results.learned]
    others = [one for one in chosen if one.method not in results.learned]
    steps = [
        ("complete event record (upper bound)", bounds),
        ("best learned method", learned),
        ("best baseline", others),
    ]
    rows = []
    top: list[float] = []
    for step, found in steps:
        if not found:
            continue
        values = [max(float(one.corrected[p, p]) for one in found) for p in range(len(names))]
        top = top or values
        cells = [
            f"{significant(value, 3)} ({100.0 * max(value, 0.0) / most:.0f} %)" if most > 0 else "–"
            for value, most in zip(values, top, strict=True)
        ]
        rows.append((step, *cells))
    kind = "with rate" if chosen[0].include_rate else "shape"
    caption = f"Information on each parameter, all others known, {kind}"
    return Table(caption, ("information from", *names), tuple(rows))


def _with_rate(results: Sequence[FisherResult]) -> list[FisherResult]:
    seen = [one for one in results if not one.parton_level]
    return [one for one in seen if one.include_rate] or seen


def _bounds(results: Sequence[FisherResult], like: Sequence[FisherResult]) -> list[FisherResult]:
    """Return upper bounds from the event record, of the same data: with or without rate."""
    return [one for one in results if one.parton_level and one.include_rate == like[0].include_rate]


def _limitations(results: RunResults, pool: EventPool) -> list[Verdict]:
    first = results.limits[0]
    verdicts = [
        Verdict(
            f"Number of events: {first.n_events:.0f} at {first.luminosity:g} fb⁻¹. As long as statistics dominate, "
            "intervals shrink with the square root of the luminosity: half the width takes "
            f"{4 * first.luminosity:g} fb⁻¹.",
            topic=_LIMITS,
        )
    ]
    chosen = _with_rate(results.fisher)
    for p, name in enumerate(chosen[0].parameters if chosen else ()):
        bound = next(iter(_bounds(results.fisher, chosen)), None)
        ours = [one for one in chosen if one.method in results.learned] or chosen
        best = max(ours, key=lambda one: float(one.corrected[p, p]))
        if bound is None or not bound.corrected[p, p] > 0:
            continue
        lost = 100.0 * (1.0 - float(best.corrected[p, p]) / float(bound.corrected[p, p]))
        if lost > 0:
            width = 100.0 * (1.0 - float(np.sqrt(best.corrected[p, p] / bound.corrected[p, p])))
            text = (
                f"{name}: shower, detector and choice of observables cost {lost:.0f} % of the information in the event "
                f"record ({best.method}, the best here). No estimator can make intervals more than "
                f"{width:.0f} % narrower."
            )
            verdicts.append(Verdict(text, topic=_LIMITS))
    verdicts += _systematic_cost(results)
    size = float(pool.select(Partition.TEST).effective_sample_size(pool.space.reference_values[None, :])[0])
    outcome = size < _FEW_PER_EXPECTED * first.n_events
    text = (
        f"Finite simulation: limits are evaluated with test events worth {count(size)} unweighted ones at "
        f"{pool.space.reference}, {size / max(first.n_events, 1e-9):.1f} times the {first.n_events:.0f} expected."
    )
    verdicts.append(Verdict(text, "doubtful" if outcome else "good", _LIMITS))
    return verdicts


def _systematic_cost(results: RunResults) -> list[Verdict]:
    verdicts = []
    for one in results.systematics:
        without = next((width for width in one.widths if width.name == "without systematics"), None)
        if not one.include_rate or without is None:
            continue
        for p, name in enumerate(one.parameters):
            whole, bare = one.widths[0].widths[p], without.widths[p]
            if whole is None or not bare:
                continue
            share = 1.0 - (bare / whole) ** 2
            text = f"{name} ({one.method}): systematic uncertainties are {100 * share:.0f} % of the interval's variance"
            rest = "; more luminosity alone will not help much." if share > 0.5 else "; statistics dominate."
            verdicts.append(Verdict(text + rest, "doubtful" if share > 0.5 else "neutral", _LIMITS))
    return verdicts


def next_steps(results: RunResults, pool: EventPool) -> tuple[Verdict, ...]:
    """Return what to change in the study, each with its reason; one sentence if nothing is."""
    found = [
        *_events_to_add(results, pool),
        *_ranges_to_widen(results.limits, _blind(results.fisher)),
        *_grids_to_refine(results.limits),
        *_trainings_to_mend(results),
    ]
    if not found:
        text = "Nothing stands out: intervals are closed and resolved, trainings have ended, and no check was raised."
        return (Verdict(text, "good", _NEXT),)
    return tuple(Verdict(text, "neutral", _NEXT) for text in dict.fromkeys(found))


def _events_to_add(results: RunResults, pool: EventPool) -> list[str]:
    first = results.limits[0]
    steps = []
    size = float(pool.select(Partition.TEST).effective_sample_size(pool.space.reference_values[None, :])[0])
    if size < _FEW_PER_EXPECTED * first.n_events:
        factor = _FEW_PER_EXPECTED * first.n_events / max(size, 1.0)
        steps.append(
            f"More events at {pool.space.reference}: {significant(factor, 2)} times as many would make the simulation "
            f"worth {_FEW_PER_EXPECTED:g} times the data."
        )
    corners = np.stack(np.meshgrid(*[(axis[0], axis[-1]) for axis in first.axes], indexing="ij"), axis=-1)
    points = corners.reshape(-1, len(first.axes))
    sizes = pool.effective_sample_size(points)
    worst = int(np.argmin(sizes))
    if sizes[worst] < _SHARE * pool.n_events:
        at = joined([f"{name} = {significant(v, 2)}" for name, v in zip(first.parameters, points[worst], strict=True)])
        steps.append(
            f"A benchmark near {at}, or more events: the {count(pool.n_events)} simulated ones are worth only "
            f"{count(sizes[worst])} there."
        )
    return steps


def _ranges_to_widen(limits: Sequence[LimitResult], blind: Collection[tuple[str, str]]) -> list[str]:
    steps: dict[str, list[str]] = {}
    for result in limits:
        levels: dict[str, list[str]] = {}
        for interval in result.intervals:
            if any(segment.lower_at_edge or segment.upper_at_edge for segment in interval.segments):
                levels.setdefault(interval.parameter, []).append(percent(interval.confidence_level))
        for name, found in levels.items():
            if result.include_rate and (result.method, name) not in blind:
                steps.setdefault(name, []).append(f"{result.method} ({joined(found)})")
    return [
        f"A wider range of {name} in “limits.grid”: the interval of {joined(methods)} is open at its edge."
        for name, methods in steps.items()
    ]


def _blind(results: Sequence[FisherResult]) -> set[tuple[str, str]]:
    """Return methods with the parameters that they see next to nothing of: no range would close their intervals."""
    chosen = _with_rate(results)
    found = set()
    for p, name in enumerate(chosen[0].parameters if chosen else ()):
        most = max(float(one.corrected[p, p]) for one in chosen)
        found |= {(one.method, name) for one in chosen if float(one.corrected[p, p]) < _BLIND * most}
    return found


def _grids_to_refine(limits: Sequence[LimitResult]) -> list[str]:
    coarse = [
        result.method
        for result in limits
        if result.include_rate and 0 < min(result.points_inside, default=0) < _FEW_INSIDE
    ]
    if not coarse:
        return []
    names = joined(list(dict.fromkeys(coarse)))
    return [
        f"More points, or a narrower range, of “limits.grid”: the region of {names} holds fewer than {_FEW_INSIDE}."
    ]


def _trainings_to_mend(results: RunResults) -> list[str]:
    steps = [
        f"More epochs of {name}: its last one was the best."
        for name, history in results.trainings.items()
        if len(history.records) == history.best_epoch
    ]
    for method, checks in results.checks.items():
        raised = [check for check in checks if check.verdict != "passed"]
        for check in raised:
            remedy = next((mend for word, mend in _REMEDIES if word in check.name), "a look at docs/checks.md")
            steps.append(f"{method}, check “{check.name}” {check.verdict}: {remedy}.")
    return steps
