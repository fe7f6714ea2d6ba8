"""Tables of the report, from results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assay.estimators.history import TrainingHistory
from assay.events.pool import EventPool
from assay.events.table import CutFlowRow, EventTable
from assay.inference.information import FisherResult
from assay.inference.profiles import Interval
from assay.inference.results import LimitResult
from assay.manifest import Manifest
from assay.reporting.content import Table
from assay.reporting.figures.style import percent
from assay.reporting.numbers import duration, signed, significant, with_error

_PB_TO_FB = 1000.0


def stage_table(manifests: Sequence[Manifest]) -> Table:
    """Tabulate jobs, times and memory of every stage, in the order of their first manifest."""
    rows = []
    for stage, jobs in by_stage(manifests).items():
        times = [job.wall_time for job in jobs]
        memory = f"{max(job.peak_memory for job in jobs):.0f} MiB"
        rows.append((stage, str(len(jobs)), duration(sum(times)), duration(max(times)), memory))
    return Table("Stages", ("stage", "jobs", "time, all jobs", "longest job", "peak memory"), tuple(rows))


def by_stage(manifests: Sequence[Manifest]) -> dict[str, list[Manifest]]:
    """Group manifests by stage."""
    grouped: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        grouped.setdefault(manifest.stage, []).append(manifest)
    return grouped


def cross_section_table(table: EventTable, pool: EventPool, luminosity: float) -> Table:
    """Tabulate cross sections at the benchmarks, before cuts as generated and after cuts from all events together."""
    generated = {sample.benchmark: sample for sample in table.samples}
    counts: dict[str | None, int] = {}
    for sample in table.samples:
        counts[sample.benchmark] = counts.get(sample.benchmark, 0) + sample.n_generated
    values, errors = pool.cross_section(table.space.benchmark_values)
    rows = []
    for benchmark, value, error in zip(table.space.benchmarks, values, errors, strict=True):
        run = generated.get(benchmark.name)
        before = "not generated"
        if run is not None:
            before = with_error(_PB_TO_FB * run.cross_section, _PB_TO_FB * run.cross_section_error)
        after = with_error(_PB_TO_FB * value, _PB_TO_FB * error)
        point = tuple(significant(theta, 3) for theta in benchmark.values)
        n_events = significant(_PB_TO_FB * value * luminosity, 4)
        rows.append((benchmark.name, *point, str(counts.get(benchmark.name, 0)), before, after, n_events))
    columns = (
        "benchmark",
        *table.space.names,
        "events generated",
        "before cuts [fb]",
        "after cuts [fb]",
        "events expected",
    )
    return Table(f"Cross sections; events expected after cuts for {luminosity:g} fb⁻¹", columns, tuple(rows))


def cut_flow_table(rows: Sequence[CutFlowRow]) -> Table:
    """Tabulate events and cross section that each step leaves of each sample."""
    samples, steps = cut_flow_names(rows)
    found = {(row.sample, row.step): row for row in rows}
    lines = []
    for step in steps:
        cells = []
        for sample in samples:
            row = found.get((sample, step))
            cells.append("–" if row is None else f"{row.n_events} ({significant(_PB_TO_FB * row.cross_section, 4)} fb)")
        lines.append((step, *cells))
    return Table("Cut flow: events (cross section at the sample's own benchmark)", ("step", *samples), tuple(lines))


def cut_flow_names(rows: Sequence[CutFlowRow]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the samples and the steps of a cut flow, in order of appearance."""
    return tuple(dict.fromkeys(row.sample for row in rows)), tuple(dict.fromkeys(row.step for row in rows))


def training_table(trainings: Mapping[str, TrainingHistory]) -> Table:
    """Tabulate how each training went."""
    rows = []
    for name, history in trainings.items():
        best = history.best
        losses = (significant(best.train_loss, 5), significant(best.validation_loss, 5))
        stopped = "yes" if history.stopped_early else "no"
        rows.append((name, str(len(history.records)), stopped, str(history.best_epoch), *losses))
    columns = ("method", "epochs", "stopped early", "epoch kept", "training loss", "validation loss")
    return Table("Trainings; losses of different methods cannot be compared", columns, tuple(rows))


def limit_table(results: Sequence[LimitResult]) -> Table:
    """Tabulate best fits and intervals of every parameter for every method, other parameters profiled."""
    levels = sorted({level for result in results for level in result.confidence_levels})
    rows = []
    for result in results:
        for p, name in enumerate(result.parameters):
            edge = " (edge)" if result.best_fit.at_edge[p] else ""
            cells = [
                interval_text(result.interval(name, level)) if level in result.confidence_levels else "–"
                for level in levels
            ]
            kind = "with rate" if result.include_rate else "shape"
            rows.append((result.method, kind, name, signed(result.best_fit.theta[p]) + edge, *cells))
    columns = ("method", "kind", "parameter", "best fit", *(percent(level) for level in levels))
    return Table("Best fits and intervals (other parameters profiled)", columns, tuple(rows))


def interval_text(interval: Interval) -> str:
    """Return an interval as text; an end at the edge of the grid is marked as open."""
    if not interval.segments:
        return "empty"
    parts = []
    for segment in interval.segments:
        low = f"(< {signed(segment.lower)}" if segment.lower_at_edge else f"[{signed(segment.lower)}"
        high = f"> {signed(segment.upper)})" if segment.upper_at_edge else f"{signed(segment.upper)}]"
        parts.append(f"{low}, {high}")
    return " ∪ ".join(parts)


def fisher_table(results: Sequence[FisherResult]) -> Table:
    """Tabulate the information matrices with their errors, and the least standard deviations that they allow."""
    names = results[0].parameters
    pairs = [(i, j) for i in range(len(names)) for j in range(i, len(names))]
    rows = []
    for result in results:
        values = [with_error(float(result.information[i, j]), float(result.errors[i, j])) for i, j in pairs]
        bias = [significant(float(result.bias[i, i]), 2) if result.bias[i, i] else "–" for i in range(len(names))]
        kind = "with rate" if result.include_rate else "shape"
        method = f"{result.method} (upper bound)" if result.parton_level else result.method
        rows.append((method, kind, *values, *_deviations(result), *bias))
    columns = (
        "method",
        "kind",
        *(f"I({names[i]}, {names[j]})" for i, j in pairs),
        *(f"σ({name})" for name in names),
        *(f"bias of I({name}, {name})" for name in names),
    )
    theta = ", ".join(f"{name} = {value:g}" for name, value in zip(names, results[0].theta, strict=True))
    return Table(
        f"Fisher information at {theta} for {results[0].luminosity:g} fb⁻¹; σ: all parameters free",
        columns,
        tuple(rows),
    )


def _deviations(result: FisherResult) -> list[str]:
    values = np.linalg.eigvalsh(result.information)
    if not values[0] > 1e-10 * values[-1]:
        return ["blind"] * len(result.parameters)
    return [significant(float(np.sqrt(v)), 3) for v in np.diag(np.linalg.inv(result.information))]
