"""The report's section on systematic uncertainties: by how much each widens the limits, what the fit does to them."""

from __future__ import annotations

from collections.abc import Sequence

from assay.inference.impacts import SystematicsResult, Widths
from assay.reporting.content import Link, Section, Table, Verdict
from assay.reporting.figures.impacts import width_bars
from assay.reporting.figures.style import percent
from assay.reporting.gallery import Gallery
from assay.reporting.numbers import joined, signed, significant
from assay.reporting.run import RunResults, data_links

SYSTEMATICS = "systematics.json"
_ALL = "all"
_NOTABLE = 0.005


def systematics_section(results: RunResults, gallery: Gallery) -> Section | None:
    """Say what systematic uncertainties and backgrounds cost; None for a study without them."""
    found = results.systematics
    if not found:
        return None
    method = found[0].method
    pictures = [
        gallery.add(
            f"widths_{one.method}_{'rate' if one.include_rate else 'shape'}",
            width_bars(one),
            f"{one.method}: what widens the intervals, {_kind(one)}",
            f"Widths of the {percent(one.confidence_level)} intervals, relative to those with all systematic "
            "uncertainties: without one of them, without all, and without the background where there is one.",
            data=data_links(results, one.method, SYSTEMATICS),
        )
        for one in found
    ]
    text = (
        "Nuisance parameters are profiled with their constraints. “Without” an effect its nuisance parameter is known "
        "to be nominal. A pull is the fitted value in units of what was known before, with its error after the fit: "
        "0 ± 1 if the data say nothing on it. An impact is the move of the best fit when the nuisance parameter is "
        "held one error up or down. “Without background” the events of the background are left out."
    )
    return Section(
        "Systematic uncertainties",
        "systematics",
        text,
        verdicts=systematics_statements(found),
        tables=(_widths_table(results), _pulls_table(found, data_links(results, method, SYSTEMATICS))),
        pictures=tuple(pictures),
    )


def systematics_statements(found: Sequence[SystematicsResult]) -> tuple[Verdict, ...]:
    """Say by how much all systematic uncertainties together, and each, widen every interval, with the rate if known."""
    chosen = [one for one in found if one.include_rate] or list(found)
    return tuple(
        Verdict(_statement(one, number, name), "neutral", "Systematic uncertainties")
        for one in chosen
        for number, name in enumerate(one.parameters)
    )


def _statement(one: SystematicsResult, number: int, name: str) -> str:
    whole = one.width(_ALL).widths[number]
    prefix = f"{one.method}, {percent(one.confidence_level)} interval of {name}"
    if whole is None:
        return f"{prefix}: open at the edge of the grid, so that nothing can be said of its width."
    parts = []
    for other in one.widths[1:]:
        width = other.widths[number]
        if width is not None and width > 0:
            gain = whole / width - 1.0
            if abs(gain) >= _NOTABLE or not other.name.startswith("without ") or _is_sum(other):
                parts.append(f"{abs(100 * gain):.1f} % {'wider' if gain >= 0 else 'narrower'} than {other.name}")
    rest = joined(parts) if parts else "no effect changes it by half a percent"
    return f"{prefix}: {significant(whole, 3)} wide, {rest}."


def _is_sum(widths: Widths) -> bool:
    return widths.name in ("without systematics", "without background")


def _kind(one: SystematicsResult) -> str:
    return "with rate" if one.include_rate else "shape"


def _widths_table(results: RunResults) -> Table:
    rows = []
    for one in results.systematics:
        whole = one.width(_ALL).widths
        for widths in one.widths:
            cells = [_width(width, reference) for width, reference in zip(widths.widths, whole, strict=True)]
            rows.append((one.method, _kind(one), widths.name, *cells))
    parameters = results.systematics[0].parameters
    level = percent(results.systematics[0].confidence_level)
    columns = ("method", "data used", "uncertainties", *(f"width in {name}" for name in parameters))
    return Table(f"Widths of {level} intervals; in brackets relative to all uncertainties", columns, tuple(rows))


def _width(width: float | None, reference: float | None) -> str:
    if width is None:
        return "open"
    return significant(width, 3) + (f" ({width / reference:.3f})" if reference else "")


def _pulls_table(found: Sequence[SystematicsResult], links: tuple[Link, ...]) -> Table:
    rows = []
    for one in found:
        for pull in one.pulls:
            impacts = {impact.parameter: impact for impact in one.impacts if impact.nuisance == pull.nuisance}
            cells = [
                f"{signed(impacts[p].up, 2)}, {signed(impacts[p].down, 2)}" if p in impacts else "–"
                for p in one.parameters
            ]
            error = "flat" if pull.error is None else significant(pull.error, 3)
            rows.append((one.method, _kind(one), pull.nuisance, f"{signed(pull.value, 3)} ± {error}", *cells))
    columns = ("method", "data used", "nuisance parameter", "pull", *(f"impact on {p}" for p in found[0].parameters))
    return Table("Pulls, and impacts of plus and minus one error after the fit", columns, tuple(rows), links)
