"""Writing and reading all of an event file but its events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError
from assay.events import layout
from assay.events.layout import absent, get, get_text, put, put_text, put_unicode, section
from assay.events.morphing_layout import read_morphing, write_morphing
from assay.events.table import CutFlowRow, EventTable, NuisanceParameter, ObservableInfo, Sample, Systematic
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

_MADMINERS_SCALES = ("mu", "mur", "muf")


@dataclass(frozen=True, eq=False)
class EventHeader:
    """All of an event file but its events.

    `named_samples` says whether the file names its samples (MadMiner's do not); `nuisance_benchmarks` are the last
    columns of the weights.
    """

    space: ParameterSpace
    morphing: Morphing
    observables: tuple[ObservableInfo, ...]
    samples: tuple[Sample, ...] = ()
    cut_flow: tuple[CutFlowRow, ...] = ()
    nuisance_benchmarks: tuple[str, ...] = ()
    nuisance_parameters: tuple[NuisanceParameter, ...] = ()
    systematics: tuple[Systematic, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    named_samples: bool = True


def header_of(table: EventTable) -> EventHeader:
    """Return the header of a table."""
    nuisance = table.nuisance
    return EventHeader(
        table.space,
        table.morphing,
        table.observables,
        table.samples,
        table.cut_flow,
        () if nuisance is None else nuisance.benchmark_names,
        () if nuisance is None else nuisance.parameters,
        () if nuisance is None else nuisance.systematics,
        dict(table.provenance),
    )


def write_header(file: h5py.File, header: EventHeader) -> None:
    """Write MadMiner's groups and ours."""
    layout.write_space(file, header.space, header.nuisance_benchmarks)
    write_morphing(file, header.morphing)
    _write_observables(file, header.observables)
    _write_systematics(file, header)
    _write_samples(file["assay"].create_group("samples"), header.samples)
    group = file["assay"].create_group("cut_flow")
    put_unicode(group, "samples", [row.sample for row in header.cut_flow])
    put_unicode(group, "steps", [row.step for row in header.cut_flow])
    put(group, "n_events", np.array([row.n_events for row in header.cut_flow], dtype=np.int64))
    put(group, "cross_sections", np.array([row.cross_section for row in header.cut_flow], dtype=np.float64))
    put(group, "at_benchmarks", _at_benchmarks(header.cut_flow))
    put_unicode(file["assay"], "provenance", [json.dumps(header.provenance, allow_nan=False)])


def read_header(file: h5py.File) -> EventHeader:
    """Read MadMiner's groups, of either layout, and ours if there."""
    space = layout.read_space(file)
    ours = file["assay"] if "assay" in file else {}  # noqa: SIM401 - get() takes a damaged group for none
    physics = layout.physics_columns(file)
    names = get_text(section(file, "benchmarks"), "names")
    if not np.all(np.diff(physics.astype(int)) <= 0):
        raise EventFileError("benchmarks of physics come after those of nuisance parameters", expected="physics first")
    return EventHeader(
        space,
        read_morphing(file, space),
        _read_observables(file),
        _read_samples(ours["samples"]) if "samples" in ours else (),
        _read_cut_flow(ours["cut_flow"]) if "cut_flow" in ours else (),
        tuple(name for name, of_physics in zip(names, physics, strict=True) if not of_physics),
        _read_nuisance_parameters(file),
        _read_systematics(file),
        json.loads(get_text(ours, "provenance")[0]) if "provenance" in ours else {},
        "samples" in ours,
    )


def write_summary(file: h5py.File, signal_events: NDArray[np.int64], background_events: int) -> None:
    """Write MadMiner's summary: signal events per benchmark, and background events, after cuts."""
    group = file.create_group("sample_summary")
    put(group, "signal_events", signal_events.astype(np.int64))
    put(group, "background_events", np.int64(background_events))


def check_summary(file: h5py.File, signal_events: NDArray[np.int64], background_events: int) -> None:
    """Compare the summary of a file, if it has one, with its events.

    Raises
    ------
    EventFileError
        If they differ: events are missing.
    """
    if "sample_summary" not in file:
        return
    group = file["sample_summary"]
    name = "signal_events" if "signal_events" in group else "signal_events_per_benchmark"
    if name not in group:
        return
    stated = np.ravel(get(group, name)[()])
    background = int(get(group, "background_events")[()]) if "background_events" in group else background_events
    if not np.array_equal(stated, signal_events) or background != background_events:
        raise EventFileError(
            f"the file holds {signal_events.tolist()} signal events and {background_events} of background",
            expected=f"{stated.tolist()} and {background}, as its summary says",
            mend="run the stage that wrote it again",
        )


def _write_observables(file: h5py.File, observables: tuple[ObservableInfo, ...]) -> None:
    group = file.create_group("observables")
    definitions = [info.definition for info in observables]
    put_text(group, "names", [info.name for info in observables])
    # a definition that MadMiner's layout cannot hold stands there as one by function does
    put_text(group, "definitions", [text if text and layout.fits(text) else "None" for text in definitions])
    group = file["assay"].create_group("observables")
    put_unicode(group, "definitions", definitions)
    put_unicode(group, "units", [info.unit for info in observables])
    put_unicode(group, "labels", [info.label for info in observables])


def _read_observables(file: h5py.File) -> tuple[ObservableInfo, ...]:
    group = section(file, "observables")
    names = get_text(group, "names")
    if "assay/observables" in file:
        ours = file["assay/observables"]
        columns = [get_text(ours, column) for column in ("definitions", "units", "labels")]
    else:
        none = ("",) * len(names)
        columns = [tuple(absent(text) or "" for text in get_text(group, "definitions")), none, none]
    return tuple(ObservableInfo(*row) for row in zip(names, *columns, strict=True))


def _write_systematics(file: h5py.File, header: EventHeader) -> None:
    if not header.nuisance_benchmarks and not header.systematics:
        return
    # madminer 0.9 opens no file with another kind of systematic than of scales; it needs their names alone
    madminers = [s for s in header.systematics if s.kind == "scale" and s.scale in _MADMINERS_SCALES]
    if madminers:
        group = file.create_group("systematics")
        put_text(group, "names", [s.name for s in madminers])
        put_text(group, "types", [s.kind for s in madminers])
        put_text(group, "values", [s.value for s in madminers])
        put_text(group, "scales", [s.scale or "" for s in madminers])
    group = file["assay"].create_group("systematics")
    put_unicode(group, "names", [s.name for s in header.systematics])
    put_unicode(group, "types", [s.kind for s in header.systematics])
    put_unicode(group, "values", [s.value for s in header.systematics])
    put_unicode(group, "scales", [s.scale or "" for s in header.systematics])
    put_unicode(group, "samples", [json.dumps(s.samples) for s in header.systematics])
    put_unicode(group, "axes", [s.axes for s in header.systematics])
    group = file.create_group("nuisance_parameters")
    put_text(group, "names", [n.name for n in header.nuisance_parameters])
    put_text(group, "systematics", [n.systematic for n in header.nuisance_parameters])
    put_text(group, "benchmark_positive", [n.benchmark_positive or "None" for n in header.nuisance_parameters])
    put_text(group, "benchmark_negative", [n.benchmark_negative or "None" for n in header.nuisance_parameters])


def _read_systematics(file: h5py.File) -> tuple[Systematic, ...]:
    group = file.get("assay/systematics", file.get("systematics"))
    if group is None or "names" not in group:
        return ()
    names, values = get_text(group, "names"), get_text(group, "values")
    if "types" not in group:
        return tuple(_joined_systematic(name, value) for name, value in zip(names, values, strict=True))
    kinds, scales = get_text(group, "types"), get_text(group, "scales")
    samples = get_text(group, "samples") if "samples" in group else ("[]",) * len(names)
    axes = get_text(group, "axes") if "axes" in group else ("",) * len(names)
    rows = zip(names, kinds, values, scales, samples, axes, strict=True)
    return tuple(Systematic(n, k, v, absent(scale), tuple(json.loads(on)), axis) for n, k, v, scale, on, axis in rows)


def _joined_systematic(name: str, text: str) -> Systematic:
    """Read a systematic of MadMiner up to 0.8.3: kind, scale (of scale variations alone) and value between tabs."""
    kind, *rest = text.split("\t")
    return Systematic(name, kind, rest[-1] if rest else "", rest[0] if len(rest) > 1 else None)


def _read_nuisance_parameters(file: h5py.File) -> tuple[NuisanceParameter, ...]:
    if "nuisance_parameters" not in file or "names" not in file["nuisance_parameters"]:
        return ()
    group = file["nuisance_parameters"]
    names, up, down = (get_text(group, c) for c in ("names", "benchmark_positive", "benchmark_negative"))
    # MadMiner 0.4 does not say what they belong to
    systematics = get_text(group, "systematics") if "systematics" in group else ("",) * len(names)
    rows = zip(names, systematics, up, down, strict=True)
    return tuple(NuisanceParameter(n, s, absent(up), absent(down)) for n, s, up, down in rows)


def _write_samples(group: h5py.Group, samples: tuple[Sample, ...]) -> None:
    put_unicode(group, "names", [s.name for s in samples])
    put_unicode(group, "benchmarks", [s.benchmark or "" for s in samples])
    put_unicode(group, "processes", [s.process for s in samples])
    put_unicode(group, "regions", [s.region for s in samples])
    put(group, "n_generated", np.array([s.n_generated for s in samples], dtype=np.int64))
    put(group, "cross_sections", np.array([s.cross_section for s in samples], dtype=np.float64))
    put(group, "cross_section_errors", np.array([s.cross_section_error for s in samples], dtype=np.float64))
    put(group, "k_factors", np.array([s.k_factor for s in samples], dtype=np.float64))
    put(group, "counted", np.array([s.counted for s in samples], dtype=np.uint8))
    put(group, "reweighted", np.array([s.reweighted for s in samples], dtype=np.uint8))


def _read_samples(group: h5py.Group) -> tuple[Sample, ...]:
    rows = zip(
        get_text(group, "names"),
        get_text(group, "benchmarks"),
        get(group, "n_generated")[()],
        get(group, "cross_sections")[()],
        get(group, "cross_section_errors")[()],
        get_text(group, "processes"),
        get(group, "k_factors")[()] if "k_factors" in group else np.ones(len(get(group, "names"))),
        get(group, "counted")[()] if "counted" in group else np.zeros(len(get(group, "names"))),
        get_text(group, "regions") if "regions" in group else ("",) * len(get(group, "names")),
        get(group, "reweighted")[()] if "reweighted" in group else np.zeros(len(get(group, "names"))),
        strict=True,
    )
    return tuple(
        Sample(n, b or None, int(g), float(xs), float(err), process, float(k), bool(counted), region, bool(changed))
        for n, b, g, xs, err, process, k, counted, region, changed in rows
    )


def _read_cut_flow(group: h5py.Group) -> tuple[CutFlowRow, ...]:
    columns = [get_text(group, "samples"), get_text(group, "steps")]
    counts, cross_sections = get(group, "n_events")[()], get(group, "cross_sections")[()]
    # files of earlier versions, and of others, have the cross sections at the samples' own benchmarks alone
    known = get(group, "at_benchmarks")[()] if "at_benchmarks" in group else np.empty((len(counts), 0))
    at_benchmarks = [() if np.isnan(every).any() else tuple(every.tolist()) for every in known]
    rows = zip(*columns, counts, cross_sections, at_benchmarks, strict=True)
    return tuple(CutFlowRow(sample, step, int(n), float(xs), every) for sample, step, n, xs, every in rows)


def _at_benchmarks(rows: tuple[CutFlowRow, ...]) -> NDArray[np.float64]:
    """Return the cross sections of all rows at all benchmarks, `(n_rows, n_benchmarks)`; NaN where not known."""
    table = np.full((len(rows), max((len(row.at_benchmarks) for row in rows), default=0)), np.nan)
    for line, row in zip(table, rows, strict=True):
        if row.at_benchmarks:
            line[:] = row.at_benchmarks
    return table
