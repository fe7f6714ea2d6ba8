"""Checks of parameters, benchmarks and morphing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from assay.errors import ExpressionError
from assay.study.arithmetic import evaluate
from assay.study.checks.draft import Check, Draft, expression_finding, interval_finding, label_findings
from assay.study.expressions import parse
from assay.study.problems import Finding, Location, listed, nearest, suggestion

MOST_COMPONENTS = 1000
_PROBES = np.array([0.0, 0.31, 0.62, 1.0])
"""Where in its range a transform is computed; no symmetric function looks linear there."""


def parameter_ranges(draft: Draft) -> Iterable[Finding]:
    """Check that ranges are neither reversed nor empty."""
    for name, parameter in draft.parameters.items():
        finding = interval_finding(("parameters", name, "range"), parameter.range)
        if finding is not None:
            yield finding


def card_entries(draft: Draft) -> Iterable[Finding]:
    """Check that no two parameters write the same entry of the parameter card."""
    seen: dict[tuple[str, int], str] = {}
    for name, parameter in draft.parameters.items():
        entry = (parameter.lha_block.lower(), parameter.lha_id)
        first = seen.setdefault(entry, name)
        if first != name:
            yield Finding(
                ("parameters", name, "lha_id"),
                f"entry {entry[1]} of block {parameter.lha_block}, which is that of {first}",
                "an entry of its own for every parameter",
                f"look up the id of {name} in the model's parameter card",
            )


def transforms(draft: Draft) -> Iterable[Finding]:
    """Check that transforms are formulas in theta, and linear, since morphing counts powers of theta."""
    for name, parameter in draft.parameters.items():
        low, high = parameter.range
        if parameter.transform is None or low >= high:
            continue
        location = ("parameters", name, "transform")
        try:
            expression = parse(parameter.transform, variables=("theta",), particles=False)
            values = evaluate(expression, {"theta": low * (1.0 - _PROBES) + high * _PROBES})
        except ExpressionError as error:
            yield expression_finding(location, error)
            continue
        line = values[0] * (1.0 - _PROBES) + values[-1] * _PROBES
        if np.all(values == values[0]):
            yield Finding(
                location, f"{parameter.transform} does not change with theta", "a formula in theta", "write 16.52*theta"
            )
        elif not np.allclose(values, line, rtol=0.0, atol=1e-9 * float(np.max(np.abs(values)))):
            yield Finding(
                location,
                f"{parameter.transform} is not linear in theta",
                "a linear formula, since max_power counts powers of theta",
                "choose a parameter that the coefficient is linear in",
            )


def parameter_labels(draft: Draft) -> Iterable[Finding]:
    """Check that labels of parameters can be drawn."""
    for name, parameter in draft.parameters.items():
        yield from label_findings(("parameters", name, "label"), parameter.label)


def point_findings(draft: Draft, location: Location, point: Mapping[str, float], what: str) -> Iterable[Finding]:
    """Yield what is wrong with a parameter point: unknown and missing parameters, values out of range."""
    known = draft.names("parameters")
    for name, value in point.items():
        if draft.unknown("parameters", name):
            yield Finding(
                (*location, name),
                f"{what} names the unknown parameter {name}",
                f"one of {listed(known)}",
                suggestion(name, known, "declare it under parameters"),
                on_key=True,
            )
        elif name in draft.parameters:
            low, high = draft.parameters[name].range
            if low < high and not low <= value <= high:
                yield Finding(
                    (*location, name),
                    f"{value:g}, outside the range of {name}",
                    f"a value from {low:g} to {high:g}",
                    f"move the point, or widen parameters.{name}.range",
                )
    mistyped = {nearest(name, known) for name in point if name not in known}
    for name in known:
        if name not in point and name not in mistyped:
            yield Finding(
                location, f"{what} has no value for {name}", f"a value for each of {listed(known)}", f"add {name}: 0.0"
            )


def benchmark_points(draft: Draft) -> Iterable[Finding]:
    """Check that benchmarks have a value in range for every parameter, and differ from each other."""
    seen: dict[tuple[tuple[str, float], ...], str] = {}
    for name, point in draft.benchmarks.items():
        yield from point_findings(draft, ("benchmarks", name), point, f"the benchmark {name}")
        first = seen.setdefault(tuple(sorted(point.items())), name)
        if first != name:
            yield Finding(
                ("benchmarks", name),
                f"the same point as the benchmark {first}",
                "a point of its own for every benchmark",
                "remove it: configure adds as many benchmarks as the morphing needs",
            )


def reference(draft: Draft) -> Iterable[Finding]:
    """Check that the reference is a benchmark."""
    known = draft.names("benchmarks")
    if draft.reference is not None and draft.unknown("benchmarks", draft.reference):
        yield Finding(
            ("reference",),
            f"{draft.reference}, which is no benchmark",
            f"one of {listed(known)}",
            suggestion(draft.reference, known, "declare it under benchmarks"),
        )


def morphing_powers(draft: Draft) -> Iterable[Finding]:
    """Check that the overall power holds every parameter's, and the polynomial is not too long."""
    if draft.morphing is None:
        return
    overall = draft.morphing.max_overall_power
    for name, parameter in draft.parameters.items():
        if parameter.max_power > overall:
            yield Finding(
                ("parameters", name, "max_power"),
                f"{parameter.max_power}, above morphing.max_overall_power = {overall}",
                f"at most {overall}",
                f"raise morphing.max_overall_power to {parameter.max_power}, or lower this",
            )
    count = n_components([parameter.max_power for parameter in draft.parameters.values()], overall)
    if count > MOST_COMPONENTS:
        yield Finding(
            ("morphing", "max_overall_power"),
            f"a polynomial of {count} terms, each of which needs a benchmark",
            f"at most {MOST_COMPONENTS} terms",
            "lower max_overall_power, or take fewer parameters",
        )


def n_components(max_powers: Iterable[int], max_overall_power: int) -> int:
    """Return the number of monomials with at most these powers and this sum of powers."""
    counts = [1] + [0] * max_overall_power
    for power in max_powers:
        counts = [sum(counts[max(0, total - power) : total + 1]) for total in range(max_overall_power + 1)]
    return sum(counts)


THEORY_CHECKS: tuple[Check, ...] = (
    parameter_ranges,
    card_entries,
    transforms,
    parameter_labels,
    benchmark_points,
    reference,
    morphing_powers,
)
