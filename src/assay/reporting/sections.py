"""The report's sections on events: what was run, what was generated, how it is distributed, what the morphing does."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from assay.events.partition import Partition
from assay.events.pool import EventPool
from assay.reporting.content import Picture, Section, Table
from assay.reporting.figures.correlation import correlation_matrix
from assay.reporting.figures.cutflow import cut_flow_bars
from assay.reporting.figures.distributions import common_edges, distribution, histograms
from assay.reporting.figures.plane import effective_sizes, morphing_line, morphing_plane
from assay.reporting.figures.stages import stage_times
from assay.reporting.figures.style import AxisLabel
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import count, duration, signed, significant
from assay.reporting.run import RunResults
from assay.reporting.tables import (
    by_stage,
    cross_section_table,
    cut_flow_names,
    cut_flow_table,
    partition_table,
    sample_table,
    stage_table,
)
from assay.theory.finite_differences import FiniteDifferences

_MOST_HYPOTHESES = 6
_MOST_PLANES = 10


def parameter_labels(results: RunResults) -> dict[str, AxisLabel]:
    """Return the parameters' labels."""
    return {
        name: AxisLabel(name, section.label or "", named=True) for name, section in results.study.parameters.items()
    }


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
    text = "Every stage that this report is made from, with its jobs; the drawing of the report itself is not counted."
    return Section("Stages", "stages", text, tables=(stage_table(manifests),), pictures=(picture,))


def events_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Give cross sections with errors, and the cut flow."""
    table = results.table
    sampling = results.study.sampling
    draws = (sampling.train_samples, sampling.validation_samples, sampling.test_samples)
    tables = [
        cross_section_table(table, pool, results.study.luminosity),
        sample_table(table, pool),
        partition_table(pool, dict(zip(Partition, draws, strict=True))),
    ]
    pictures: tuple[Picture, ...] = ()
    if table.cut_flow:
        tables.append(cut_flow_table(table.cut_flow))
        pictures = (_cut_flow_picture(results, gallery),)
    text = (
        f"{count(table.n_events)} events are left after all cuts. Every event carries a weight at each of the "
        f"{len(table.space.benchmarks)} benchmarks; the events of all samples are used together at every parameter "
        "point (deterministic-mixture weights). Errors are statistical, those of the finite simulation; no "
        "uncertainty of the theory is included. “Exists” in the cut flow: the observable is required and can be "
        "computed, such as the momentum of a second jet."
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
        cut_flow_bars(steps, shares),
        "Cut flow",
        "Share of the generated cross section that each step of the selection leaves, at each sample's own benchmark: "
        "mean of the samples (number and bar) and their range (line).",
    )


def morphing_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Show how well the benchmarks determine all other parameter points."""
    space, morphing, labels = results.table.space, results.table.morphing, parameter_labels(results)
    facts = (
        ("terms of the polynomial", str(len(morphing.components))),
        ("benchmarks, and those of them in the basis", f"{len(space.benchmarks)}, {morphing.in_basis.sum()}"),
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
    warnings: list[str] = []
    first = results.limits[0]
    ends = {name: (float(axis[0]), float(axis[-1])) for name, axis in zip(first.parameters, first.axes, strict=True)}
    for pair in list(combinations(space.names, 2))[:_MOST_PLANES]:
        figure = morphing_plane(space, morphing, pair, labels, (ends[pair[0]], ends[pair[1]]))
        title = f"Morphing weights: {pair[0]} and {pair[1]}"
        caption = _MORPHING_CAPTION + (_OTHERS if space.n_parameters > len(pair) else "")
        pictures.append(gallery.add(f"morphing_{pair[0]}_{pair[1]}", figure, title, caption))
        pictures.append(_effective_sizes(results, pool, pair, gallery, warnings))
    text = (
        f"The cross section of every event is a polynomial in the parameters with {len(morphing.components)} terms, "
        f"which its weights at the {len(space.benchmarks)} benchmarks determine; weights anywhere else are sums of "
        "these. The benchmarks are well chosen if the condition number and the squared weights are of order one."
    )
    if isinstance(morphing, FiniteDifferences):
        described = ", ".join(space.names[p] for p in morphing.shifts.parameters)
        text += (
            f" In {described} it is no polynomial: finite differences with epsilon = {morphing.shifts.epsilon:g} "
            "approximate it around the benchmarks of the basis."
        )
    return Section(
        "Morphing",
        "morphing",
        text,
        warnings=tuple(warnings),
        tables=(Table("Morphing basis", ("", "value"), facts),),
        pictures=tuple(pictures),
    )


_MORPHING_CAPTION = (
    "Sum of the squared benchmark weights over the parameters' range: where it is large, fluctuations of the "
    "simulated samples are amplified. Dots: benchmarks."
)
_OTHERS = " Parameters that are not shown are at the reference."
_FEW_EFFECTIVE = 0.1
_EFFECTIVE_POINTS = 31


def _effective_sizes(
    results: RunResults, pool: EventPool, pair: tuple[str, str], gallery: Gallery, warnings: list[str]
) -> Picture:
    space = results.table.space
    i, j = space.names.index(pair[0]), space.names.index(pair[1])
    grid = results.limits[0].axes
    x, y = (np.linspace(grid[p][0], grid[p][-1], _EFFECTIVE_POINTS) for p in (i, j))
    theta = np.tile(space.reference_values, (len(x) * len(y), 1))
    theta[:, i], theta[:, j] = (values.ravel() for values in np.meshgrid(x, y, indexing="ij"))
    sizes = pool.effective_sample_size(theta).reshape(len(x), len(y))
    if sizes.min() < _FEW_EFFECTIVE * pool.n_events:
        warnings.append(
            f"{pair[0]} and {pair[1]}: the {pool.n_events} simulated events are worth only {sizes.min():.0f} at a "
            "point of the grid of the limits; benchmarks closer to it, or more events, would help"
        )
    return gallery.add(
        f"effective_events_{pair[0]}_{pair[1]}",
        effective_sizes((x, y), sizes, pair, parameter_labels(results)),
        f"Effective events: {pair[0]} and {pair[1]}",
        f"Number of unweighted events that all {count(pool.n_events)} simulated ones are worth, over the grid of the "
        f"limits: from {count(sizes.min())} to {count(sizes.max())}.",
    )


def observables_section(results: RunResults, pool: EventPool, gallery: Gallery) -> Section:
    """Draw every observable at several parameter points, and the correlations."""
    space, labels = results.table.space, observable_labels(results)
    names, points = _hypotheses(results)
    weights = pool.event_weights(points)
    pictures = []
    for column, (name, label) in enumerate(labels.items()):
        edges = common_edges(pool.x[:, column], weights)
        figure = distribution(pool.x[:, column], weights, names, label, edges=edges)
        info = results.table.observables[column]
        outside = float(histograms(pool.x[:, column], weights[:, :1], edges).outside[0])
        caption = (
            f"{name} = {info.definition}. Lower panel: ratio to {names[0]}. Outside of the range shown: "
            f"{100.0 * abs(outside):.1f} % of the cross section at {names[0]}."
        )
        pictures.append(gallery.add(f"distribution_{name}", figure, name, caption))
    matrix = correlation_matrix(pool.x, weights[:, 0], tuple(labels.values()), space.reference)
    caption = f"Linear correlations of the observables at {space.reference}."
    pictures.append(gallery.add("correlations", matrix, "Correlations", caption))
    text = (
        f"Differential cross sections after all cuts at {space.reference} and where one parameter alone is at the end "
        "of the grid of the limits; all curves come from the same events, reweighted, so their fluctuations are "
        "correlated, which the errors of the ratios take into account."
    )
    return Section("Observables", "observables", text, pictures=tuple(pictures))


def _hypotheses(results: RunResults) -> tuple[list[str], NDArray[np.float64]]:
    """Return the reference and the ends of the limits' grid along single parameters, as many as can be told apart."""
    space, grid = results.table.space, results.limits[0].axes
    ends = (-1, 0) if 2 * space.n_parameters < _MOST_HYPOTHESES else (-1,)
    names, points = [space.reference], [space.reference_values]
    for p, name in enumerate(space.names):
        for end in ends:
            point = np.array(space.reference_values, dtype=np.float64)
            point[p] = grid[p][end]
            names.append(f"{name} = {signed(point[p], 2)}")
            points.append(point)
    return names[:_MOST_HYPOTHESES], np.stack(points[:_MOST_HYPOTHESES])
