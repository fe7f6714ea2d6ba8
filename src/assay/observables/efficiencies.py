"""Efficiencies as factors on the weights of reconstructed events, and their uncertainties as columns of weights.

The factor of an event is the product over its objects of their efficiencies; one standard deviation up multiplies it by
the product of 1 + u of each object, u being the relative uncertainty, all objects varying together. The nuisance
parameter is log-normal (`assay.theory.nuisance`), one standard deviation down divides by the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.errors import ExpressionError
from assay.observables.cut_flow import CutFlow
from assay.observables.evaluation import Evaluator
from assay.observables.kinematics import Array
from assay.observables.particles import ParticleList, Particles
from assay.observables.values import Mask
from assay.study.arithmetic import evaluate
from assay.study.efficiencies import VARIABLES, formulas_of, step_of
from assay.study.expressions import Expression
from assay.study.model import EfficiencySystematic
from assay.theory.systematics import Effect

LARGEST_FACTOR = 100.0


@dataclass(frozen=True, eq=False)
class Weighted:
    """Events that efficiencies leave a weight.

    Parameters
    ----------
    weights
        In pb, shape `(n_events, n_columns)`, of all events; zero where an efficiency is.
    keep
        Which events have a weight, `(n_events,)`.
    cut_flow
        With a line per efficiency.
    """

    weights: Array
    keep: Mask
    cut_flow: CutFlow


def weighted(
    particles: Particles,
    weights: Array,
    columns: Sequence[str],
    effects: Sequence[Effect],
    sample: str,
    cut_flow: CutFlow,
) -> Weighted:
    """Apply all efficiencies that act on a sample.

    Parameters
    ----------
    particles
        The events.
    weights, columns
        Weights in pb, shape `(n_events, n_columns)`, and the names of their columns; those of an efficiency's
        uncertainty are the nominal ones so far.
    effects
        The study's systematics.
    sample
        What the events are; the process is called `signal`.
    cut_flow
        The steps before.

    Raises
    ------
    ExpressionError
        If an efficiency is negative or not finite.
    """
    keep = np.ones(particles.n_events, dtype=bool)
    for effect in effects:
        section = effect.section
        if not isinstance(section, EfficiencySystematic):
            continue
        if effect.acts_on(sample):
            factor, variation = factors(section, particles, f"systematic {effect.name}")
            weights = weights * factor[:, None]
            for parameter in effect.parameters:
                weights[:, columns.index(str(parameter.benchmark_positive))] *= variation
            keep = keep & (factor > 0.0)
        # a line for all samples alike, whose selections could not be compared otherwise
        cut_flow = cut_flow.after(step_of(effect.name), keep, weights)
    return Weighted(weights, keep, cut_flow)


def factors(section: EfficiencySystematic, particles: Particles, where: str) -> tuple[Array, Array]:
    """Return the nominal factor of every event, and the factor of one standard deviation up, each `(n_events,)`.

    Raises
    ------
    ExpressionError
        If one of them is negative or not finite.
    """
    formulas = formulas_of(section)
    if section.objects is None:
        evaluator, default = Evaluator(particles, {}), section.default
        nominal = _of_events(formulas.factor, evaluator, 1.0 if default is None else default)
        relative = np.zeros(1) if formulas.uncertainty is None else _of_events(formulas.uncertainty, evaluator, 0.0)
        up = np.broadcast_to(1.0 + relative, nominal.shape)
    else:
        members = particles.list(section.objects)
        nominal = _product(formulas.factor, members, section.leading, 0.0)
        up = _product(formulas.uncertainty, members, section.leading, 1.0)
    for what, values in (("the factor", nominal), ("one standard deviation up", up)):
        _check(what, values, where)
    return nominal, up


def _of_events(expression: Expression, evaluator: Evaluator, default: float) -> Array:
    result = evaluator.evaluate(expression)
    return np.where(result.missing, default, result.values.astype(np.float64))


def _product(expression: Expression | None, members: ParticleList, leading: int | None, offset: float) -> Array:
    """Multiply `offset` + formula of all objects of each event."""
    result = np.ones(len(members.counts))
    if expression is None or not len(members.event):
        return result
    energy = members.momenta.get("e")
    columns = {name: energy if name == "energy" else members.columns[name] for name in VARIABLES}
    values = offset + evaluate(expression, columns)
    first = np.cumsum(members.counts) - members.counts
    place = np.arange(len(members.event)) - first[members.event]
    chosen = place < (leading if leading is not None else np.inf)
    np.multiply.at(result, members.event[chosen], values[chosen])
    return result


def _check(what: str, values: Array, where: str) -> None:
    wrong = ~((values >= 0.0) & (values <= LARGEST_FACTOR))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise ExpressionError(
            f"{what} of event {place} is {values[place]:.4g}", where=where, expected=f"from 0 to {LARGEST_FACTOR:g}"
        )
