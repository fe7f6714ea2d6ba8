"""The report's sections on events: what was generated and how it is distributed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.events.partition import Partition
from assay.events.pool import EventPool
from assay.reporting.content import Picture, Section
from assay.reporting.figures.correlation import correlation_matrix, correlations
from assay.reporting.figures.cutflow import cut_flow_bars
from assay.reporting.figures.distributions import Histograms, common_edges, distribution, histograms
from assay.reporting.figures.style import AxisLabel
from assay.reporting.gallery import Columns, Gallery
from assay.reporting.informative import information_pictures, varied_pictures
from assay.reporting.numbers import count, signed
from assay.reporting.run import RunResults
from assay.reporting.tables import cross_section_table, cut_flow_names, cut_flow_table, partition_table, sample_table

_MOST_HYPOTHESES = 6


def parameter_labels(results: RunResults) -> dict[str, AxisLabel]:
    """Return the parameters' labels."""
    return {
        name: AxisLabel(name, section.label or "", named=True) for name, section in results.study.parameters.items()
    }


def observable_labels(results: RunResults) -> dict[str, AxisLabel]:
    """Return the observables' labels, as the event file has them."""
    return {info.name: AxisLabel(info.name, info.label, info.unit) for info in results.table.observables}


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
        numbers={"step": steps, **{name: shares[:, n] for n, name in enumerate(samples)}},
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
        drawn = histograms(pool.x[:, column], weights, edges)
        caption = (
            f"{name} = {info.definition}. Lower panel: ratio to {names[0]}. Outside of the range shown: "
            f"{100.0 * abs(float(drawn.outside[0])):.1f} % of the cross section at {names[0]}."
        )
        numbers = _columns(drawn, names)
        pictures.append(
            gallery.add(f"distribution_{name}", figure, name, caption, numbers=numbers, group="Distributions")
        )
    matrix = correlation_matrix(pool.x, weights[:, 0], tuple(labels.values()), space.reference)
    caption = f"Linear correlations of the observables at {space.reference}."
    found = correlations(pool.x, weights[:, 0])
    numbers = {"observable": tuple(labels), **dict(zip(labels, found, strict=True))}
    pictures.append(gallery.add("correlations", matrix, "Correlations", caption, numbers=numbers, group="Correlations"))
    pictures += varied_pictures(results, pool, labels, gallery)
    ranking, informative = information_pictures(results, pool, labels, parameter_labels(results), gallery)
    pictures += informative
    text = (
        f"Differential cross sections after all cuts at {space.reference} and where one parameter alone is at the end "
        "of the grid of the limits; all curves come from the same events, reweighted, so their fluctuations are "
        "correlated, which the errors of the ratios take into account."
    )
    return Section("Observables", "observables", text, tables=(ranking,), pictures=tuple(pictures))


def _columns(drawn: Histograms, names: Sequence[str]) -> Columns:
    """Return what a distribution's figure shows: fb per unit of the observable with errors, and ratios."""
    columns: dict[str, NDArray[np.float64]] = {"low": drawn.edges[:-1], "high": drawn.edges[1:]}
    for h, name in enumerate(names):
        columns |= {name: drawn.values[h], f"error of {name}": drawn.errors[h]}
        columns |= {f"ratio of {name}": drawn.ratios[h], f"error of ratio of {name}": drawn.ratio_errors[h]}
    return columns


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
