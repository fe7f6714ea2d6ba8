"""Checks of parameters and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from assay.errors import ExpressionError
from assay.study.arithmetic import evaluate
from assay.study.checks.draft import Check, Draft, expression_finding, interval_finding, label_findings
from assay.study.expressions import parse
from assay.study.model import ParameterSection, Theta
from assay.study.polynomials import coefficients_of
from assay.study.problems import Finding, Location, listed, nearest, suggestion

_PROBES = np.array([0.0, 0.31, 0.62, 1.0])
"""Where in its range a transform is computed; no symmetric function looks constant there."""


def parameter_ranges(draft: Draft) -> Iterable[Finding]:
    """Check that ranges are neither reversed nor empty."""
    for name, parameter in draft.parameters.items():
        finding = interval_finding(("parameters", name, "range"), parameter.range)
        if finding is not None:
            yield finding


def _entry_location(name: str, parameter: ParameterSection, index: int, key: str) -> Location:
    """Return where a key of a parameter's entry of the card stands."""
    if parameter.lha is not None:
        return ("parameters", name, "lha", index, key)
    return ("parameters", name, {"id": "lha_id"}.get(key, key))


def card_entries(draft: Draft) -> Iterable[Finding]:
    """Check that every parameter sets an entry of the parameter card, and no two set the same."""
    seen: dict[tuple[str, int], str] = {}
    for name, parameter in draft.parameters.items():
        shorthand = {"lha_id", "lha_block", "transform"} & parameter.model_fields_set
        if parameter.lha is not None and shorthand:
            given = min(shorthand)
            yield Finding(
                ("parameters", name, given),
                f"{given} beside lha",
                "one or the other",
                "move it into an entry of lha, {block: dim6, id: 2, transform: 16.52*theta}",
                on_key=True,
            )
        elif not parameter.entries:
            yield Finding(
                ("parameters", name),
                f"no entry of the parameter card for {name}",
                "lha_id, or lha with several entries",
                "add `lha_id:`",
            )
        for index, entry in enumerate(parameter.entries):
            key = (entry.block.lower(), entry.id)
            twice = key in [(other.block.lower(), other.id) for other in parameter.entries[:index]]
            first = seen.setdefault(key, name)
            if first != name or twice:
                yield Finding(
                    _entry_location(name, parameter, index, "id"),
                    f"entry {entry.id} of block {entry.block}, which is that of {first}",
                    "an entry of its own for every parameter",
                    f"look up the id of {name} in the model's parameter card",
                )


def transforms(draft: Draft) -> Iterable[Finding]:
    """Check that transforms are formulas in theta, and polynomials of which max_power counts the powers of theta."""
    differences = draft.morphing.finite_differences if draft.morphing is not None else None
    for name, parameter in draft.parameters.items():
        if parameter.range[0] >= parameter.range[1]:
            continue
        morphed = differences is None or name not in differences.parameters
        for index, entry in enumerate(parameter.entries):
            if entry.transform is not None:
                location = _entry_location(name, parameter, index, "transform")
                yield from _transform(location, entry.transform, parameter, morphed)


def _transform(location: Location, text: str, parameter: ParameterSection, morphed: bool) -> Iterable[Finding]:
    low, high = parameter.range
    try:
        expression = parse(text, variables=("theta",), particles=False)
        values = evaluate(expression, {"theta": low * (1.0 - _PROBES) + high * _PROBES})
    except ExpressionError as error:
        yield expression_finding(location, error)
        return
    if np.all(values == values[0]):
        yield Finding(
            location, f"{text} does not change with theta", "a formula in theta", "write 16.52*theta, for example"
        )
        return
    coefficients = coefficients_of(expression)
    powers = (parameter.max_power,) if isinstance(parameter.max_power, int) else parameter.max_power
    if not morphed:
        return
    if coefficients is None:
        yield Finding(
            location,
            f"{text} is no polynomial in theta",
            "a polynomial such as 16.52*theta, since the squared matrix element has to be one for the morphing",
            "describe the parameter by morphing.finite_differences, or choose one that the coefficient is linear in",
        )
    elif (degree := len(coefficients) - 1) > 1 and any(0 < power < 2 * degree for power in powers):
        yield Finding(
            location,
            f"{text} is not linear in theta, but of degree {degree}: its square has the power {2 * degree} of theta",
            "a max_power that counts the powers of theta",
            f"write max_power: {2 * degree}",
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


def theta_findings(draft: Draft, location: Location, theta: Theta, what: str) -> Iterable[Finding]:
    """Yield what is wrong with a benchmark or a parameter point."""
    known = draft.names("benchmarks")
    if not isinstance(theta, str):
        yield from point_findings(draft, location, theta, what)
    elif draft.unknown("benchmarks", theta):
        yield Finding(
            location,
            f"{theta}, which is no benchmark",
            f"one of {listed(known)}, or a value for every parameter",
            suggestion(theta, known, "declare it under benchmarks"),
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


THEORY_CHECKS: tuple[Check, ...] = (
    parameter_ranges,
    card_entries,
    transforms,
    parameter_labels,
    benchmark_points,
    reference,
)
