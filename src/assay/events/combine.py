"""Putting event files together: checked, normalised, shuffled, and in bounded memory."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError, MismatchError
from assay.events import layout
from assay.events.compare import differences
from assay.events.cutflow import scaled
from assay.events.eventfile import table_of
from assay.events.header import EventHeader, check_summary, read_header, write_summary
from assay.events.inferred import DrawnAt, inferred_samples
from assay.events.partition import event_content, event_hash
from assay.events.replicas import ReplicaReduction
from assay.events.rows import EventWriter, Rows, n_events_of, read_rows, summary
from assay.events.shuffle import Shuffler
from assay.events.strata import OwnWeights, strata_of, unweighted_samples
from assay.events.table import EventTable, check_backgrounds, group_scales
from assay.events.tally import CombinedEvents, Tally

__all__ = ["CombinedEvents", "combine"]

_CHUNK = 50_000
_BYTES_IN_MEMORY = 128 * 1024 * 1024
_ORDER = 0x5EED  # so that the order of events has nothing to do with their partitions


@dataclass(frozen=True, eq=False)
class _Part:
    """One of the files: the numbers of its samples among all, and the factors that their weights take."""

    path: Path
    header: EventHeader
    n_events: int
    first_sample: int
    factors: NDArray[np.float64]


def combine(
    paths: Sequence[str | Path], output: str | Path, seed: int = 0, chunk: int = _CHUNK, memory: int = _BYTES_IN_MEMORY
) -> CombinedEvents:
    """Write the events of all files to one, in an order that depends on nothing but the events and the seed.

    Runs at one benchmark (or of one background process) are rescaled so that they add up to its cross section, each
    by its share of all events generated. Cut flows are put together.

    Parameters
    ----------
    paths
        Event files of ours or of MadMiner's.
    output
        The file to write.
    seed
        For the order of the events.
    chunk, memory
        Events read at a time, and bytes held for the shuffle.

    Raises
    ------
    EventFileError
        If a file is damaged, set-ups differ (saying in what), no event is left, or a run repeats the events of another.
    """
    if not paths:
        raise EventFileError("there are no files to combine", expected="at least one event file")
    parts, header = _merged([Path(path) for path in paths], chunk)
    n_events = sum(part.n_events for part in parts)
    if n_events == 0:
        raise EventFileError("no event of any file is left after cuts", mend="loosen the cuts, or generate more events")
    reduction = ReplicaReduction.of(header, lambda: (table for part in parts for table in _tables(part, chunk)))
    header = reduction.header
    strata, stratum_of_sample = strata_of(header.space, header.samples)
    output = Path(output)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=output.parent) as folder:
        n_columns = len(header.observables) + len(header.space.benchmarks) + len(header.nuisance_benchmarks)
        # so that equal events of several samples do not depend on the order of files either
        ranks = np.argsort(np.argsort([sample.name for sample in header.samples]))
        shuffler = Shuffler(Path(folder), n_events, n_columns, memory, ranks)
        own = OwnWeights.none(len(header.samples))
        for part in parts:
            for table in map(reduction.applied, _tables(part, chunk)):
                index = table.sample_index + np.int32(part.first_sample)
                own = own.updated(table.own_weights, index)
                keys = event_hash(event_content(table.x, table.weights), seed + _ORDER)
                nuisance = () if table.nuisance is None else (table.nuisance.weights,)
                shuffler.add(keys, index, np.concatenate([table.x, table.weights, *nuisance], axis=1))
        unweighted = unweighted_samples(header.samples, strata, stratum_of_sample, own)
        return _write(output, header, shuffler, unweighted, n_events)


def _merged(paths: list[Path], chunk: int) -> tuple[list[_Part], EventHeader]:
    """Read all headers, check that they agree, and put samples and cut flows together."""
    headers, counts = [], []
    for path, label in zip(paths, _labels(paths), strict=True):
        with layout.reading(path) as file:
            header = read_header(file)
            counts.append(n_events_of(file))
            headers.append(header if header.named_samples else _with_samples(label, file, header, chunk))
        found = differences(headers[0], headers[-1])
        if found:
            raise MismatchError(
                f"its set-up differs from that of {paths[0]}:\n    " + "\n    ".join(found),
                where=str(path),
                expected="the same parameters, benchmarks, morphing, observables and cuts in all files",
                mend="combine only files of one study",
            )
    _check_samples(paths, headers)
    samples = tuple(sample for header in headers for sample in header.samples)
    scales = group_scales(samples)
    parts, cut_flow, first = [], [], 0
    for path, header, n_events in zip(paths, headers, counts, strict=True):
        factors = scales[first : first + len(header.samples)] / group_scales(header.samples)
        parts.append(_Part(path, header, n_events, first, factors))
        factor_of = dict(zip([s.name for s in header.samples], factors, strict=True))
        for row in header.cut_flow:
            cut_flow.append(scaled(row, factor_of.get(row.sample, 1.0)))
        first += len(header.samples)
    provenance = {"combined": [{"file": p.name, **h.provenance} for p, h in zip(paths, headers, strict=True)]}
    return parts, replace(headers[0], samples=samples, cut_flow=tuple(cut_flow), provenance=provenance)


def _labels(paths: list[Path]) -> list[str]:
    """Name each file by its base name, with as many folders as tell it from all others; one file has one name."""
    whole = [path.resolve() for path in paths]
    for depth in range(1, max(len(path.parts) for path in whole)):
        labels = ["/".join(path.with_suffix("").parts[-depth:]) for path in whole]
        if len(set(labels)) == len(set(whole)):
            return labels
    return [f"{path.stem}-{whole.index(path)}" for path in whole]  # they differ in their endings alone


def _with_samples(label: str, file: h5py.File, header: EventHeader, chunk: int) -> EventHeader:
    """Infer the samples of a file that does not name them, and call them after the file."""
    seen = DrawnAt.nowhere(header.space)
    for rows in _chunks(file, header, chunk):
        seen = seen.updated(rows.own_weights, rows.drawn_at)
    samples = inferred_samples(header.space, seen)
    renamed = tuple(replace(s, name=f"{label}:{s.name}", process=s.process or s.name) for s in samples)
    return replace(header, samples=renamed)


def _chunks(file: h5py.File, header: EventHeader, chunk: int) -> Iterator[Rows]:
    for start in range(0, max(n_events_of(file), 1), chunk):
        yield read_rows(file, header, slice(start, start + chunk))


def _check_samples(paths: list[Path], headers: list[EventHeader]) -> None:
    """Refuse a run given twice, and runs of one benchmark that cannot be weighed against each other."""
    seen: dict[str, Path] = {}
    for path, header in zip(paths, headers, strict=True):
        for sample in header.samples:
            if sample.name in seen:
                raise EventFileError(
                    f"sample {sample.name} is in {seen[sample.name]} already",
                    where=str(path),
                    expected="every run once, under a name of its own",
                    mend="leave out one of the files, or generate it again under another name",
                )
            seen[sample.name] = path
    # of a run whose samples are inferred, only what is left after cuts is known: it cannot be weighed against others
    whole = {sample.group for header in headers if header.named_samples for sample in header.samples}
    rest = {sample.group for header in headers if not header.named_samples for sample in header.samples}
    if whole & rest:
        names = ", ".join(sorted(name for _, name in whole & rest))
        raise EventFileError(
            f"not all files with events of {names} say how many were generated",
            expected="files that name their samples (ours), or files that do not (MadMiner's)",
            mend="extract the events of all files with assay",
        )


def _tables(part: _Part, chunk: int) -> Iterator[EventTable]:
    """Yield the events of a file in chunks, checked, with their weights rescaled."""
    n_signal, n_background = np.zeros(len(part.header.space.benchmarks), dtype=np.int64), 0
    with layout.reading(part.path) as file:
        for rows in _chunks(file, part.header, chunk):
            table = table_of(part.header, rows)
            check_backgrounds(table)
            signal, background = summary(rows.drawn_at, len(n_signal))
            n_signal, n_background = n_signal + signal, n_background + background
            factors = part.factors[table.sample_index][:, None]
            nuisance = table.nuisance
            if nuisance is not None:
                nuisance = replace(nuisance, weights=nuisance.weights * factors)
            yield replace(table, weights=table.weights * factors, nuisance=nuisance)
        check_summary(file, n_signal, n_background)


def _write(
    output: Path, header: EventHeader, shuffler: Shuffler, unweighted: NDArray[np.bool_], n_events: int
) -> CombinedEvents:
    """Write the shuffled events, and add up what they say about each benchmark."""
    tally = Tally(header, unweighted)
    n_observables = len(header.observables)
    with layout.creating(output) as file:
        writer = EventWriter(file, header, n_events)
        for keys, index, rows in shuffler:
            x, weights = rows[:, :n_observables], rows[:, n_observables:]
            drawn_at = tally.add(keys, index, weights[:, : len(header.space.benchmarks)])
            writer.add(x, weights, drawn_at, index)
        tally.check_repeats()
        write_summary(file, *tally.events_per_benchmark())
        return tally.result()
