"""The report's section on the morphing: how well the benchmarks determine all other parameter points."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from assay.events.pool import EventPool
from assay.reporting.content import Picture, Section, Table
from assay.reporting.figures.basis import basis_weights, morphing_weights
from assay.reporting.figures.plane import effective_sizes, morphing_line, morphing_plane
from assay.reporting.gallery import Columns, Gallery
from assay.reporting.numbers import count, significant
from assay.reporting.run import RunResults
from assay.reporting.sections import parameter_labels
from assay.theory.finite_differences import FiniteDifferences

_MOST_PLANES = 10


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
        title = f"Squared morphing weights: {pair[0]} and {pair[1]}"
        others = _OTHERS if space.n_parameters > len(pair) else ""
        name, numbers = f"morphing_{pair[0]}_{pair[1]}", _weights_over(results, pair)
        pictures.append(gallery.add(name, figure, title, _MORPHING_CAPTION + others, numbers=numbers))
        pictures.append(_effective_sizes(results, pool, pair, gallery, warnings))
        figure = morphing_weights(space, morphing, pair, labels)
        title = f"Morphing weights one by one: {pair[0]} and {pair[1]}"
        name = f"morphing_weights_{pair[0]}_{pair[1]}"
        pictures.append(gallery.add(name, figure, title, _ONE_BY_ONE + others, numbers=numbers, wide=True))
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
        tables=(Table("Morphing basis", ("quantity", "value"), facts),),
        pictures=tuple(pictures),
    )


_MORPHING_CAPTION = (
    "Sum of the squared benchmark weights over the parameters' range: where it is large, fluctuations of the "
    "simulated samples are amplified. Dots: benchmarks."
)
_ONE_BY_ONE = (
    "Weight of every benchmark of the basis: one at its own point (dot), zero at all others; an event's weight at a "
    "parameter point is the sum of its benchmark weights times these. Colour: logarithmic beyond one."
)
_OTHERS = " Parameters that are not shown are at the reference."
_FEW_EFFECTIVE = 0.1
_EFFECTIVE_POINTS = 31


def _weights_over(results: RunResults, pair: tuple[str, str]) -> Columns:
    """Return the weight of every benchmark and their squared sum on a grid over the parameters' range."""
    space, morphing = results.table.space, results.table.morphing
    i, j = space.names.index(pair[0]), space.names.index(pair[1])
    x, y = (np.linspace(space.ranges[p, 0], space.ranges[p, 1], _EFFECTIVE_POINTS) for p in (i, j))
    weights = basis_weights(morphing, x, y, (i, j), space.reference_values).reshape(len(x) * len(y), -1)
    first, second = (values.ravel() for values in np.meshgrid(x, y, indexing="ij"))
    names = zip(space.benchmark_names, weights.T, strict=True)
    squares = (weights**2).sum(axis=1)
    return {pair[0]: first, pair[1]: second, "sum_of_squares": squares, **{f"w_{name}": w for name, w in names}}


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
        numbers={pair[0]: theta[:, i], pair[1]: theta[:, j], "effective_events": sizes.ravel()},
    )
