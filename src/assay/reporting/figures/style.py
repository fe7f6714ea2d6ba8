"""How all figures look: the field's style, colours that colour-blind readers can tell apart, and how figures are saved.

Methods are told apart by colour and by line style or marker, so that a figure also works without colour.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec

import matplotlib as mpl
import mplhep
import numpy as np
from cycler import cycler
from matplotlib.artist import Artist
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from assay.files import atomic_path

P = ParamSpec("P")

# Okabe and Ito's palette without its yellow, which vanishes on white
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C510A", "#666666")
LINE_STYLES = ("-", "--", "-.", (0, (1, 1)), (0, (5, 1, 1, 1, 1, 1)), (0, (8, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
SEQUENTIAL = "cividis"
LIGHT = LinearSegmentedColormap.from_list("assay light blues", mpl.colormaps["Blues"](np.linspace(0.0, 0.6, 256)))
DIVERGING = "RdBu_r"
_STYLE: dict[str, Any] = {
    **{key: value for key, value in mplhep.style.ATLAS.items() if key != "axes.prop_cycle"},
    "axes.autolimit_mode": "data",
    "axes.formatter.limits": (-3, 4),
    "axes.formatter.use_mathtext": False,  # setting every tick label as mathematics takes most of the drawing time
    "axes.labelpad": 4,
    "axes.labelsize": 12,
    "axes.prop_cycle": cycler(color=PALETTE),
    "axes.titlesize": 12,
    "axes.unicode_minus": True,
    "figure.dpi": 100,
    "font.size": 11,
    "legend.borderpad": 0.3,
    "legend.fontsize": 10,
    "legend.title_fontsize": 10,
    "lines.linewidth": 1.6,
    "lines.markersize": 6,
    "mathtext.fallback": "cm",
    "pdf.fonttype": 42,
    "xtick.labelsize": 10,
    "xtick.major.size": 6,
    "ytick.labelsize": 10,
    "ytick.major.size": 6,
    "ytick.minor.size": 3,
}
_PARSER = MathTextParser("path")


@dataclass(frozen=True)
class AxisLabel:
    """What stands on an axis: the name, its LaTeX (without dollar signs), and the unit.

    `named`: whether the name stands beside the LaTeX, as for parameters, which texts and tables call by their names.
    """

    name: str
    latex: str = ""
    unit: str = ""
    named: bool = False

    @property
    def symbol(self) -> str:
        """The LaTeX if there is any that can be set, otherwise the name."""
        return math(self.latex) or plain(self.name)

    @property
    def text(self) -> str:
        """Symbol and unit, after the name if that is wanted."""
        text = f"{plain(self.name)} = {self.symbol}" if self.named and math(self.latex) else self.symbol
        return f"{text} [{plain(self.unit)}]" if self.unit else text


def math(latex: str) -> str:
    """Return LaTeX between dollar signs, or nothing if it is empty or cannot be set."""
    if not latex or "$" in latex:
        return ""
    try:
        _PARSER.parse(f"${latex}$")
    except ValueError:
        return ""
    return f"${latex}$"


def plain(text: str) -> str:
    """Return text in which dollar signs are no mathematics."""
    return text.replace("$", r"\$")


def styled(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Draw in this style, whatever the caller's settings are."""

    @functools.wraps(draw)
    def inner(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(_STYLE):
            return draw(*args, **kwargs)

    return inner


def new_figure(width: float = 6.4, height: float = 4.8) -> Figure:
    """Return an empty figure (size in inches) that no global state knows of, and that fits its parts together."""
    return Figure(figsize=(width, height), layout="constrained")


def legend_above(figure: Figure, handles: Sequence[Artist], title: str, columns: int = 3) -> None:
    """Put a legend above all axes, where it covers no data and takes no width."""
    figure.legend(handles=list(handles), loc="outside upper center", ncols=columns, title=title, columnspacing=1.4)


def colour(index: int) -> str:
    """Return the colour of the method or benchmark at an index; they repeat after nine."""
    return PALETTE[index % len(PALETTE)]


def line_style(index: int) -> Any:
    """Return a line style, with a period other than the colours'."""
    return LINE_STYLES[index % len(LINE_STYLES)]


def marker(index: int) -> str:
    """Return a marker."""
    return MARKERS[index % len(MARKERS)]


def percent(confidence: float) -> str:
    """Return a confidence level as text: 0.68 is "68 % CL"."""
    return f"{100 * confidence:g} % CL"


def save(figure: Figure, folder: Path, name: str, formats: Sequence[str] = ("png", "pdf")) -> tuple[Path, ...]:
    """Write a figure in several formats; return the paths, in their order."""
    paths = []
    with mpl.rc_context(_STYLE):
        _lay_out(figure)

        for kind in formats:
            path = folder / f"{name}.{kind}"
            # no date in the file: the same figure is the same file
            metadata: dict[str, Any] = {"CreationDate": None} if kind == "pdf" else {"Software": "assay"}
            with atomic_path(path) as temporary:
                figure.savefig(temporary, format=kind, dpi=150, metadata=metadata)
            paths.append(path)
    return tuple(paths)


def _lay_out(figure: Figure) -> None:
    """Find the places of all parts once, not for every format anew."""
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        # None, not "none": a placeholder would have Matplotlib draw every figure twice
        figure.set_layout_engine(None)
