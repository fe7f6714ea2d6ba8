"""Events of other files taken into a study: its parameters, benchmarks, observables and systematics.

A background does not depend on the parameters, so its events fit any benchmarks. Signal events have to be of the
study's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.compare import selection, steps
from assay.events.eventfile import Setup
from assay.events.nuisance_columns import nuisance_weights
from assay.events.strata import strata_of
from assay.events.table import CutFlowRow, EventTable, ObservableInfo, check_backgrounds
from assay.study.model import NormalisationSystematic
from assay.theory.parameters import ParameterSpace
from assay.theory.systematics import Effect
from assay.theory.variations import normalisation

_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Adoption:
    """What a study says of a file.

    Parameters
    ----------
    sample
        What its events are called.
    k_factor
        For cross sections and weights.
    cross_section
        In pb, before cuts, of all events together; None for that which the file states.
    steps
        Of the study's selection, which a file's cut flow has to have, white space aside; none: not compared.
    """

    sample: str
    k_factor: float = 1.0
    cross_section: float | None = None
    steps: tuple[str, ...] = ()


def adopted(
    table: EventTable,
    setup: Setup,
    observables: Sequence[ObservableInfo],
    effects: tuple[Effect, ...],
    adoption: Adoption,
) -> EventTable:
    """Return events as those of a study.

    Parameters
    ----------
    table
        Events of any file.
    setup, observables, effects
        The study's parameters and benchmarks, observables, and systematics.
    adoption
        What the study says of the file.

    Raises
    ------
    EventFileError
        If observables are missing or defined otherwise, the cuts are others, signal events are of other benchmarks, or
        the weights of a systematic that acts on the sample are not there.
    """
    check_backgrounds(table)
    background = table.benchmark_index < 0
    if not background.all():
        _check_benchmarks(table.space, setup.space)
    factor = adoption.k_factor * _rescaling(table, adoption)
    at_benchmarks = table.weights
    if background.all():
        at_benchmarks = np.repeat(table.weights[:, :1], len(setup.space.benchmarks), axis=1)
    weights = factor * at_benchmarks
    groups = {sample.group for sample in table.samples if sample.benchmark is None}
    samples = tuple(
        replace(
            sample,
            name=f"{adoption.sample}_{number}",
            process="" if sample.benchmark else _process(adoption.sample, sample.group[1], len(groups)),
            cross_section=factor * sample.cross_section,
            cross_section_error=factor * sample.cross_section_error,
            k_factor=adoption.k_factor * sample.k_factor,
        )
        for number, sample in enumerate(table.samples)
    )
    names = {old.name: new.name for old, new in zip(table.samples, samples, strict=True)}
    return EventTable(
        setup.space,
        setup.morphing,
        tuple(observables),
        samples,
        table.x[:, _columns_of(table, observables)],
        weights,
        table.sample_index,
        tuple(
            replace(
                row,
                sample=names.get(row.sample, row.sample),
                cross_section=factor * row.cross_section,
                at_benchmarks=(),  # of other benchmarks, perhaps
            )
            for row in _cut_flow(table, adoption.steps)
        ),
        nuisance_weights(effects, _varied(table, setup.space, weights, effects, adoption.sample, factor)),
        {"adopted": dict(table.provenance)},
    )


def _process(sample: str, group: str, n_groups: int) -> str:
    return sample if n_groups == 1 else f"{sample}:{group}"


def _rescaling(table: EventTable, adoption: Adoption) -> float:
    if adoption.cross_section is None:
        return 1.0
    strata, _ = strata_of(table.space, table.samples)
    if len(strata) > 1:
        raise EventFileError(
            f"one cross section for {', '.join(stratum.name for stratum in strata)}",
            where=f"sample {adoption.sample}",
            expected="a file of one process",
            mend="leave cross_section out, or give a file per process",
        )
    return adoption.cross_section / strata[0].cross_section


def _check_benchmarks(found: ParameterSpace, wanted: ParameterSpace) -> None:
    same = found.names == wanted.names and found.benchmark_names == wanted.benchmark_names
    if not same or not np.allclose(found.benchmark_values, wanted.benchmark_values, rtol=_TOLERANCE, atol=_TOLERANCE):
        raise EventFileError(
            f"its signal events have weights at the benchmarks {', '.join(found.benchmark_names)}",
            expected=f"{', '.join(wanted.benchmark_names)}, at the points of the study",
            mend="give the study these benchmarks, or a file of backgrounds alone",
        )


def _columns_of(table: EventTable, observables: Sequence[ObservableInfo]) -> list[int]:
    known = {info.name: number for number, info in enumerate(table.observables)}
    missing = [info.name for info in observables if info.name not in known]
    if missing:
        raise EventFileError(
            f"no observables {', '.join(missing)}",
            expected=f"all of the study's: {', '.join(info.name for info in observables)}",
            mend="extract the events with these observables",
        )
    for info in observables:
        other = table.observables[known[info.name]].definition
        if other and info.definition and _bare(other) != _bare(info.definition):
            raise EventFileError(
                f"the observable {info.name} is {other}",
                expected=f"{info.definition}, as in the study",
                mend="extract the events with the study's definition, or rename one of the observables",
            )
    return [known[info.name] for info in observables]


def _cut_flow(table: EventTable, wanted: tuple[str, ...]) -> tuple[CutFlowRow, ...]:
    """Return the cut flow of a file with its steps written as in the study."""
    found = selection(steps(table.cut_flow))
    if not found or not wanted:
        return table.cut_flow
    if [_bare(step) for step in found] != [_bare(step) for step in wanted]:
        raise EventFileError(
            f"its events were selected by: {', '.join(found)}",
            expected=f"the steps of the study's selection: {', '.join(wanted)}",
            mend="extract the events with the study's cuts and required observables",
        )
    written = dict(zip(found, wanted, strict=True))
    return tuple(replace(row, step=written.get(row.step, row.step)) for row in table.cut_flow)


def _bare(text: str) -> str:
    return "".join(text.split())


def _varied(
    table: EventTable,
    space: ParameterSpace,
    weights: NDArray[np.float64],
    effects: tuple[Effect, ...],
    sample: str,
    factor: float,
) -> NDArray[np.float64]:
    """Return the columns of all systematics, `(n_events, n_columns)`, from the file's own or from normalisations."""
    reference = weights[:, space.index_of(space.reference)]
    old = table.weights[:, table.space.index_of(table.space.reference)]
    scale = np.divide(reference, old, out=np.full_like(old, factor), where=old != 0.0)[:, None]
    columns = [np.empty((len(reference), 0))]
    for effect in effects:
        if not (effect.acts_on(sample) and effect.columns):
            columns.append(np.repeat(reference[:, None], len(effect.columns), axis=1))
        elif isinstance(effect.section, NormalisationSystematic):
            columns.append(normalisation(reference, effect.section.uncertainty)[:, None])
        else:
            columns.append(scale * _own_columns(table, effect))
    return np.concatenate(columns, axis=1)


def _own_columns(table: EventTable, effect: Effect) -> NDArray[np.float64]:
    known = () if table.nuisance is None else table.nuisance.benchmark_names
    missing = [name for name in effect.columns if name not in known]
    if table.nuisance is None or missing:
        raise EventFileError(
            f"no weights {', '.join(missing[:5])}{', ...' if len(missing) > 5 else ''}",
            where=f"systematic {effect.name}",
            expected=f"some of {', '.join(known) or '(the file has none)'}",
            mend="say by `samples:` what the systematic acts on",
        )
    columns: NDArray[np.float64] = table.nuisance.weights[:, [known.index(name) for name in effect.columns]]
    return columns
