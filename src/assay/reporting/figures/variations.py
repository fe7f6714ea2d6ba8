"""Distributions with systematic uncertainties: the nominal one, its band, and every effect as a ratio."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.distributions import histograms
from assay.reporting.figures.style import AxisLabel, colour, legend_above, line_style, new_figure, plain, styled

Array = NDArray[np.float64]
_MOST = 5


@dataclass(frozen=True)
class VariedHistogram:
    """A histogram with what one standard deviation of every nuisance parameter changes.

    Parameters
    ----------
    edges
        (n + 1,).
    nominal, simulation
        Cross section per unit and its error of finite simulation, fb, (n,).
    ratios
        By nuisance parameter: varied up and down over nominal, (2, n); NaN where the nominal is empty.
    up, down
        Ratios of the ends of the band: all effects added in quadrature, (n,).
    """

    edges: Array
    nominal: Array
    simulation: Array
    ratios: Mapping[str, Array]
    up: Array
    down: Array


def varied_histogram(
    x: ArrayLike, nominal: ArrayLike, varied: Mapping[str, tuple[ArrayLike, ArrayLike]], edges: ArrayLike
) -> VariedHistogram:
    """Histogram x (E,) with nominal weights (E,) in pb and those with each nuisance parameter one sigma up and down."""
    columns = [np.asarray(nominal), *(np.asarray(one) for pair in varied.values() for one in pair)]
    found = histograms(x, np.stack(columns, axis=1), edges)
    ratios = {name: found.ratios[1 + 2 * k : 3 + 2 * k] for k, name in enumerate(varied)}
    moves = np.stack([pair - 1.0 for pair in ratios.values()]) if ratios else np.zeros((1, 2, len(found.edges) - 1))
    highest, lowest = np.maximum(moves.max(axis=1), 0.0), np.minimum(moves.min(axis=1), 0.0)
    up, down = 1.0 + np.sqrt((highest**2).sum(axis=0)), 1.0 - np.sqrt((lowest**2).sum(axis=0))
    return VariedHistogram(found.edges, found.values[0], found.errors[0], ratios, up, down)


@styled
def distribution_with_systematics(found: VariedHistogram, axis: AxisLabel, hypothesis: str) -> Figure:
    """Draw the distribution with the band of all systematic uncertainties, and the largest of them as ratios."""
    figure = new_figure(6.4, 6.2)
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.6))
    edges = found.edges
    band = {"step": "post", "color": colour(0), "alpha": 0.25, "lw": 0}
    top, bottom = (found.nominal * np.nan_to_num(one, nan=1.0) for one in (found.up, found.down))
    upper.fill_between(edges, _closed(bottom), _closed(top), label="all systematic uncertainties", **band)
    upper.stairs(found.nominal, edges, color="black", label=plain(hypothesis))
    middle = 0.5 * (edges[1:] + edges[:-1])
    upper.errorbar(middle, found.nominal, found.simulation, fmt="none", color="black", label="simulation uncertainty")
    upper.set_ylim(0.0, 1.1 * float(max(top.max(), found.nominal.max())) or 1.0)
    upper.set_ylabel(rf"d$\sigma$ / d{axis.symbol} [{plain(f'fb / {axis.unit}' if axis.unit else 'fb')}]")
    up, down = (np.nan_to_num(one, nan=1.0) for one in (found.up, found.down))
    lower.fill_between(edges, _closed(down), _closed(up), **band)
    for k, name in enumerate(largest(found)):
        for direction, ratio in enumerate(found.ratios[name]):
            label = plain(name) if direction == 0 else None
            lower.stairs(ratio, edges, color=colour(k + 1), linestyle=line_style(k), label=label, linewidth=1.2)
    lower.axhline(1.0, color="black", lw=0.8)
    reach = 1.3 * float(max(np.max(up - 1.0), np.max(1.0 - down), 1e-3))
    lower.set_ylim(1.0 - reach, 1.0 + reach)
    lower.set_ylabel("one \N{GREEK SMALL LETTER SIGMA} / nominal")
    lower.set_xlabel(axis.text)
    upper.set_xlim(edges[0], edges[-1])
    handles = [*upper.get_legend_handles_labels()[0], *lower.get_legend_handles_labels()[0]]
    legend_above(figure, handles, "")
    return figure


def largest(found: VariedHistogram) -> tuple[str, ...]:
    """Return the nuisance parameters that move the distribution most, at most five, the first most."""
    weights = found.nominal / (found.nominal.sum() or 1.0)
    moved = {name: float(np.nansum(np.abs(pair - 1.0) * weights)) for name, pair in found.ratios.items()}
    return tuple(sorted(moved, key=moved.__getitem__, reverse=True)[:_MOST])


def _closed(values: Array) -> Array:
    return np.append(values, values[-1])
