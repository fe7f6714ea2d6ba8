"""What differs between the set-ups of two event files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.events.header import EventHeader
from assay.events.table import CutFlowRow, ObservableInfo
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

_TOLERANCE = 1e-9


def differences(first: EventHeader, other: EventHeader) -> list[str]:
    """Say what keeps the events of two files apart: parameters, benchmarks, morphing, observables, cuts, systematics.

    Units, labels and definitions that one of the files leaves open (MadMiner's do) do not count.
    """
    found = [*_spaces(first.space, other.space), *_observables(first.observables, other.observables)]
    if not found and not _same_morphing(first, other):
        found.append("the morphing matrix or its components")
    if not found and _shifts(first.morphing) != _shifts(other.morphing):
        found.append("the benchmarks of finite differences, or their epsilon")
    found += _nuisance(first, other)
    cuts, other_cuts = (selection(steps(header.cut_flow)) for header in (first, other))
    if cuts and other_cuts and cuts != other_cuts:
        found.append(f"cuts: {', '.join(cuts)} and {', '.join(other_cuts)}")
    return found


def steps(cut_flow: tuple[CutFlowRow, ...]) -> tuple[str, ...]:
    """Return the steps of a cut flow in their order."""
    return tuple(dict.fromkeys(row.step for row in cut_flow))


def selection(of_steps: tuple[str, ...]) -> tuple[str, ...]:
    """Return the steps that a study asks for: those that drop numbers which are not finite depend on the events."""
    return tuple(step for step in of_steps if not step.endswith(" is finite"))


def _nuisance(first: EventHeader, other: EventHeader) -> Iterator[str]:
    one, two = (tuple(replace(s, axes="") for s in header.systematics) for header in (first, other))
    for name, ours, theirs in (
        ("nuisance benchmarks", first.nuisance_benchmarks, other.nuisance_benchmarks),
        ("nuisance parameters", first.nuisance_parameters, other.nuisance_parameters),
        ("systematics", one, two),
    ):
        if ours != theirs:
            yield f"{name}: {ours} and {theirs}"
    if first.nuisance_benchmarks and first.space.reference != other.space.reference:
        # the weights of variations are at the reference
        yield f"reference of the nuisance benchmarks: {first.space.reference} and {other.space.reference}"
    if one == two:
        for mine, others in zip(first.systematics, other.systematics, strict=True):
            if mine.axes != others.axes:
                yield (
                    f"axes of the principal components of {mine.name}, found in other events: "
                    "combine the files of all jobs together"
                )


def _spaces(first: ParameterSpace, other: ParameterSpace) -> Iterator[str]:
    if first.names != other.names:
        yield f"parameters: {', '.join(first.names)} and {', '.join(other.names)}"
        return
    for ours, theirs in zip(first.parameters, other.parameters, strict=True):
        for field in ("lha_block", "lha_id", "max_power", "transform", "further_entries"):
            one, two = getattr(ours, field), getattr(theirs, field)
            if one != two and {one, two} != {None, "theta"}:
                yield f"{field} of parameter {ours.name}: {one} and {two}"
        if not np.allclose(ours.range, theirs.range, rtol=_TOLERANCE, atol=0.0):
            yield f"range of parameter {ours.name}: {ours.range} and {theirs.range}"
    if first.benchmark_names != other.benchmark_names:
        yield f"benchmarks: {', '.join(first.benchmark_names)} and {', '.join(other.benchmark_names)}"
        return
    for benchmark, theirs_at in zip(first.benchmarks, other.benchmarks, strict=True):
        if not np.allclose(benchmark.values, theirs_at.values, rtol=_TOLERANCE, atol=_TOLERANCE):
            yield f"values of benchmark {benchmark.name}: {benchmark.values} and {theirs_at.values}"


def _observables(first: tuple[ObservableInfo, ...], other: tuple[ObservableInfo, ...]) -> Iterator[str]:
    names, other_names = [o.name for o in first], [o.name for o in other]
    if names != other_names:
        yield f"observables: {', '.join(names)} and {', '.join(other_names)}"
        return
    for ours, theirs in zip(first, other, strict=True):
        for field in ("definition", "unit"):
            one, two = getattr(ours, field), getattr(theirs, field)
            if one and two and one != two:
                yield f"{field} of observable {ours.name}: {one} and {two}"


def _same_morphing(first: EventHeader, other: EventHeader) -> bool:
    if not np.array_equal(first.morphing.components, other.morphing.components):
        return False
    size = np.abs(first.morphing.matrix).max(axis=1, keepdims=True)
    return bool(np.all(np.abs(first.morphing.matrix - other.morphing.matrix) <= 1e-6 * size))


def _shifts(morphing: Morphing) -> tuple[object, ...]:
    """Return which benchmarks are shifted from which, and how far."""
    if not isinstance(morphing, FiniteDifferences):
        return ()
    shifts = morphing.shifts
    lowered = None if shifts.minus is None else shifts.minus.tolist()
    return shifts.parameters.tolist(), shifts.base.tolist(), shifts.plus.tolist(), lowered, shifts.epsilon
