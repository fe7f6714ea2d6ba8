"""The report's sections on events: what was run, what was generated, how it is distributed, what the morphing does."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from assay.events.pool import EventPool
from assay.reporting.content import Picture, Section, Table
from assay.reporting.figures.correlation import correlation_matrix
from assay.reporting.figures.cutflow import cut_flow_bars
from assay.reporting.figures.distributions import distribution
from assay.reporting.figures.plane import effective_sizes, morphing_line, morphing_plane
from assay.reporting.figures.stages import stage_times
from assay.reporting.figures.style import AxisLabel
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import duration, significant
from assay.reporting.run import RunResults
from assay.reporting.tables import by_stage, cross_section_table, cut_flow_names, cut_flow_table, stage_table

_MOST_HYPOTHESES = 6
_MOST_PLANES = 10


def parameter_labels(results: RunResults) -> dict[str, AxisLabel]:
    """Return the parameters' labels."""
    return {name: AxisLabel(name, section.label or "") for name, section in results.study.parameters.items()}


def observable_labels(results: RunResults) -> dict[str, AxisLabel]:
    """Return the observables' labels, as the event file has them."""
    return {info.name: AxisLabel(info.name, info.label, info.unit) for info in results.table.observables}


def stages_section(results: RunResults, gallery: Gallery) -> Section:
    """Say which stages ran, in how many jobs, and how long they took."""
    manifests = results.manifests
    if not manifests:
        return Section("Stages", "stages", text="No manifests were given.")
    grouped = by_stage(manifests)
    times = [sum(job.wall_time for job in jobs) for jobs in grouped.values()]
    counts = [len(jobs) for jobs in grouped.values()]
    picture = gallery.add(
        "stages",
        stage_times(tuple(grouped), times, counts),
        "Time of each stage",
        f"Wall times summed over jobs, {duration(sum(times))} in all; jobs of a stage run side by side where they can.",
    )
    return Section("Stages", "stages", tables=(stage_table(manifests),), pictures=(picture,))


def events_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Give cross sections with errors, and the cut flow."""
    table = results.table
    tables = [cross_section_table(table, pool, results.study.luminosity)]
    pictures: tuple[Picture, ...] = ()
    if table.cut_flow:
        tables.append(cut_flow_table(table.cut_flow))
        pictures = (_cut_flow_picture(results, gallery),)
    text = (
        f"{table.n_events} events are left after all cuts. Every event carries a weight at each of the "
        f"{len(table.space.benchmarks)} benchmarks; the events of all samples are used together at every parameter "
        "point (deterministic-mixture weights)."
    )
    return Section("Events and cross sections", "events", text, tables=tuple(tables), pictures=pictures)


def _cut_flow_picture(results: RunResults, gallery: Gallery) -> Picture:
    rows = results.table.cut_flow
    samples, steps = cut_flow_names(rows)
    left = np.full((len(steps), len(samples)), np.nan)
    for row in rows:
        left[steps.index(row.step), samples.index(row.sample)] = row.cross_section
    with np.errstate(invalid="ignore", divide="ignore"):
        shares = left / left[0]
    return gallery.add(
        "cut_flow",
        cut_flow_bars(steps, shares, samples),
        "Cut flow",
        "Share of the generated cross section that each step of the selection leaves, at each sample's own benchmark.",
    )


def morphing_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Show how well the benchmarks determine all other parameter points."""
    space, morphing, labels = results.table.space, results.table.morphing, parameter_labels(results)
    facts = (
        ("components", str(len(morphing.components))),
        ("benchmarks", str(len(space.benchmarks))),
        ("condition number", significant(morphing.condition_number, 4)),
        ("mean of the squared weights over the range", significant(morphing.expected_squared_weights(space.ranges), 4)),
    )
    pictures: list[Picture] = []
    if space.n_parameters == 1:
        name = space.names[0]
        pictures.append(
            gallery.add(
                "morphing", morphing_line(space, morphing, name, labels[name]), "Morphing weights", _MORPHING_CAPTION
            )
        )
    for pair in list(combinations(space.names, 2))[:_MOST_PLANES]:
        figure = morphing_plane(space, morphing, pair, labels)
        title = f"Morphing weights: {pair[0]} and {pair[1]}"
        pictures.append(gallery.add(f"morphing_{pair[0]}_{pair[1]}", figure, title, _MORPHING_CAPTION))
        pictures.append(_effective_sizes(results, pool, pair, gallery))
    return Section(
        "Morphing",
        "morphing",
        "The cross section is a polynomial in the parameters, which the benchmarks determine.",
        tables=(Table("Morphing basis", ("", "value"), facts),),
        pictures=tuple(pictures),
    )


_MORPHING_CAPTION = (
    "Sum of the squared benchmark weights: where it is large, fluctuations of the simulated samples are amplified. "
    "Parameters that are not shown are at the reference."
)
_EFFECTIVE_POINTS = 31


def _effective_sizes(results: RunResults, pool: EventPool, pair: tuple[str, str], gallery: Gallery) -> Picture:
    space = results.table.space
    i, j = space.names.index(pair[0]), space.names.index(pair[1])
    grid = results.limits[0].axes
    x, y = (np.linspace(grid[p][0], grid[p][-1], _EFFECTIVE_POINTS) for p in (i, j))
    theta = np.tile(space.reference_values, (len(x) * len(y), 1))
    theta[:, i], theta[:, j] = (values.ravel() for values in np.meshgrid(x, y, indexing="ij"))
    sizes = pool.effective_sample_size(theta).reshape(len(x), len(y))
    return gallery.add(
        f"effective_events_{pair[0]}_{pair[1]}",
        effective_sizes((x, y), sizes, pair, parameter_labels(results)),
        f"Effective events: {pair[0]} and {pair[1]}",
        f"Number of unweighted events that all {pool.n_events} simulated ones are worth, over the grid of the limits; "
        f"the least is {sizes.min():.0f}.",
    )


def observables_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Draw every observable at several benchmarks, and the correlations."""
    space, labels = results.table.space, observable_labels(results)
    reference = space.index_of(space.reference)
    shown = [reference, *(b for b in range(len(space.benchmarks)) if b != reference)][:_MOST_HYPOTHESES]
    weights = pool.event_weights(space.benchmark_values[shown])
    names = [_hypothesis(results, b) for b in shown]
    pictures = []
    for column, (name, label) in enumerate(labels.items()):
        figure = distribution(pool.x[:, column], weights, names, label)
        info = results.table.observables[column]
        caption = f"{name} = {info.definition}. Lower panel: ratio to {names[0]}."
        pictures.append(gallery.add(f"distribution_{name}", figure, name, caption))
    matrix = correlation_matrix(pool.x, weights[:, 0], tuple(labels.values()), space.reference)
    caption = f"Linear correlations of the observables at {space.reference}."
    pictures.append(gallery.add("correlations", matrix, "Correlations", caption))
    return Section("Observables", "observables", "After all cuts.", pictures=tuple(pictures))


def _hypothesis(results: RunResults, benchmark: int) -> str:
    found = results.table.space.benchmarks[benchmark]
    return f"{found.name} ({', '.join(f'{value:.3g}' for value in found.values)})"
