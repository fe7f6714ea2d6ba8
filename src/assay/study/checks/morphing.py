"""Checks of the morphing: powers, the benchmarks it uses, finite differences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from assay.study.checks.draft import Check, Draft
from assay.study.model import FiniteDifferencesSection, MorphingSection
from assay.study.powers import Powers, n_parts, per_part, terms
from assay.study.problems import Finding, Location, listed, suggestion

MOST_COMPONENTS = 1000
_ROUNDING = 1e-9


def described_powers(draft: Draft) -> list[Powers]:
    """Return the maximal powers of the valid parameters; zero for those that finite differences describe."""
    differences = draft.morphing.finite_differences if draft.morphing is not None else None
    described = differences.parameters if differences is not None else ()
    return [0 if name in described else parameter.max_power for name, parameter in draft.parameters.items()]


def morphing_powers(draft: Draft) -> Iterable[Finding]:
    """Check that powers fit the overall power, in every part of the amplitude, and the polynomial is not too long."""
    if draft.morphing is None:
        return
    overall = draft.morphing.max_overall_power
    powers = dict(zip(draft.parameters, described_powers(draft), strict=True))
    parts = len(overall) if not isinstance(overall, int) else n_parts(list(powers.values()), overall)
    consistent = True
    for name, power in powers.items():
        location = ("parameters", name, "max_power")
        if not isinstance(power, int) and len(power) != parts:
            consistent = False
            yield Finding(
                location,
                f"powers of {len(power)} parts of the amplitude",
                f"{parts} powers, as in {'morphing.max_overall_power' if not isinstance(overall, int) else 'others'}",
                "write one power for every part; 0 where the parameter does not act",
            )
        elif any(own > most for own, most in zip(per_part(power, parts), per_part(overall, parts), strict=True)):
            consistent = False
            yield Finding(
                location,
                f"{_shown(power)}, above morphing.max_overall_power = {_shown(overall)}",
                f"at most {_shown(overall)}",
                f"raise morphing.max_overall_power to {_shown(power)}, or lower this",
            )
    if consistent and len(terms(list(powers.values()), overall, MOST_COMPONENTS)) > MOST_COMPONENTS:
        yield Finding(
            ("morphing", "max_overall_power"),
            f"a polynomial of more than {MOST_COMPONENTS} terms, each of which needs a benchmark",
            f"at most {MOST_COMPONENTS} terms",
            "lower max_overall_power, or take fewer parameters",
        )


def _shown(power: Powers) -> str:
    return str(power if isinstance(power, int) else list(power))


def n_generated(draft: Draft) -> int | None:
    """Return the number of benchmarks at which events are generated; None if faults keep it unknown."""
    if draft.morphing is None or not draft.all_valid("parameters") or any(morphing_powers(draft)):
        return None
    fixed = draft.morphing.basis if draft.morphing.basis is not None else draft.names("benchmarks")
    needed = len(terms(described_powers(draft), draft.morphing.max_overall_power))
    return max(len(fixed), needed, draft.morphing.basis_size or 0)


def basis(draft: Draft) -> Iterable[Finding]:
    """Check that the morphing uses known benchmarks, once each, and no fewer than the polynomial has terms."""
    morphing = draft.morphing
    if morphing is None:
        return
    known, names = draft.names("benchmarks"), morphing.basis or ()
    yield from _names(("morphing", "basis"), names, known, "benchmark", draft.unknown("benchmarks", ""))
    if morphing.basis_size is not None:
        yield from _size(draft, morphing, morphing.basis_size)


def _size(draft: Draft, morphing: MorphingSection, size: int) -> Iterable[Finding]:
    fixed = len(morphing.basis if morphing.basis is not None else draft.names("benchmarks"))
    if size < fixed:
        yield Finding(
            ("morphing", "basis_size"),
            f"{size}, although {fixed} benchmarks are given",
            f"at least {fixed}",
            "enlarge it, or list fewer benchmarks in morphing.basis",
        )
        return
    if not draft.all_valid("parameters") or any(morphing_powers(draft)):
        return
    needed = len(terms(described_powers(draft), morphing.max_overall_power))
    if size < needed:
        yield Finding(
            ("morphing", "basis_size"),
            f"{size} benchmarks for a polynomial of {needed} terms",
            f"at least {needed}",
            "enlarge it, or leave it out",
        )


def finite_differences(draft: Draft) -> Iterable[Finding]:
    """Check that finite differences describe known parameters, and reach over their ranges."""
    differences = draft.morphing.finite_differences if draft.morphing is not None else None
    if differences is None:
        return
    location: Location = ("morphing", "finite_differences", "parameters")
    known = draft.names("parameters")
    yield from _names(location, differences.parameters, known, "parameter", draft.unknown("parameters", ""))
    for name in dict.fromkeys(differences.parameters):
        if name not in draft.parameters:
            continue
        if "max_power" in draft.parameters[name].model_fields_set:
            yield Finding(
                ("parameters", name, "max_power"),
                f"a maximal power of {name}, which finite differences describe",
                "none",
                "remove it, or remove the parameter from morphing.finite_differences",
                on_key=True,
            )
        yield from _reach(draft, differences, name)


def shifted_names(draft: Draft) -> Iterable[Finding]:
    """Check that no benchmark has the name of one that finite differences add."""
    differences = draft.morphing.finite_differences if draft.morphing is not None else None
    if draft.morphing is None or differences is None:
        return
    centre = draft.benchmarks.get(draft.reference or next(iter(draft.names("benchmarks")), ""), {})
    base = [
        name
        for name, point in draft.benchmarks.items()
        if (draft.morphing.basis is None or name in draft.morphing.basis)
        and all(point.get(parameter) == centre.get(parameter) for parameter in differences.parameters)
    ]
    base += [f"basis_{number}" for number in range(1, (n_generated(draft) or 0) + 1)]
    words = ("plus", "minus") if differences.scheme == "central" else ("plus",)
    added = {f"{name}_{word}_{parameter}" for name in base for word in words for parameter in differences.parameters}
    for name in draft.names("benchmarks"):
        if name in added:
            yield Finding(
                ("benchmarks", name),
                f"{name}, the name of a benchmark that finite differences add",
                "a name of its own for every benchmark",
                "rename it, or remove it: configure adds the shifted benchmarks",
                on_key=True,
            )


def _reach(draft: Draft, differences: FiniteDifferencesSection, name: str) -> Iterable[Finding]:
    reference = draft.reference or next(iter(draft.names("benchmarks")), "")
    centre = draft.benchmarks.get(reference, {}).get(name)
    low, high = draft.parameters[name].range
    if centre is None or not low <= centre <= high:
        return
    farthest = max(high - centre, centre - low)
    if farthest > differences.epsilon * (1.0 + _ROUNDING):
        yield Finding(
            ("parameters", name, "range"),
            f"a range of {name} that reaches {farthest:g} from the reference {reference}",
            f"at most morphing.finite_differences.epsilon = {differences.epsilon:g}",
            f"write [{centre - differences.epsilon:g}, {centre + differences.epsilon:g}], or enlarge epsilon",
        )


def _names(location: Location, names: Sequence[str], known: Sequence[str], kind: str, sure: bool) -> Iterable[Finding]:
    """Yield names that are unknown (if it is sure what there is), or stand twice."""
    for index, name in enumerate(names):
        if sure and name not in known:
            yield Finding(
                (*location, index),
                f"the unknown {kind} {name}",
                f"one of {listed(known)}",
                suggestion(name, known, f"declare it under {kind}s, or remove it"),
            )
        elif name in names[:index]:
            yield Finding((*location, index), f"{name} for a second time", f"every {kind} once", "remove one of them")


MORPHING_CHECKS: tuple[Check, ...] = (morphing_powers, basis, finite_differences, shifted_names)
