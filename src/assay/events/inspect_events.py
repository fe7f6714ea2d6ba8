"""Looking into event and set-up files, ours or MadMiner's, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import h5py

from assay.events import layout
from assay.events.cutflow import total_cut_flow
from assay.events.header import EventHeader, read_header
from assay.events.inspection import Cell, Inspection, Table
from assay.events.morphing_layout import read_morphing
from assay.events.survey import Survey, survey
from assay.events.suspicions import suspicions
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

_CHUNK = 50_000


def inspect_event_file(path: str | Path, chunk: int = _CHUNK) -> Inspection:
    """Look into a file of events, `chunk` of them at a time.

    Raises
    ------
    EventFileError
        If it cannot be read: missing, truncated, damaged, of another version or another kind. What is wrong with its
        numbers is among the faults of the inspection.
    """
    with layout.reading(path) as file:
        found = survey(file, read_header(file), chunk)
        facts = (*_layout_facts(file), *_facts(found), *_morphing_facts(found.header.morphing))
    of_events = (_parameters(found.header.space), _benchmarks(found), _samples(found), _observables(found))
    tables = (*of_events, *_systematics(found.header), *_cut_flow(found.header))
    return Inspection("event file", facts, tables, found.faults, suspicions(found))


def inspect_setup_file(path: str | Path) -> Inspection:
    """Look into a file of parameters, benchmarks and morphing alone.

    Raises
    ------
    EventFileError
        If it cannot be read.
    """
    with layout.reading(path) as file:
        space = layout.read_space(file)
        morphing = read_morphing(file, space)
        facts = (*_layout_facts(file), ("reference", space.reference), *_morphing_facts(morphing))
    benchmarks = Table("benchmarks", ("name", *space.names), tuple((b.name, *b.values) for b in space.benchmarks))
    return Inspection("set-up file", facts, (_parameters(space), benchmarks))


def _layout_facts(file: h5py.File) -> Iterator[tuple[str, Cell]]:
    if "assay" in file:
        yield "layout", f"MadMiner 0.9, with Assay's additions of version {file['assay'].attrs.get('schema_version')}"
    else:
        yield "layout", "MadMiner up to 0.8" if "ranges" in layout.section(file, "parameters") else "MadMiner 0.9"
    weights = file.get("samples/weights")
    if weights is not None:
        yield "checksums", bool(weights.fletcher32)


def _morphing_facts(morphing: Morphing) -> Iterator[tuple[str, Cell]]:
    yield "morphing components", len(morphing.components)
    yield "condition number", morphing.condition_number


def _facts(found: Survey) -> Iterator[tuple[str, Cell]]:
    yield "events", found.n_events
    if found.n_bad:
        yield "events with a number that is not finite", found.n_bad
    yield "background events", int(found.drawn_at.n_events[-1])
    yield "samples", f"{len(found.header.samples)}" + ("" if found.header.named_samples else ", inferred from weights")
    yield "reference", found.header.space.reference


def _parameters(space: ParameterSpace) -> Table:
    columns = ("name", "lowest", "highest", "maximal power", "block", "id", "transform", "label")
    rows = tuple(
        (p.name, *p.range, str(p.max_power), p.lha_block, p.lha_id, p.transform or "", p.label or "")
        for p in space.parameters
    )
    return Table("parameters", columns, rows)


def _benchmarks(found: Survey) -> Table:
    space = found.header.space
    columns = ("name", *space.names, "drawn there", "cross section [pb]", "error [pb]", "effective events")
    if not found.strata:
        numbers: list[tuple[Cell, ...]] = [(None, None, None)] * len(space.benchmarks)
    else:
        found_there = (found.sums.cross_sections, found.sums.errors(found.strata), found.sums.effective_sample_sizes)
        numbers = [tuple(map(float, row)) for row in zip(*found_there, strict=True)]
    rows = tuple(
        (b.name, *b.values, int(n), *row)
        for b, n, row in zip(space.benchmarks, found.drawn_at.n_events, numbers, strict=False)
    )
    return Table("benchmarks", columns, rows)


def _samples(found: Survey) -> Table:
    columns = ("name", "kind", "of", "generated", "in the file", "cross section [pb]", "error [pb]", "k-factor")
    counts = found.events_of_samples if len(found.events_of_samples) else [None] * len(found.header.samples)
    rows = tuple(
        (
            s.name,
            s.kind,
            s.group[1],
            s.n_generated,
            None if n is None else int(n),
            s.cross_section,
            s.cross_section_error,
            s.k_factor,
        )
        for s, n in zip(found.header.samples, counts, strict=True)
    )
    return Table("samples", columns, rows)


def _observables(found: Survey) -> Table:
    columns = ("name", "unit", "lowest", "mean", "standard deviation", "highest", "definition")
    numbers = found.observables
    rows = tuple(
        (
            info.name,
            info.unit,
            float(numbers.lowest[i]) if numbers.n_finite[i] else None,
            float(numbers.mean[i]) if numbers.n_finite[i] else None,
            float(numbers.standard_deviation[i]) if numbers.n_finite[i] else None,
            float(numbers.highest[i]) if numbers.n_finite[i] else None,
            info.definition,
        )
        for i, info in enumerate(found.header.observables)
    )
    return Table("observables", columns, rows)


def _systematics(header: EventHeader) -> Iterator[Table]:
    if header.systematics:
        rows = tuple(
            (s.name, s.kind, s.value, s.scale or "", ", ".join(s.samples) or "all") for s in header.systematics
        )
        yield Table("systematics", ("name", "kind", "value", "scale", "samples"), rows)
    if header.nuisance_parameters:
        parameters = tuple(
            (p.name, p.systematic, p.benchmark_positive or "", p.benchmark_negative or "")
            for p in header.nuisance_parameters
        )
        yield Table("nuisance parameters", ("name", "systematic", "up", "down"), parameters)


def _cut_flow(header: EventHeader) -> Iterator[Table]:
    totals = total_cut_flow(header.samples, header.cut_flow)
    if totals:
        rows = tuple((row.sample, row.step, row.n_events, row.cross_section) for row in totals)
        yield Table("cut flow", ("of", "step", "events", "cross section [pb]"), rows)
    if totals and all(row.at_benchmarks for row in totals):
        everywhere: tuple[tuple[Cell, ...], ...] = tuple((row.sample, row.step, *row.at_benchmarks) for row in totals)
        yield Table("cut flow at every benchmark [pb]", ("of", "step", *header.space.benchmark_names), everywhere)
