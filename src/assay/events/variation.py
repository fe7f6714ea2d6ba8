"""The dependence of events on nuisance parameters, from the weights of an event file."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.table import EventTable, NuisanceParameter, NuisanceWeights
from assay.theory.nuisance import LogQuadratic


def nuisance_dependence(table: EventTable) -> LogQuadratic:
    """Interpolate the weights of a table in its nuisance parameters; no column for a table without.

    Raises
    ------
    EventFileError
        If a nuisance parameter names a column that is not there.
    """
    if table.nuisance is None:
        return LogQuadratic.none(table.n_events)
    reference = table.weights[:, table.space.index_of(table.space.reference)]
    parts = [_of_parameter(parameter, table.nuisance, reference) for parameter in table.nuisance.parameters]
    return LogQuadratic.stacked(parts, table.n_events)


def _of_parameter(
    parameter: NuisanceParameter, nuisance: NuisanceWeights, reference: NDArray[np.float64]
) -> LogQuadratic:
    up = _column(parameter, parameter.benchmark_positive, nuisance)
    down = _column(parameter, parameter.benchmark_negative, nuisance)
    if up is not None:
        return LogQuadratic.from_weights(reference, up, down)
    if down is None:  # MadMiner's files may name a parameter that acts on nothing in them
        return LogQuadratic.none(len(reference), 1)
    mirrored = LogQuadratic.from_weights(reference, down)
    return LogQuadratic(-mirrored.linear, mirrored.quadratic, mirrored.status)


def _column(
    parameter: NuisanceParameter, benchmark: str | None, nuisance: NuisanceWeights
) -> NDArray[np.float64] | None:
    if benchmark is None:
        return None
    if benchmark not in nuisance.benchmark_names:
        raise EventFileError(
            f"there are no weights {benchmark}",
            where=f"nuisance parameter {parameter.name}",
            expected=f"one of {', '.join(nuisance.benchmark_names) or '(there are none)'}",
            mend="write the event file again with all its nuisance benchmarks",
        )
    column: NDArray[np.float64] = nuisance.weights[:, nuisance.benchmark_names.index(benchmark)]
    return column
