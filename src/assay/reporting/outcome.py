"""The report's sections on results: what the run shows, limits, and Fisher information."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting.content import Link, Picture, Section
from assay.reporting.figures.contours import contours, limit_map
from assay.reporting.figures.corner import corner
from assay.reporting.figures.fisher import fisher_bars, fisher_ellipses
from assay.reporting.figures.profiles import profile_curves
from assay.reporting.figures.style import percent
from assay.reporting.gallery import Gallery
from assay.reporting.run import RunResults
from assay.reporting.sections import parameter_labels
from assay.reporting.statements import information_statements, interval_statements, truth_statements
from assay.reporting.tables import fisher_table, limit_table

DATA = "data"
_MOST_PAIRS = 10
_CORNER_FROM = 3


def findings_section(results: RunResults) -> Section:
    """Say what the run shows."""
    verdicts = (
        *information_statements(results.fisher, results.learned),
        *interval_statements(results.limits, results.learned),
        *truth_statements(results.limits, results.learned),
    )
    text = (
        "These sentences are derived from the results of this run; the numbers behind them are in the sections below."
    )
    return Section("What this run shows", "findings", text, verdicts=verdicts)


def limits_section(results: RunResults, gallery: Gallery) -> Section:
    """Give limits: table, all methods overlaid, profiles, and every method by itself."""
    pictures: list[Picture] = []
    for include_rate in (True, False):
        chosen = [result for result in results.limits if result.include_rate == include_rate]
        if chosen:
            pictures += _overlaid(results, chosen, include_rate, gallery)
    for result in results.limits:
        pictures += _alone(results, result, gallery)
    warnings = [
        f"{result.method} ({'with rate' if result.include_rate else 'shape'}): {warning}"
        for result in results.limits
        for warning in result.warnings
    ]
    first = results.limits[0]
    kind = "Expected" if first.theta_true is not None else "Observed"
    text = (
        f"{kind} limits for {first.luminosity:g} fb⁻¹, {first.n_events:.1f} events; asymptotic p-values of the "
        "likelihood ratio, regions by confidence level in as many dimensions as are shown."
    )
    return Section(
        "Limits",
        "limits",
        text,
        warnings=tuple(warnings),
        tables=(limit_table(results.limits),),
        pictures=tuple(pictures),
    )


def _overlaid(
    results: RunResults, chosen: Sequence[LimitResult], include_rate: bool, gallery: Gallery
) -> list[Picture]:
    labels, colours = parameter_labels(results), results.colours
    kind, words = ("rate", "with the number of events") if include_rate else ("shape", "from the shape alone")
    names = chosen[0].parameters
    pictures = []
    if len(names) >= _CORNER_FROM:
        figure = corner(chosen, labels, colours)
        caption = f"All pairs of parameters, all methods, {words}."
        pictures.append(gallery.add(f"corner_{kind}", figure, f"All parameters, {words}", caption, wide=True))
    for pair in list(combinations(names, 2))[:_MOST_PAIRS]:
        caption = f"Contours of all methods at {_levels(chosen)}, {words}" + (
            "; other parameters profiled." if len(names) > 2 else "."
        )
        name, title = f"contours_{kind}_{pair[0]}_{pair[1]}", f"{pair[0]} and {pair[1]}, {words}"
        pictures.append(gallery.add(name, contours(chosen, pair, labels, colours), title, caption))
    for parameter in names:
        figure = profile_curves(chosen, parameter, labels[parameter], colours)
        caption = f"Profile of the test statistic in {parameter}, {words}; dotted: levels of the intervals."
        pictures.append(gallery.add(f"profile_{kind}_{parameter}", figure, f"{parameter}, {words}", caption))
    return pictures


def _alone(results: RunResults, result: LimitResult, gallery: Gallery) -> list[Picture]:
    kind = "rate" if result.include_rate else "shape"
    words = "with the number of events" if result.include_rate else "from the shape alone"
    pictures = []
    for pair in list(combinations(result.parameters, 2))[:_MOST_PAIRS]:
        figure = limit_map(result, pair, parameter_labels(results), results.colours)
        name = f"limit_{result.method}_{kind}_{pair[0]}_{pair[1]}"
        title = f"{result.method}: {pair[0]} and {pair[1]}, {words}"
        caption = f"Test statistic (colour) and contours at {_levels([result])}."
        pictures.append(gallery.add(name, figure, title, caption, data=data_links(results, result.method)))
    return pictures


def data_links(results: RunResults, method: str) -> tuple[Link, ...]:
    """Return links to the files with a method's results, which stand beside the report."""
    paths = (results.data or {}).get(method, ())
    return tuple(Link(path.name, f"{DATA}/{method}/{path.name}") for path in paths if path.suffix in (".json", ".h5"))


def _levels(results: Sequence[LimitResult]) -> str:
    return " and ".join(percent(level) for level in sorted({level for r in results for level in r.confidence_levels}))


def fisher_section(results: RunResults, gallery: Gallery) -> Section:
    """Give information matrices with errors, ellipses and bars."""
    if not results.fisher:
        return Section("Fisher information", "fisher", "No information matrices were evaluated.")
    pictures: list[Picture] = []
    for include_rate in (True, False):
        chosen = [result for result in results.fisher if result.include_rate == include_rate]
        if chosen:
            pictures += _information(results, chosen, include_rate, gallery)
    text = (
        "The information sets the smallest covariance of any unbiased estimate (Cramér-Rao). Errors and biases are "
        "those of finite simulation; a bias is what noise adds on average to the information of a histogram, and is "
        "not subtracted in the table."
    )
    return Section(
        "Fisher information", "fisher", text, tables=(fisher_table(results.fisher),), pictures=tuple(pictures)
    )


def _information(
    results: RunResults, chosen: Sequence[FisherResult], include_rate: bool, gallery: Gallery
) -> list[Picture]:
    labels, colours = parameter_labels(results), results.colours
    kind, words = ("rate", "with the number of events") if include_rate else ("shape", "from the shape alone")
    bars = fisher_bars(chosen, labels, colours)
    caption = f"Information on each parameter, all others known, {words}; lines: errors of finite simulation."
    pictures = [gallery.add(f"fisher_bars_{kind}", bars, f"Information, {words}", caption)]
    for pair in list(combinations(chosen[0].parameters, 2))[:_MOST_PAIRS]:
        figure = fisher_ellipses(chosen, pair, labels, colours=colours)
        caption = f"Expected regions at {percent(0.68)} in the Gaussian approximation, {words}."
        title = f"{pair[0]} and {pair[1]}, {words}"
        pictures.append(gallery.add(f"fisher_{kind}_{pair[0]}_{pair[1]}", figure, title, caption))
    return pictures
