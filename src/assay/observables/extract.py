"""Observables and cuts applied to reconstructed objects.

An event is kept if every required observable exists in it, it passes all cuts, and all its observables are finite
numbers. Each reason to drop events has a line of its own in the cut flow, and none can be undone by what comes later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from assay.errors import ExpressionError
from assay.observables.cut_flow import CutFlow, Mask
from assay.observables.evaluation import Evaluator
from assay.observables.kinematics import Array
from assay.observables.particles import Particles
from assay.observables.user_functions import load
from assay.study.expressions import Expression, check_name, parse
from assay.study.functions import UserModule
from assay.study.parsing import Arities


@dataclass(frozen=True)
class ObservableDefinition:
    """An observable.

    Parameters
    ----------
    name
        By which later observables and cuts can use it.
    expression
        In the expression language.
    required
        Whether events that lack an object it needs are dropped.
    default
        Value for such events otherwise.
    unit, label
        For figures.
    """

    name: str
    expression: str
    required: bool = False
    default: float | None = None
    unit: str = ""
    label: str = ""


@dataclass(frozen=True)
class Selection:
    """Observables and cuts that have passed the parser, in the order in which they are computed."""

    definitions: tuple[ObservableDefinition, ...]
    expressions: tuple[Expression, ...]
    cuts: tuple[Expression, ...]


@dataclass(frozen=True, eq=False)
class Extraction:
    """What is kept of a run of events.

    Parameters
    ----------
    x
        Observables, shape `(n_kept, n_observables)`, all finite.
    keep
        Which of the events are kept, shape `(n_events,)`.
    event_number
        Places of the kept events in the generator's file, shape `(n_kept,)`.
    cut_flow
        What each step left.
    """

    x: NDArray[np.float64]
    keep: Mask
    event_number: NDArray[np.int64]
    cut_flow: CutFlow


def parse_selection(
    observables: Sequence[ObservableDefinition], cuts: Sequence[str], functions: Arities | None = None
) -> Selection:
    """Parse observables and cuts; each observable may use those before it, each cut all of them.

    `functions` are the study's own, with their fewest and most arguments.

    Raises
    ------
    ExpressionError
        Naming the observable or cut that is wrong.
    """
    expressions: list[Expression] = []
    names: list[str] = []
    for definition in observables:
        where = f"observable {definition.name!r}"
        if definition.name in names:
            raise ExpressionError("this name is used twice", where=where, mend="give every observable its own name")
        expressions.append(_located(where, definition.expression, names, functions, condition=False))
        _check_missing(definition, expressions[-1], where)
        check_name(definition.name)
        names.append(definition.name)
    parsed = [_located(f"cut {i + 1}", cut, names, functions, condition=True) for i, cut in enumerate(cuts)]
    return Selection(tuple(observables), tuple(expressions), tuple(parsed))


def extract(
    events: ak.Array | Particles,
    observables: Sequence[ObservableDefinition],
    cuts: Sequence[str],
    weights: NDArray[np.float64],
    *,
    cut_flow: CutFlow | None = None,
    keep: Mask | None = None,
    functions: UserModule | None = None,
) -> Extraction:
    """Compute observables, apply cuts.

    Parameters
    ----------
    events
        Objects as `assay.simulation.objects` describes them, or the same with the generator's events beside them.
    observables, cuts
        What to compute and which events to keep.
    weights
        Of the same events in pb, shape `(n_events, n_benchmarks)`; for the cut flow alone.
    cut_flow
        Steps before this selection; without them it begins with the given events.
    keep
        Events that these steps have left, `(n_events,)`; None for all.
    functions
        The study's own functions, if it has any; they are run.

    Raises
    ------
    ExpressionError
        If an observable or cut is wrong.
    """
    particles = events if isinstance(events, Particles) else Particles(events)
    n_events = particles.n_events
    if len(weights) != n_events:
        raise ExpressionError(f"{len(weights)} rows of weights for {n_events} events", expected="one row per event")
    selection = parse_selection(observables, cuts, None if functions is None else functions.arities)
    evaluator = Evaluator(particles, {}, None if functions is None else load(functions))
    keep = np.ones(n_events, dtype=bool) if keep is None else keep
    flow = cut_flow or CutFlow().after("given", keep, weights)
    x, keep, flow = _observe(selection, evaluator, keep, flow, weights)
    for cut in selection.cuts:
        passed = evaluator.evaluate(cut)
        keep = keep & passed.values.astype(bool) & ~passed.missing
        flow = flow.after(cut.text, keep, weights)
    keep, flow = _drop_non_finite(x, keep, selection.definitions, flow, weights)
    return Extraction(x=x[keep], keep=keep, event_number=particles.numbers[keep], cut_flow=flow)


def _observe(
    selection: Selection, evaluator: Evaluator, keep: Mask, flow: CutFlow, weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], Mask, CutFlow]:
    """Compute all observables (n_events, n_observables), NaN in events that are dropped for lack of a required one."""
    columns: list[Array] = []
    for definition, expression in zip(selection.definitions, selection.expressions, strict=True):
        result = evaluator.evaluate(expression)
        fallback = np.nan if definition.required or definition.default is None else definition.default
        columns.append(np.where(result.missing, fallback, result.values.astype(np.float64)))
        evaluator.define(definition.name, columns[-1])
        if definition.required and expression.may_be_missing:
            keep = keep & ~result.missing
            flow = flow.after(f"{definition.name} exists", keep, weights)
    x = np.stack(columns, axis=1) if columns else np.zeros((len(keep), 0))
    return x, keep, flow


def _drop_non_finite(
    x: NDArray[np.float64],
    keep: Mask,
    definitions: Sequence[ObservableDefinition],
    flow: CutFlow,
    weights: NDArray[np.float64],
) -> tuple[Mask, CutFlow]:
    for definition, column in zip(definitions, x.T, strict=True):
        finite = np.isfinite(column)
        if not finite[keep].all():
            keep = keep & finite
            flow = flow.after(f"{definition.name} is finite", keep, weights)
    return keep, flow


def _located(where: str, text: str, names: Sequence[str], functions: Arities | None, *, condition: bool) -> Expression:
    try:
        return parse(text, variables=names, functions=functions, condition=condition)
    except ExpressionError as error:
        raise ExpressionError(error.what, where=where, expected=error.expected, mend=error.mend) from None


def _check_missing(definition: ObservableDefinition, expression: Expression, where: str) -> None:
    if expression.may_be_missing and not definition.required and definition.default is None:
        raise ExpressionError(
            f"events may lack an object of '{definition.expression}', and nothing says what becomes of them",
            where=where,
            expected="either 'required: true' (such events are dropped) or a 'default' value",
        )
    if definition.default is not None and not np.isfinite(definition.default):
        raise ExpressionError(f"the default is {definition.default}", where=where, expected="a finite number")
