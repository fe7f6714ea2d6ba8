"""Quantities over a plane of two parameters (or along one): the morphing's squared weights, effective sample sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import LIGHT, AxisLabel, colour, new_figure, plain, styled
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

Array = NDArray[np.float64]
Range = tuple[float, float]
_POINTS = 121
_WIDE = 10.0


def squared_weights(morphing: Morphing, x: ArrayLike, y: ArrayLike, pair: tuple[int, int], at: ArrayLike) -> Array:
    """Return sum_b w_b(theta)^2 over x (n,) and y (m,), (n, m); parameters other than `pair` are as in `at` (P,)."""
    first, second = np.meshgrid(np.asarray(x), np.asarray(y), indexing="ij")
    theta = np.broadcast_to(np.asarray(at, dtype=np.float64), (*first.shape, len(np.asarray(at)))).copy()
    theta[..., pair[0]], theta[..., pair[1]] = first, second
    sums: Array = (morphing.weights(theta) ** 2).sum(axis=-1)
    return sums


@styled
def morphing_plane(
    space: ParameterSpace,
    morphing: Morphing,
    pair: tuple[str, str],
    labels: Mapping[str, AxisLabel] | None = None,
    box: tuple[Range, Range] | None = None,
) -> Figure:
    """Draw the sum of squared morphing weights over a pair of parameters and the benchmarks' positions in it.

    Where the sum is large, small fluctuations of the benchmarks' samples become large ones of the morphed sample.
    Parameters outside the pair are at the reference. A `box`, the grid of the limits, is outlined.
    """
    i, j = space.names.index(pair[0]), space.names.index(pair[1])
    x, y = (np.linspace(space.ranges[p, 0], space.ranges[p, 1], _POINTS) for p in (i, j))
    values = squared_weights(morphing, x, y, (i, j), space.reference_values)
    figure = new_figure(6.8, 5.2)
    axes = figure.subplots()
    _draw(figure, axes, x, y, values, r"$\sum_b w_b(\theta)^2$")
    if box is not None:
        (left, right), (bottom, top) = box
        axes.add_patch(Rectangle((left, bottom), right - left, top - bottom, fill=False, ls="--", lw=1.3, label="grid"))
        axes.annotate("grid of limits", (left, top), (4, -4), textcoords="offset points", va="top", fontsize=9)
    _mark_benchmarks(axes, space, i, j)
    _name(axes, pair, labels or {})
    return figure


@styled
def morphing_line(space: ParameterSpace, morphing: Morphing, parameter: str, label: AxisLabel | None = None) -> Figure:
    """Draw the sum of squared morphing weights along one parameter, others at the reference."""
    p = space.names.index(parameter)
    x = np.linspace(space.ranges[p, 0], space.ranges[p, 1], 4 * _POINTS)
    theta = np.tile(space.reference_values, (len(x), 1))
    theta[:, p] = x
    figure = new_figure(6.4, 4.2)
    axes = figure.subplots()
    axes.plot(x, (morphing.weights(theta) ** 2).sum(axis=-1), color=colour(0))
    for value in space.benchmark_values[:, p]:
        axes.axvline(value, color=colour(1), linestyle=":", linewidth=1)
    axes.set_xlabel((label or AxisLabel(parameter)).text)
    axes.set_ylabel(r"$\sum_b w_b(\theta)^2$ (dotted: benchmarks)")
    axes.set_yscale("log")
    return figure


@styled
def effective_sizes(
    axes_values: Sequence[ArrayLike],
    sizes: ArrayLike,
    pair: tuple[str, str],
    labels: Mapping[str, AxisLabel] | None = None,
) -> Figure:
    """Draw the effective number of simulated events over a pair of parameters.

    Parameters
    ----------
    axes_values
        Values of the two parameters, (n,) and (m,).
    sizes
        (n, m), sizes[i, j] belonging to the i-th value of the first and the j-th of the second parameter.
    pair
        Their names.
    labels
        Of the parameters.
    """
    x, y = (np.asarray(values, dtype=np.float64) for values in axes_values)
    figure = new_figure(6.8, 5.2)
    axes = figure.subplots()
    _draw(figure, axes, x, y, np.asarray(sizes, dtype=np.float64), "effective number of simulated events")
    _name(axes, pair, labels or {})
    return figure


def _draw(figure: Figure, axes: Axes, x: Array, y: Array, values: Array, label: str) -> None:
    shown = np.ma.masked_where(~(np.isfinite(values) & (values > 0)), values)
    spread = float(shown.max() / shown.min()) if shown.count() else 1.0
    norm = LogNorm(float(shown.min()), float(shown.max())) if spread > _WIDE else None
    mesh = axes.pcolormesh(x, y, shown.T, cmap=LIGHT, norm=norm, shading="gouraud", rasterized=True)
    bar = figure.colorbar(mesh, ax=axes, label=label)
    if norm is None:
        bar.formatter.set_powerlimits((-3, 6))  # type: ignore[attr-defined]


def _mark_benchmarks(axes: Axes, space: ParameterSpace, i: int, j: int) -> None:
    values = space.benchmark_values
    axes.plot(
        values[:, i], values[:, j], "o", color=colour(1), mec="white", ms=8, label="benchmarks", clip_on=False, zorder=5
    )
    (low_x, high_x), (low_y, high_y) = axes.get_xlim(), axes.get_ylim()
    for name, value in zip(space.benchmark_names, values, strict=True):
        left = value[i] > 0.5 * (low_x + high_x)
        below = value[j] > low_y + 0.9 * (high_y - low_y)
        offset = (-7 if left else 7, -7 if below else 7)
        axes.annotate(
            plain(name),
            (value[i], value[j]),
            textcoords="offset points",
            xytext=offset,
            fontsize=9,
            ha="right" if left else "left",
            va="top" if below else "bottom",
            bbox={"boxstyle": "round,pad=0.15", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
        )


def _name(axes: Axes, pair: tuple[str, str], labels: Mapping[str, AxisLabel]) -> None:
    axes.set_xlabel(labels.get(pair[0], AxisLabel(pair[0])).text)
    axes.set_ylabel(labels.get(pair[1], AxisLabel(pair[1])).text)
