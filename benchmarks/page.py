"""docs/benchmarks.md and its figures, from the results of `run_all.py`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

import matplotlib as mpl
import numpy as np
from common import Comparison, Measured
from hot_paths import HotPath, Machine
from scaling import Point, Series

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

T = TypeVar("T")

INTRODUCTION = """# Benchmarks

<!-- written by benchmarks/run_all.py --page; edit benchmarks/page.py instead -->

Assay beside `madminer` 0.9.6 on the same data, in one run, each on one thread, and how Assay's time and memory grow.

    make bench                                # all of it: prints the comparisons, writes runs/benchmarks.json
    make bench PAGE=docs/benchmarks.md        # and this page with its figures
"""

RATIOS = """## Against madminer 0.9.6

Times are of the processor, the median of the repetitions; the ratio is that of the medians, in brackets the smallest
and the largest ratio of single repetitions. "Memory" is by how much the largest resident memory rises during the work.
Each area is measured alone by the program that is named.
"""

NOTES = """What is compared:

- **Sampling**: madminer draws by default from the events of the benchmark that is closest to each hypothesis; ours uses
  the events of all benchmarks, which madminer can be asked for, too. Both write the samples.
- **Training**: two epochs each, validation after every epoch included; then the time to madminer's loss of ten epochs
  with its default settings. Activations are those of each program's defaults.
  ALICES at batch 128 had ratios of 3.8 to 4.2 in three runs. torch's profiler shows why: of 0.54 ms a step, 0.21 ms are
  products of matrices of 128 rows, the rest some sixty small operations, whose start costs more than their work.
- **Limits**: ours with best fit, profiles and intervals, madminer's p-values on the grid. Ratios are interpolated
  between Chebyshev points where a check says that this is accurate; "every point" is without.
- **Observables**: the same expressions of the same LHE events; madminer reads fewer of them, its time is scaled up.
- **Combining**: madminer is the faster one: it holds all events in memory and writes them. Ours reads the files twice,
  checks every block, refuses repeated runs, weights events by all benchmarks' runs and shuffles in bounded memory.
- **Morphing**: madminer takes the best of 100 random sets; ours descends on the exact mean of the squared weights,
  which stands beside each time (less is better).
"""

PROFILES = """## Hot paths and their limits

Each path was profiled. The limit is measured on the same machine in the same run; the distance is the
path's time over that of the limit alone, for the same arithmetic or the same bytes. Functions are those with the
largest shares of the profile, without what they call.
"""

GROWTH = """## How it grows

Time of the processor (solid) and growth of resident memory (dashed) by the number that is varied. "Power" is that of
the number with which time grows over the last two points: 1 is linear.
"""

OTHERS = (
    ("contours from few evaluations, beside full grids", "adaptive_contours", "beyond-asymptotics.md"),
    ("training from samples larger than memory", "memory_mapped", "training.md"),
    ("training from stored samples and from streams", "streaming", "augmented-data.md"),
    ("combining ten million events in little memory", "combine_memory", "event-files.md"),
    ("effective sample sizes, three ways to pool events", "effective_sample_size", "event-files.md"),
    ("generating, beside MadGraph", "generation", "madgraph.md"),
    ("the detector, beside a loop over particles", "detector", "simulation.md"),
    ("steps and batches in the workflow engine", "fan_out", "scale.md"),
    ("methods on the Galton board", "galton", "truth-problems.md"),
    ("methods on WBF at parton level", "wbf_parton_level", "wbf-parton-level.md"),
)
"""Programs that are no part of the run, and where their figures are."""


@dataclass(frozen=True)
class Results:
    """All that a run of the benchmarks gives.

    Attributes
    ----------
    machine
        Description.
    rates
        The machine's limits.
    comparisons, hot_paths, growth
        With madminer; profiles; how time and memory grow.
    """

    machine: dict[str, Any]
    rates: Machine
    comparisons: tuple[Comparison, ...]
    hot_paths: tuple[HotPath, ...]
    growth: tuple[Series, ...]

    @classmethod
    def of_json(cls, content: dict[str, Any]) -> Results:
        """Return the results that a file has."""

        def series(one: dict[str, Any]) -> Series:
            points = tuple(Point(point["x"], _of(Measured, point["measured"])) for point in one["points"])
            return Series(one["area"], one["varied"], one["what"], points)

        def comparison(one: dict[str, Any]) -> Comparison:
            return Comparison(**{**one, **{name: _of(Measured, one[name]) for name in ("ours", "peer")}})

        return cls(
            content["machine"],
            _of(Machine, content["rates"]),
            tuple(map(comparison, content["comparisons"])),
            tuple(_of(HotPath, one) for one in content["hot_paths"]),
            tuple(map(series, content["growth"])),
        )


def _of(kind: type[T], values: dict[str, Any]) -> T:
    return kind(**{field.name: _tuples(values[field.name]) for field in fields(kind)})  # type: ignore[arg-type]


def _tuples(value: object) -> object:
    return tuple(map(_tuples, value)) if isinstance(value, list) else value


def write_page(results: Results, page: Path) -> None:
    """Write the page, and figures into `images` beside it."""
    images = page.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    draw_ratios(results.comparisons, images / "benchmark-ratios.png")
    draw_growth(results.growth, images / "benchmark-growth.png")
    parts = [
        INTRODUCTION,
        _machine(results),
        RATIOS,
        "![Ratios to madminer](images/benchmark-ratios.png)\n",
        _table(("area", "what", "ours", "madminer", "ratio", "aimed at", "memory: ours, madminer", "program"),
               _ratio_rows(results.comparisons)),
        NOTES,
        PROFILES,
        _rates(results.rates),
        _table(("path", "time", "limit", "distance", "functions with the largest shares", "beyond the limit"),
               _profile_rows(results.hot_paths)),
        GROWTH,
        "![Time and memory](images/benchmark-growth.png)\n",
        _table(("work", "varied", "values", "seconds", "MiB", "power"), _growth_rows(results.growth)),
        "## Measured by programs of their own\n",
        _table(("what", "program", "figures"),
               ((what, f"`benchmarks/{name}.py`", f"[{page}]({page})") for what, name, page in OTHERS)),
    ]  # fmt: skip
    page.write_text("\n".join(part.rstrip("\n") + "\n" for part in parts), encoding="utf-8")


def _machine(results: Results) -> str:
    one = results.machine
    versions = ", ".join(f"{name} {version}" for name, version in one["versions"].items())
    before, after = one["load"]
    return (
        f"{one['processor']}, {one['cores']} cores, {one['memory_gib']} GiB, {one['system']}, Python {one['python']}; "
        f"{versions}.\nThe run took {one['minutes']:.0f} minutes, with up to {one['repetitions']} repetitions of each "
        f"measurement; the load of the machine was\n{before} at its start and {after} at its end (the benchmarks "
        "themselves are about 1; the rest was other work).\n"
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> str:
    lines = [" | ".join(head), "|".join("---" for _ in head), *(" | ".join(row) for row in rows)]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _ratio_rows(comparisons: Sequence[Comparison]) -> Iterator[Sequence[str]]:
    for one in comparisons:
        low, high = one.spread
        aimed = "" if one.target is None else f"{one.target:g}" + ("" if one.ratio >= one.target else ": **missed**")
        yield (
            one.area,
            one.what,
            seconds(one.ours.seconds),
            seconds(one.peer.seconds),
            f"**{one.ratio:.3g}** ({low:.3g} to {high:.3g})",
            aimed,
            f"{one.ours.memory:.0f}, {one.peer.memory:.0f} MiB",
            f"`{one.command}`",
        )


def _rates(rates: Machine) -> str:
    return (
        f"Products of matrices: {rates.single / 1e9:.0f} GFlop/s in single precision, {rates.few_columns / 1e9:.0f} in "
        f"double precision with six columns; logarithms of double\nprecision: {rates.logarithms / 1e9:.2g} per ns; "
        f"memory {rates.copied / 1e9:.1f} GB/s; files written {rates.written / 1e9:.1f} GB/s; numbers from text "
        f"{rates.text / 1e6:.0f} MB/s.\n"
    )


def _profile_rows(paths: Sequence[HotPath]) -> Iterator[Sequence[str]]:
    for one in paths:
        top = ", ".join(f"`{name}` {share:.0%}" for name, share in one.top)
        yield one.name, seconds(one.seconds), one.limit, f"{one.distance:.1f}", top, one.note


def _growth_rows(growth: Sequence[Series]) -> Iterator[Sequence[str]]:
    for one in growth:
        yield (
            f"{one.area}: {one.what}",
            one.varied,
            ", ".join(f"{point.x:,.0f}".replace(",", " ") for point in one.points),
            ", ".join(f"{point.measured.seconds:.3g}" for point in one.points),
            ", ".join(f"{point.measured.memory:.0f}" for point in one.points),
            f"{one.exponent:.2f}",
        )


def seconds(value: float) -> str:
    """Return a time in words."""
    return f"{value:.3g} s" if value >= 1.0 else f"{1e3 * value:.3g} ms"


def draw_ratios(comparisons: Sequence[Comparison], path: Path) -> None:
    """Draw the ratios with their spreads, and what is aimed at."""
    figure, axes = plt.subplots(figsize=(8.0, 0.26 * len(comparisons) + 0.8))
    for row, one in enumerate(reversed(comparisons)):
        low, high = one.spread
        axes.plot([low, high], [row, row], color="C0")
        axes.plot(one.ratio, row, "o", color="C0", markersize=4)
        if one.target is not None:
            axes.plot(one.target, row, "|", color="C3", markersize=9, markeredgewidth=2)
    labels = [f"{one.area}: {one.what.partition(';')[0]}" for one in reversed(comparisons)]
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.set_xscale("log")
    axes.axvline(1.0, color="grey", linewidth=0.8)
    axes.set_xlabel("times faster than madminer 0.9.6 (red: aimed at)")
    axes.grid(axis="x", alpha=0.3)
    _save(figure, path)


def draw_growth(growth: Sequence[Series], path: Path) -> None:
    """Draw time and memory of every series."""
    columns = 4
    rows = -(-len(growth) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(3.1 * columns, 2.4 * rows), squeeze=False)
    for axes, one in zip(grid.flat, growth, strict=False):
        _draw_series(axes, one)
    for axes in list(grid.flat)[len(growth) :]:
        axes.set_visible(False)
    _save(figure, path)


def _draw_series(axes: Axes, one: Series) -> None:
    numbers = [point.x for point in one.points]
    times = np.array([point.measured.seconds for point in one.points])
    axes.loglog(numbers, times, "o-", markersize=3)
    middle = np.sqrt(times.min() * times.max())
    axes.set_ylim(min(times.min() / 1.5, middle / 5.0), max(times.max() * 1.5, middle * 5.0))
    axes.set_xticks(numbers, [f"{number:g}" for number in numbers])
    other = axes.twinx()
    other.semilogy(numbers, [max(point.measured.memory, 1.0) for point in one.points], "s--", color="C1", markersize=3)
    other.set_ylim(0.8, 1000.0)
    axes.set_title(f"{one.area} by {one.varied}", fontsize=8)
    axes.set_ylabel("s", fontsize=7, color="C0")
    other.set_ylabel("MiB", fontsize=7, color="C1")
    for each in (axes, other):
        each.minorticks_off()
        each.tick_params(labelsize=6)


def _save(figure: plt.Figure, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, dpi=80)
    plt.close(figure)
