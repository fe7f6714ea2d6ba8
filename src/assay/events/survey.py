"""All events of a file, block by block: what their columns look like, what they add up to, what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events.eventfile import table_of
from assay.events.header import EventHeader, check_summary
from assay.events.inferred import DrawnAt, inferred_samples
from assay.events.mixture import mixture_weights
from assay.events.rows import Rows, n_events_of, raw_rows, read_rows, summary
from assay.events.statistics import ColumnStatistics
from assay.events.strata import OwnWeights, Stratum, constants_of, constants_of_events, strata_of, unweighted_samples
from assay.events.sums import StratumSums
from assay.events.table import check_backgrounds


@dataclass(frozen=True, eq=False)
class Survey:
    """What is in a file of events.

    Parameters
    ----------
    header
        All but the events; its samples inferred if the file does not name them.
    observables, weights
        Of all events and columns (the weights of nuisance benchmarks last).
    n_events, n_bad
        All events, and those with a number that is not finite, which are left out below.
    drawn_at
        Events by the benchmark at which they were drawn.
    events_of_samples
        Events of each sample.
    strata, sums
        What was generated, and the sums of mixture weights at the benchmarks.
    faults
        What is wrong with the events; sums may then be of none.
    """

    header: EventHeader
    observables: ColumnStatistics
    weights: ColumnStatistics
    n_events: int
    n_bad: int
    drawn_at: DrawnAt
    events_of_samples: NDArray[np.int64]
    strata: tuple[Stratum, ...]
    sums: StratumSums
    faults: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class _Columns:
    """What the columns of a file look like."""

    observables: ColumnStatistics
    weights: ColumnStatistics
    n_bad: int
    drawn_at: DrawnAt
    summary: tuple[NDArray[np.int64], int]


def survey(file: h5py.File, header: EventHeader, chunk: int) -> Survey:
    """Read all events twice, `chunk` at a time: what samples there are, and then what they add up to.

    Raises
    ------
    EventFileError
        If arrays are missing or contradict each other in shape.
    """
    columns = _columns(file, header, chunk)
    faults = [*_fault(lambda: check_summary(file, *columns.summary))]
    if columns.n_bad:
        faults += _fault(lambda: _first_bad(file, header, chunk))
    if not header.named_samples:
        try:
            header = replace(header, samples=inferred_samples(header.space, columns.drawn_at))
        except EventFileError as error:
            faults.append(str(error))
    strata: tuple[Stratum, ...] = ()
    counts, sums = np.zeros(0, dtype=np.int64), StratumSums.none(0, len(header.space.benchmarks))
    if header.samples:
        try:
            counts, sums = _sums(file, header, chunk)
            strata, _ = strata_of(header.space, header.samples)
        except EventFileError as error:
            faults.append(str(error))
    return Survey(
        header,
        columns.observables,
        columns.weights,
        n_events_of(file),
        columns.n_bad,
        columns.drawn_at,
        counts,
        strata,
        sums,
        tuple(faults),
    )


def _columns(file: h5py.File, header: EventHeader, chunk: int) -> _Columns:
    n_benchmarks, n_bad = len(header.space.benchmarks), 0
    observables = ColumnStatistics.none(len(header.observables))
    weights = ColumnStatistics.none(n_benchmarks + len(header.nuisance_benchmarks))
    drawn_at, signal, background = DrawnAt.nowhere(header.space), np.zeros(n_benchmarks, dtype=np.int64), 0
    for rows in _blocks(file, header, chunk):
        observables = observables.updated(rows.x)
        weights = weights.updated(np.concatenate([rows.weights, rows.nuisance], axis=1))
        good = _good(rows)
        n_bad += int(np.sum(~good))
        drawn_at = drawn_at.updated(rows.own_weights[good], rows.drawn_at[good])
        counted = summary(rows.drawn_at, n_benchmarks)
        signal, background = signal + counted[0], background + counted[1]
    return _Columns(observables, weights, n_bad, drawn_at, (signal, background))


def _sums(file: h5py.File, header: EventHeader, chunk: int) -> tuple[NDArray[np.int64], StratumSums]:
    """Return the events of each sample, and the sums of mixture weights."""
    strata, stratum_of_sample = strata_of(header.space, header.samples)
    counts, own = np.zeros(len(header.samples), dtype=np.int64), OwnWeights.none(len(header.samples))
    for rows in _blocks(file, header, chunk):
        table = table_of(header, rows.select(_good(rows)))
        check_backgrounds(table)
        own = own.updated(table.own_weights, table.sample_index)
        counts += np.bincount(table.sample_index, minlength=len(counts))
    unweighted = unweighted_samples(header.samples, strata, stratum_of_sample, own)
    constants = constants_of(header.space, strata)
    sums = StratumSums.none(len(strata), len(header.space.benchmarks))
    for rows in _blocks(file, header, chunk):
        table = table_of(header, rows.select(_good(rows)))
        index = table.sample_index
        stratum = stratum_of_sample[index]
        there = constants_of_events(constants, stratum)
        pooled = mixture_weights(table.weights, table.benchmark_index, there, unweighted[index])
        sums = sums.updated(pooled, stratum)
    return counts, sums


def _blocks(file: h5py.File, header: EventHeader, chunk: int) -> Iterator[Rows]:
    for start in range(0, max(n_events_of(file), 1), chunk):
        yield raw_rows(file, header, slice(start, start + chunk))


def _good(rows: Rows) -> NDArray[np.bool_]:
    """Say which events hold finite numbers alone."""
    finite: NDArray[np.bool_] = np.ones(len(rows.x), dtype=np.bool_)
    for values in (rows.x, rows.weights, rows.nuisance):
        finite &= np.isfinite(values).all(axis=1)
    return finite


def _first_bad(file: h5py.File, header: EventHeader, chunk: int) -> None:
    """Raise the error that a stage would raise.

    Raises
    ------
    NotFiniteError
        Naming the first event and column with a number that is not finite.
    """
    for start in range(0, n_events_of(file), chunk):
        read_rows(file, header, slice(start, start + chunk))


def _fault(check: Callable[[], None]) -> list[str]:
    try:
        check()
    except EventFileError as error:
        return [str(error)]
    return []
