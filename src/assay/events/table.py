"""Events with their observables and weights, as they stand in an event file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError, NotFiniteError
from assay.events.samples import Sample, benchmark_of_samples, group_scales
from assay.theory.morphing import Morphing
from assay.theory.nuisance import NuisanceParameter
from assay.theory.parameters import ParameterSpace

__all__ = [
    "CutFlowRow",
    "EventTable",
    "NuisanceParameter",
    "NuisanceWeights",
    "ObservableInfo",
    "Sample",
    "Systematic",
    "benchmark_of_samples",
    "check_backgrounds",
    "check_finite",
    "check_table",
    "group_scales",
]


@dataclass(frozen=True)
class ObservableInfo:
    """An observable: its name, definition in the expression language, unit, and LaTeX label without dollar signs."""

    name: str
    definition: str
    unit: str = ""
    label: str = ""


@dataclass(frozen=True)
class CutFlowRow:
    """What was left of a sample after a step of the selection.

    `step` names the cut ("generated" for the first row); `n_events` counts events, `cross_section` (pb) adds their
    weights at the sample's own benchmark, `at_benchmarks` at each of the study's; () where that is not known.
    """

    sample: str
    step: str
    n_events: int
    cross_section: float
    at_benchmarks: tuple[float, ...] = ()


@dataclass(frozen=True)
class Systematic:
    """A systematic uncertainty.

    Parameters
    ----------
    name
        Its name.
    kind
        What kind of uncertainty, such as "scale" or "normalisation".
    value
        What is varied, as text.
    scale
        For scales: "mu", "mur" or "muf".
    samples
        The processes that it acts on; all if empty.
    axes
        Of replicas replaced by principal components: a hash of their directions. Components along other axes are other
        nuisance parameters, although they have the same names.
    """

    name: str
    kind: str
    value: str
    scale: str | None = None
    samples: tuple[str, ...] = ()
    axes: str = ""


@dataclass(frozen=True, eq=False)
class NuisanceWeights:
    """Weights of variations, kept from file to file.

    Parameters
    ----------
    benchmark_names
        Names of the columns.
    weights
        In pb, shape `(n_events, n_columns)`: at the reference benchmark of theta, with the variation. Events that a
        systematic does not act on have their weight at the reference there.
    parameters
        Which columns are the variations of which nuisance parameter.
    systematics
        What the nuisance parameters belong to.
    """

    benchmark_names: tuple[str, ...]
    weights: NDArray[np.float64]
    parameters: tuple[NuisanceParameter, ...] = ()
    systematics: tuple[Systematic, ...] = ()


@dataclass(frozen=True, eq=False)
class EventTable:
    """Events and all that is needed to read them.

    Parameters
    ----------
    space, morphing
        The parameters, and how benchmark weights give those at any theta.
    observables, samples
        One entry per column of `x`, and per value of `sample_index`.
    x
        Observables, shape `(n_events, n_observables)`.
    weights
        In pb, shape `(n_events, n_benchmarks)`. The weights of all events drawn at a benchmark, in however many
        runs, add up at that benchmark to its cross section, less what cuts have removed.
    sample_index
        The sample of every event, shape `(n_events,)`.
    cut_flow
        What the selection left of each sample.
    nuisance
        Weights of nuisance benchmarks.
    provenance
        Whatever JSON can hold on the origin of the events.
    """

    space: ParameterSpace
    morphing: Morphing
    observables: tuple[ObservableInfo, ...]
    samples: tuple[Sample, ...]
    x: NDArray[np.float64]
    weights: NDArray[np.float64]
    sample_index: NDArray[np.int32]
    cut_flow: tuple[CutFlowRow, ...] = ()
    nuisance: NuisanceWeights | None = None
    provenance: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_table(self)

    @property
    def n_events(self) -> int:
        """Number of events."""
        return len(self.x)

    @property
    def observable_names(self) -> tuple[str, ...]:
        """Names of the observables."""
        return tuple(observable.name for observable in self.observables)

    @cached_property
    def benchmark_index(self) -> NDArray[np.int64]:
        """The benchmark at which each event was drawn, -1 for background, shape `(n_events,)`."""
        per_sample = benchmark_of_samples(self.space, self.samples)
        return per_sample[self.sample_index]

    @property
    def k_factors(self) -> NDArray[np.float64]:
        """The factor that the weights of each event have been multiplied with, shape `(n_events,)`."""
        return np.array([sample.k_factor for sample in self.samples])[self.sample_index]

    @cached_property
    def own_weights(self) -> NDArray[np.float64]:
        """Weights in pb at the benchmark at which each event was drawn (any, for background), shape `(n_events,)`."""
        own: NDArray[np.float64] = self.weights[np.arange(self.n_events), np.maximum(self.benchmark_index, 0)]
        return own


def check_table(table: EventTable) -> None:
    """Check that all parts of a table fit together and are finite.

    Raises
    ------
    EventFileError
        Naming the part, and the first bad event.
    """
    n_events, n_benchmarks = len(table.x), len(table.space.benchmarks)
    expected = {
        "observations": (table.x.shape, (n_events, len(table.observables))),
        "weights": (table.weights.shape, (n_events, n_benchmarks)),
        "sample index": (table.sample_index.shape, (n_events,)),
        "morphing matrix": (table.morphing.matrix.shape, (len(table.morphing.components), n_benchmarks)),
        "morphing components": (table.morphing.components.shape[1:], (table.space.n_parameters,)),
    }
    if table.nuisance is not None:
        shape = (n_events, len(table.nuisance.benchmark_names))
        expected["nuisance weights"] = (table.nuisance.weights.shape, shape)
    for name, (found, wanted) in expected.items():
        if found != wanted:
            raise EventFileError(f"{name} have shape {found}", expected=f"shape {wanted}")
    check_finite("observable", table.x, table.observable_names)
    check_finite("weight at benchmark", table.weights, table.space.benchmark_names)
    if table.nuisance is not None:
        check_finite("weight at benchmark", table.nuisance.weights, table.nuisance.benchmark_names)
    if table.nuisance is not None:
        _check_names("weight", (*table.space.benchmark_names, *table.nuisance.benchmark_names))
        _check_names("nuisance parameter", tuple(parameter.name for parameter in table.nuisance.parameters))
    _check_names("observable", table.observable_names)
    _check_names("sample", tuple(sample.name for sample in table.samples))
    benchmark_of_samples(table.space, table.samples)
    if n_events and not (table.sample_index.min() >= 0 and table.sample_index.max() < len(table.samples)):
        raise EventFileError(
            f"samples of events run from {table.sample_index.min()} to {table.sample_index.max()}",
            expected=f"numbers from 0 to {len(table.samples) - 1}",
        )


def check_backgrounds(table: EventTable) -> None:
    """Backgrounds do not depend on theta: equal weights at all benchmarks, which morphing has to leave alone.

    Raises
    ------
    EventFileError
        If a background event has different weights, or the morphing no constant component.
    """
    background = table.weights[table.benchmark_index < 0]
    if len(background) == 0:
        return
    spread = np.ptp(background, axis=1)
    if np.any(spread > 1e-6 * np.abs(background).max(axis=1)):
        event = int(np.flatnonzero(table.benchmark_index < 0)[np.argmax(spread)])
        raise EventFileError(
            "a background event has different weights at different benchmarks",
            where=f"event {event}",
            expected="equal weights",
        )
    if not np.any(np.all(table.morphing.components == 0, axis=1)):
        raise EventFileError("the morphing has no constant component, which backgrounds need")


def check_finite(kind: str, values: NDArray[np.float64], names: tuple[str, ...], first: int = 0) -> None:
    """Refuse numbers `(n_events, n_columns)` that are not finite; `first` is the number of the first event.

    Raises
    ------
    NotFiniteError
        Naming the first bad event and column.
    """
    if not np.isfinite(values).all():
        event, column = (int(i) for i in np.argwhere(~np.isfinite(values))[0])
        n_bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise NotFiniteError(
            f"{kind} {names[column]} of event {first + event} is {values[event, column]}; "
            f"{n_bad} of {len(values)} are bad",
            expected="finite numbers",
            mend="run the stage that wrote the events again, and report the event if it recurs",
        )


def _check_names(kind: str, names: tuple[str, ...]) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise EventFileError(
            f"{kind} names repeat: {', '.join(repeated)}", expected=f"a name of its own for every {kind}"
        )
