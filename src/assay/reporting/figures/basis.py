"""The morphing weights themselves: how much every benchmark of the basis counts at each parameter point."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.colors import SymLogNorm
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from assay.reporting.figures.style import DIVERGING, AxisLabel, colour, new_figure, plain, styled
from assay.theory.morphing import Morphing
from assay.theory.parameters import ParameterSpace

Array = NDArray[np.float64]
_POINTS = 61
_COLUMNS = 3
_MOST = 15


def basis_weights(morphing: Morphing, x: ArrayLike, y: ArrayLike, pair: tuple[int, int], at: ArrayLike) -> Array:
    """Return w_b(theta) over x (n,) and y (m,), (n, m, B); parameters other than `pair` are as in `at` (P,)."""
    first, second = np.meshgrid(np.asarray(x), np.asarray(y), indexing="ij")
    theta = np.broadcast_to(np.asarray(at, dtype=np.float64), (*first.shape, len(np.asarray(at)))).copy()
    theta[..., pair[0]], theta[..., pair[1]] = first, second
    return np.asarray(morphing.weights(theta), dtype=np.float64)


@styled
def morphing_weights(
    space: ParameterSpace,
    morphing: Morphing,
    pair: tuple[str, str],
    labels: Mapping[str, AxisLabel] | None = None,
) -> Figure:
    """Draw the weight of each benchmark of the basis over a pair of parameters, a panel each (at most 15).

    A weight is 1 at its own benchmark (dot) and 0 at all others. Parameters outside the pair are at the reference.
    """
    i, j = space.names.index(pair[0]), space.names.index(pair[1])
    x, y = (np.linspace(space.ranges[p, 0], space.ranges[p, 1], _POINTS) for p in (i, j))
    values = basis_weights(morphing, x, y, (i, j), space.reference_values)
    chosen = [int(b) for b in np.flatnonzero(morphing.in_basis)][:_MOST]
    columns = min(_COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    figure = new_figure(2.9 * columns + 1.1, 2.6 * rows + 0.4)
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True)
    top = max(1.0, float(np.abs(values[..., chosen]).max()))
    norm = SymLogNorm(1.0, vmin=-top, vmax=top)
    names = labels or {}
    for place, b in enumerate(chosen):
        panel = panels[place // columns][place % columns]
        mesh = panel.pcolormesh(x, y, values[..., b].T, cmap=DIVERGING, norm=norm, shading="gouraud", rasterized=True)
        panel.contour(x, y, values[..., b].T, levels=[0.0], colors="0.3", linewidths=0.8)
        panel.plot(*space.benchmark_values[b, [i, j]], "o", color=colour(6), mec="white", ms=7, clip_on=False, zorder=5)
        panel.set_title(plain(space.benchmark_names[b]))
    for place in range(len(chosen), rows * columns):
        panels[place // columns][place % columns].set_axis_off()
    for column in range(columns):
        panels[-1][column].set_xlabel(names.get(pair[0], AxisLabel(pair[0])).text)
    for row in range(rows):
        panels[row][0].set_ylabel(names.get(pair[1], AxisLabel(pair[1])).text)
    figure.colorbar(mesh, ax=panels, label=r"weight $w_b(\theta)$ (grey line: zero)", fraction=0.05, pad=0.02)
    return figure
