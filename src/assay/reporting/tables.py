"""Tables of the report, from results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from assay.estimators.scan import Trial
from assay.events.partition import Partition
from assay.events.pool import EventPool
from assay.events.samples import cross_section_of_regions
from assay.events.table import CutFlowRow, EventTable
from assay.inference.information import FisherResult
from assay.inference.profiles import Interval
from assay.inference.results import LimitResult
from assay.manifest import Manifest
from assay.reporting.content import Table
from assay.reporting.figures.style import percent
from assay.reporting.numbers import count, duration, signed, significant, with_error
from assay.reporting.run import RunResults
from assay.study.training_jobs import method_of_job

_PB_TO_FB = 1000.0
_SEEN = 3.0


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
    values, errors = pool.cross_section(table.space.benchmark_values)
    rows = []
    for benchmark, value, error in zip(table.space.benchmarks, values, errors, strict=True):
        runs = [sample for sample in table.samples if sample.benchmark == benchmark.name]
        before = "not generated"
        if runs:
            total, error_of_total = cross_section_of_regions(runs)
            before = with_error(_PB_TO_FB * total, _PB_TO_FB * error_of_total)
        after = with_error(_PB_TO_FB * value, _PB_TO_FB * error)
        point = tuple(significant(theta, 3) for theta in benchmark.values)
        rows.append((benchmark.name, *point, before, after, significant(_PB_TO_FB * value * luminosity, 4)))
    columns = ("benchmark", *table.space.names, "generated [fb]", "after cuts [fb]", "events expected")
    caption = (
        "Cross sections at the benchmarks: as generated (from the benchmark's own events), and after all cuts (from "
        f"the events of all samples); events expected after cuts for {luminosity:g} fb⁻¹"
    )
    return Table(caption, columns, tuple(rows))


def sample_table(table: EventTable, pool: EventPool) -> Table:
    """Tabulate how many events each benchmark's sample has, and how many all samples together are worth there."""
    names = [None if sample.benchmark is None else sample.benchmark for sample in table.samples]
    after = np.bincount(table.sample_index, minlength=len(names)) if len(names) else np.zeros(0, dtype=np.int64)
    sizes = pool.effective_sample_size(table.space.benchmark_values)
    rows = []
    for benchmark, size in zip(table.space.benchmark_names, sizes, strict=True):
        own = [n for n, name in enumerate(names) if name == benchmark]
        generated = sum(table.samples[n].n_generated for n in own)
        rows.append((benchmark, count(generated), count(after[own].sum()), count(size)))
    generated, left = sum(sample.n_generated for sample in table.samples), table.n_events
    rows.append(("all", count(generated), count(left), "–"))
    caption = "Sample sizes; effective: unweighted events that all samples together are worth at the benchmark"
    return Table(caption, ("sample", "generated", "after cuts", "effective"), tuple(rows))


def partition_table(pool: EventPool, draws: Mapping[Partition, int]) -> Table:
    """Tabulate what the simulated events are used for, and how many augmented samples are drawn from them."""
    uses = {Partition.TRAIN: "training", Partition.VALIDATION: "validation", Partition.TEST: "test and limits"}
    reference = pool.space.reference_values[None, :]
    rows = []
    for partition, use in uses.items():
        part = pool.select(partition)
        size = float(part.effective_sample_size(reference)[0])
        rows.append((use, count(part.n_events), count(size), count(draws[partition])))
    caption = "Use of the simulated events: no event serves two purposes"
    columns = ("use", "simulated events", f"effective at {pool.space.reference}", "augmented samples drawn")
    return Table(caption, columns, tuple(rows))


def cut_flow_table(rows: Sequence[CutFlowRow]) -> Table:
    """Tabulate events and cross section that each step leaves of each sample."""
    samples, steps = cut_flow_names(rows)
    found = {(row.sample, row.step): row for row in rows}
    lines = []
    for step in steps:
        cells = []
        for sample in samples:
            row = found.get((sample, step))
            cells.append(
                "–" if row is None else f"{count(row.n_events)} ({significant(_PB_TO_FB * row.cross_section, 4)})"
            )
        lines.append((step, *cells))
    caption = "Cut flow: events (cross section in fb) that each step leaves, at each sample's own benchmark"
    return Table(caption, ("step", *samples), tuple(lines))


def cut_flow_names(rows: Sequence[CutFlowRow]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the samples and the steps of a cut flow, in order of appearance."""
    return tuple(dict.fromkeys(row.sample for row in rows)), tuple(dict.fromkeys(row.step for row in rows))


def training_table(results: RunResults) -> Table:
    """Tabulate how each training went, and what it learnt from."""
    rows = []
    for job, history in results.trainings.items():
        best = history.best
        losses = (significant(best.train_loss, 5), significant(best.validation_loss, 5))
        stopped = "yes" if history.stopped_early else "no"
        source = _source(results, job)
        rows.append((job, source, str(len(history.records)), stopped, str(history.best_epoch), *losses))
    columns = ("training", "samples", "epochs", "stopped early", "epoch kept", "training loss", "validation loss")
    return Table("Trainings; losses of different methods cannot be compared", columns, tuple(rows))


def _source(results: RunResults, job: str) -> str:
    """Say whether a training drew its samples afresh in every epoch."""
    method = results.study.methods.get(method_of_job(job))
    training = getattr(method, "training", None) or results.study.training
    return "fresh every epoch" if training.source == "streaming" else "stored"


def scan_tables(results: RunResults) -> tuple[Table, ...]:
    """Tabulate the trials of every method's scan, the best first."""
    by_method: dict[str, list[Trial]] = {}
    for job, trials in results.trials.items():
        by_method.setdefault(method_of_job(job), []).extend(trials)
    return tuple(_scan_table(method, trials) for method, trials in by_method.items())


def _scan_table(method: str, trials: Sequence[Trial]) -> Table:
    names = list(trials[0].values)
    rows = tuple(
        (
            str(trial.number + 1),
            *(f"{trial.values[name]}" for name in names),
            trial.error or significant(trial.validation_loss, 5),
            str(trial.best_epoch),
            duration(trial.seconds),
        )
        for trial in sorted(trials, key=lambda trial: trial.validation_loss)
    )
    columns = ("trial", *names, "validation loss", "epoch kept", "time")
    return Table(f"Scan of {method}, best first: the first is what limits are from", columns, rows)


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
    columns = ("method", "data used", "parameter", "best fit", *(percent(level) for level in levels))
    return Table("Best fits and intervals (other parameters profiled)", columns, tuple(rows))


def ensemble_table(results: Sequence[LimitResult]) -> Table | None:
    """Tabulate by how much the ends of intervals differ between an ensemble's members; None without ensembles."""
    rows = []
    for result in results:
        if result.ensemble is None:
            continue
        kind = "with rate" if result.include_rate else "shape"
        ends = zip(result.intervals, result.ensemble.lower, result.ensemble.upper, strict=True)
        for interval, low, high in ends:
            spreads = ["open" if value is None else significant(value, 2) for value in (low, high)]
            members = str(result.ensemble.n_members)
            rows.append(
                (result.method, kind, members, interval.parameter, percent(interval.confidence_level), *spreads)
            )
    columns = ("method", "data used", "members", "parameter", "interval", "spread of lower end", "spread of upper end")
    return Table("Ensembles: standard deviation of the ends over members", columns, tuple(rows)) if rows else None


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
    """Tabulate the information matrices less their biases, with errors, and the standard deviations they allow."""
    names = results[0].parameters
    pairs = [(i, j) for i in range(len(names)) for j in range(i, len(names))]
    rows = []
    for result in results:
        values = [information_text(result, i, j) for i, j in pairs]
        kind = "with rate" if result.include_rate else "shape"
        method = f"{result.method} (upper bound)" if result.parton_level else result.method
        rows.append((method, kind, *values, *_deviations(result)))
    columns = (
        "method",
        "data used",
        *(f"I({names[i]}, {names[j]})" for i, j in pairs),
        *(f"σ({name})" for name in names),
    )
    theta = ", ".join(f"{name} = {value:g}" for name, value in zip(names, results[0].theta, strict=True))
    return Table(
        f"Fisher information at {theta} for {results[0].luminosity:g} fb⁻¹, bias subtracted; σ: smallest standard "
        "deviation, other parameters free where the method sees them",
        columns,
        tuple(rows),
    )


def information_text(result: FisherResult, i: int, j: int) -> str:
    """Return an element of the information with its error; on the diagonal nothing is below zero."""
    value, error, bias = (float(matrix[i, j]) for matrix in (result.corrected, result.errors, result.bias))
    if value > 0 or i != j:
        return with_error(value, error)
    # less was found than noise gives on average, which is then all that is known
    return f"0 ± {significant(max(error, abs(bias)), 2)}"


def _deviations(result: FisherResult) -> list[str]:
    """Return standard deviations; "blind" where no information is seen by three standard deviations."""
    diagonal, errors = np.diag(result.corrected), np.diag(result.errors)
    seen = np.flatnonzero((diagonal > 0) & (diagonal > _SEEN * errors))
    texts = ["blind"] * len(diagonal)
    if seen.size:
        matrix = result.corrected[np.ix_(seen, seen)]
        values = np.linalg.eigvalsh(matrix)
        if values[0] > 1e-10 * values[-1]:
            for place, variance in zip(seen, np.diag(np.linalg.inv(matrix)), strict=True):
                texts[place] = significant(float(np.sqrt(variance)), 3)
    return texts
