"""Whether an event file, which may be anybody's, is one of a study."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from assay.errors import MismatchError
from assay.events.header import EventHeader
from assay.events.pool import EventPool
from assay.study.model import Study
from assay.study.resolve import resolve
from assay.theory.systematics import effects_of

_TOLERANCE = 1e-9


def check_fits(study: Study, header: EventHeader, where: str) -> None:
    """Refuse a file whose parameters, benchmarks, observables or systematics are not those of the study.

    Raises
    ------
    MismatchError
        With everything in which they differ.
    """
    found = disagreements(study, header)
    if found:
        raise MismatchError(
            "the event file does not fit the study:\n    " + "\n    ".join(found),
            where=where,
            expected="the parameters, benchmarks, observables and systematics of the study, each with the same meaning",
            mend="put the study right (`assay inspect` shows what is in the file), or give the events of this study",
        )


def disagreements(study: Study, header: EventHeader) -> list[str]:
    """Say in what a file differs from a study: a sentence each.

    A file may have more benchmarks, observables and systematics than the study. Definitions of observables are compared
    if the file is ours, whose language is that of the study.
    """
    wanted, found = tuple(study.parameters), header.space.names
    if wanted != found:
        return [f"parameters: {', '.join(found)} in the file, {', '.join(wanted)} in the study (order counts)"]
    return [
        *_benchmarks(study, header),
        *_reference(study, header),
        *_observables(study, header),
        *_systematics(study, header),
    ]


def fitted(study: Study, pool: EventPool) -> EventPool:
    """Return the pool with the study's reference benchmark, and its observables alone, in its order.

    Partitions do not change: they are those of the events as they stand in the file.
    """
    columns = [pool.observables.index(name) for name in study.observables]
    names = tuple(study.observables)
    space = replace(pool.space, reference=str(resolve(study).reference))
    if names == pool.observables:
        return replace(pool, space=space)
    return replace(pool, space=space, observables=names, x=pool.x[:, columns])


def _benchmarks(study: Study, header: EventHeader) -> Iterator[str]:
    space = header.space
    for name, point in study.benchmarks.items():
        if name not in space.benchmark_names:
            yield f"benchmark {name} of the study is not in the file, which has {', '.join(space.benchmark_names)}"
            continue
        values = space.benchmark_values[space.index_of(name)]
        expected = np.array([point.get(parameter, 0.0) for parameter in space.names])
        if not np.allclose(values, expected, rtol=_TOLERANCE, atol=_TOLERANCE):
            yield (
                f"benchmark {name} is at {', '.join(f'{v:g}' for v in values)} in the file, "
                f"at {', '.join(f'{v:g}' for v in expected)} in the study"
            )


def _reference(study: Study, header: EventHeader) -> Iterator[str]:
    reference = resolve(study).reference
    # the weights of nuisance parameters are relative to the file's
    if header.nuisance_benchmarks and reference != header.space.reference:
        yield f"the reference is {header.space.reference} in the file, {reference} in the study"


def _observables(study: Study, header: EventHeader) -> Iterator[str]:
    there = {info.name: info for info in header.observables}
    for name, section in study.observables.items():
        if name not in there:
            yield f"observable {name} of the study is not in the file, which has {', '.join(there) or 'none'}"
            continue
        definition = there[name].definition
        if header.named_samples and definition and _bare(definition) != _bare(section.expression):
            yield f"observable {name} is {definition} in the file, {section.expression} in the study"


def _systematics(study: Study, header: EventHeader) -> Iterator[str]:
    there = sorted({parameter.systematic for parameter in header.nuisance_parameters} - {""})
    for effect in effects_of(study):
        # a factor without an uncertainty varies nothing: the lines of cut flows tell of it
        if effect.names and effect.name not in there:
            yield f"systematic {effect.name} of the study is not in the file, which has {', '.join(there) or 'none'}"


def _bare(expression: str) -> str:
    return "".join(expression.split())
