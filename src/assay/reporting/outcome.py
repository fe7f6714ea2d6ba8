"""The report's sections on results: what the run shows, limits, and Fisher information."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from assay.inference.information import FisherResult
from assay.inference.profiles import critical_q
from assay.inference.results import LimitResult
from assay.reporting.content import Link, Picture, Section
from assay.reporting.figures.contours import contours, limit_map
from assay.reporting.figures.corner import corner
from assay.reporting.figures.fisher import fisher_bars, fisher_ellipses
from assay.reporting.figures.profiles import profile_curves
from assay.reporting.figures.pvalues import level_words, p_value_maps
from assay.reporting.figures.style import percent
from assay.reporting.gallery import Gallery
from assay.reporting.learning import trust_verdicts
from assay.reporting.numbers import significant
from assay.reporting.repeated import contour_table
from assay.reporting.run import RunResults, data_links
from assay.reporting.sections import parameter_labels
from assay.reporting.statements import information_statements
from assay.reporting.systematic import systematics_statements
from assay.reporting.tables import ensemble_table, fisher_table, limit_table
from assay.reporting.verdicts import consistency_statements, interval_statements, truth_statements

_MOST_PAIRS = 10
_CORNER_FROM = 3


def findings_section(results: RunResults) -> Section:
    """Say what the run shows."""
    learned = results.learned
    verdicts = (
        *information_statements(results.fisher, learned),
        *truth_statements(results.limits, learned, results.templates),
        *interval_statements([one for one in results.limits if one.method not in results.bounds], learned),
        *consistency_statements(results.limits, results.fisher, learned),
        *systematics_statements(results.systematics),
        *trust_verdicts(results, "Checks of the estimators"),
    )
    text = (
        "These sentences are derived from the results of this run; the numbers behind them are in the sections below. "
        "Information is given with the number of events, at the reference point; errors are those of finite simulation."
    )
    return Section("What this run shows", "findings", text, verdicts=verdicts)


def limits_section(results: RunResults, gallery: Gallery) -> Section:
    """Give limits: table, all methods overlaid, profiles, and every method by itself."""
    lead: list[Picture] = []
    pictures: list[Picture] = []
    for include_rate in (True, False):
        chosen = [result for result in results.limits if result.include_rate == include_rate]
        if chosen:
            lead += _overlaid(results, chosen, gallery)
            pictures += _profiles(results, chosen, gallery)
            pictures += _excluded(results, chosen, gallery)
    for result in results.limits:
        pictures += _alone(results, result, gallery)
    warnings = [
        f"{result.method} ({'with rate' if result.include_rate else 'shape'}): {warning}"
        for result in results.limits
        for warning in result.warnings
    ]
    tables = (
        limit_table(results.limits),
        ensemble_table(results.limits),
        contour_table(results.contours) if results.contours else None,
    )
    first = results.limits[0]
    kind = "Expected" if first.theta_true is not None else "Observed"
    text = (
        f"{kind} limits for {first.luminosity:g} fb⁻¹, {first.n_events:.1f} events. Regions and intervals are bounded "
        "by the likelihood ratio q with asymptotic levels: for two parameters q = "
        f"{_thresholds(first, 2)}, for one q = {_thresholds(first, 1)}. “With rate” uses the number of events and "
        "their distribution, “shape” the distribution alone."
    )
    return Section(
        "Limits",
        "limits",
        text,
        warnings=tuple(warnings),
        tables=tuple(table for table in tables if table is not None),
        pictures=tuple(pictures),
        lead=tuple(lead),
    )


def _thresholds(result: LimitResult, n_parameters: int) -> str:
    levels = sorted(result.confidence_levels)
    return " and ".join(f"{critical_q(level, n_parameters):.2f} ({percent(level)})" for level in levels)


def _kind(include_rate: bool) -> tuple[str, str]:
    """Return the word for file names and the one for people."""
    return ("rate", "with rate") if include_rate else ("shape", "shape only")


def _overlaid(results: RunResults, chosen: Sequence[LimitResult], gallery: Gallery) -> list[Picture]:
    labels, colours = parameter_labels(results), results.colours
    kind, words = _kind(chosen[0].include_rate)
    names = chosen[0].parameters
    pictures = []
    if len(names) >= _CORNER_FROM:
        figure = corner(chosen, labels, colours)
        caption = f"All pairs of parameters, all methods at {_levels(chosen)}, {words}; diagonal: profiles."
        data, title = _limit_links(results, chosen), f"All parameters, {words}"
        pictures.append(gallery.add(f"corner_{kind}", figure, title, caption, data=data, wide=True))
    for pair in list(combinations(names, 2))[:_MOST_PAIRS]:
        caption = f"Contours of all methods at {_levels(chosen)}, {words}" + (
            "; other parameters profiled." if len(names) > 2 else "."
        )
        name, title = f"contours_{kind}_{pair[0]}_{pair[1]}", f"All methods: {pair[0]} and {pair[1]}, {words}"
        data = _limit_links(results, chosen)
        pictures.append(gallery.add(name, contours(chosen, pair, labels, colours), title, caption, data=data))
    return pictures


def _profiles(results: RunResults, chosen: Sequence[LimitResult], gallery: Gallery) -> list[Picture]:
    kind, words = _kind(chosen[0].include_rate)
    pictures = []
    for parameter in chosen[0].parameters:
        label = parameter_labels(results)[parameter]
        figure = profile_curves(chosen, parameter, label, results.colours)
        others = ", other parameters profiled" if len(chosen[0].parameters) > 1 else ""
        caption = f"Test statistic along {parameter}, {words}{others}; dotted: levels that bound the intervals."
        name, title, data = f"profile_{kind}_{parameter}", f"{parameter}, {words}", _limit_links(results, chosen)
        pictures.append(gallery.add(name, figure, title, caption, data=data, group="Profile likelihoods"))
    return pictures


def _excluded(results: RunResults, chosen: Sequence[LimitResult], gallery: Gallery) -> list[Picture]:
    """Draw maps of p-values, a panel for every method."""
    kind, words = _kind(chosen[0].include_rate)
    data = _limit_links(results, chosen)
    pictures = []
    for pair in list(combinations(chosen[0].parameters, 2))[:_MOST_PAIRS]:
        figure = p_value_maps(chosen, pair, parameter_labels(results))
        title = f"{pair[0]} and {pair[1]}, {words}"
        caption = f"p-value of every point (asymptotic; dark: excluded). Lines: {level_words(chosen)}."
        name = f"p_values_{kind}_{pair[0]}_{pair[1]}"
        pictures.append(gallery.add(name, figure, title, caption, data=data, wide=True, group="Maps of p-values"))
    return pictures


def _alone(results: RunResults, result: LimitResult, gallery: Gallery) -> list[Picture]:
    kind, words = _kind(result.include_rate)
    pictures = []
    for pair in list(combinations(result.parameters, 2))[:_MOST_PAIRS]:
        figure = limit_map(result, pair, parameter_labels(results), results.colours)
        name = f"limit_{result.method}_{kind}_{pair[0]}_{pair[1]}"
        title = f"{result.method}: {pair[0]} and {pair[1]}, {words}"
        caption = f"Test statistic q (colour) and contours at {_levels([result])}."
        data = data_links(results, result.method, f"limits_{kind}")
        pictures.append(gallery.add(name, figure, title, caption, data=data, group="Every method by itself"))
    return pictures


def _limit_links(results: RunResults, chosen: Sequence[LimitResult]) -> tuple[Link, ...]:
    """Return a link to every method's numbers."""
    kind, _ = _kind(chosen[0].include_rate)
    found = [(r.method, link) for r in chosen for link in data_links(results, r.method, f"limits_{kind}.json")]
    return tuple(Link(f"{method} (JSON)", link.href) for method, link in found)


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
            pictures += _information(results, chosen, gallery)
    text = (
        "The inverse of the information matrix is the smallest covariance that an unbiased estimate can have "
        "(Cramér-Rao). Errors are those of finite simulation; what its noise adds on average (the bias: at most "
        f"{_largest_bias(results.fisher)} here) is subtracted. An off-diagonal element other than zero means that "
        "estimates of the two parameters are correlated."
    )
    return Section(
        "Fisher information", "fisher", text, tables=(fisher_table(results.fisher),), pictures=tuple(pictures)
    )


def _largest_bias(results: Sequence[FisherResult]) -> str:
    return significant(max(abs(float(value)) for result in results for value in result.bias.ravel()), 1)


def _information(results: RunResults, chosen: Sequence[FisherResult], gallery: Gallery) -> list[Picture]:
    labels, colours = parameter_labels(results), results.colours
    kind, words = _kind(chosen[0].include_rate)
    bars = fisher_bars(chosen, labels, colours)
    caption = (
        f"Information on each parameter, all others known, {words}; lines: errors of finite simulation. Parton level: "
        "from the complete event record, which no detector sees."
    )
    data = tuple(
        Link(f"{one.method} (JSON)", link.href)
        for one in chosen
        for link in data_links(results, one.method, "fisher.json")
    )
    title = f"Information on each parameter, {words}"
    pictures = [gallery.add(f"fisher_bars_{kind}", bars, title, caption, data=data)]
    for pair in list(combinations(chosen[0].parameters, 2))[:_MOST_PAIRS]:
        figure = fisher_ellipses(chosen, pair, labels, colours=colours)
        caption = (
            f"Smallest expected regions at {percent(0.68)} in the Gaussian approximation, {words}. A method that is "
            "blind to a parameter gives two parallel lines."
        )
        title = f"Ellipses: {pair[0]} and {pair[1]}, {words}"
        pictures.append(gallery.add(f"fisher_{kind}_{pair[0]}_{pair[1]}", figure, title, caption, data=data))
    return pictures
