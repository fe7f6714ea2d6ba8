"""The report's sections beyond asymptotic limits: toys, posteriors, adaptive contours."""

from __future__ import annotations

from assay.inference.contour_results import ContourRecord
from assay.inference.coverage import Coverage, fair_universe_score
from assay.inference.posterior_results import PosteriorRecord
from assay.inference.toy_summary import PointSummary, ToySummary
from assay.reporting.content import Outcome, Section, Table, Verdict
from assay.reporting.figures.style import percent
from assay.reporting.numbers import count, joined, significant, with_error
from assay.reporting.run import RunResults, data_links

TOYS, POSTERIOR, CONTOURS = "toys.json", "posterior.json", "contours.json"


def toys_section(results: RunResults) -> Section | None:
    """Say whether intervals cover, and compare asymptotic formulae with toys; None without toys."""
    if not results.toys:
        return None
    text = (
        "Experiments repeated in simulation at known parameters. Coverage is the share of experiments whose interval "
        "contains them; the band is the promised share plus and minus two standard deviations. “Score” is that of the "
        "FAIR-Universe challenge: narrow intervals that cover score high. “q” is the test statistic at the true "
        "point, whose mean is the number of parameters if Wilks' theorem holds. Neyman regions take the quantiles of "
        "toys in place of those of chi-square."
    )
    warnings = [f"{one.method} ({_kind(one.include_rate)}): {note}" for one in results.toys for note in one.notes]
    warnings += [
        f"{one.method} ({_kind(one.include_rate)}): {one.n_failed} toys failed: {_failures(one)}"
        for one in results.toys
        if one.n_failed
    ]
    tables = [_coverage_table(results), _quantile_table(results)]
    if any(point.cls is not None for one in results.toys for point in one.points):
        tables.append(_cls_table(results))
    return Section(
        "Toys",
        "toys",
        text,
        verdicts=tuple(_coverage_verdict(one) for one in results.toys),
        warnings=tuple(warnings),
        tables=tuple(tables),
    )


def _coverage_verdict(one: ToySummary) -> Verdict:
    found = [coverage for point in one.points for coverage in point.coverage]
    where = f"{one.method}, {_kind(one.include_rate)}"
    if not found:
        return Verdict(f"{where}: no toy could be analysed.", "bad", "Toys")
    flagged = one.flagged
    if not flagged:
        return Verdict(f"{where}: all {len(found)} coverages are as promised.", "good", "Toys")
    parts = [
        f"{coverage.parameter or 'regions'} at {_point(one, theta)} cover {100 * coverage.value:.1f} % in place of "
        f"{100 * coverage.confidence_level:.4g} % ({coverage.tendency})"
        for theta, coverage in flagged
    ]
    outcome: Outcome = "bad" if any(coverage.verdict == "failed" for _, coverage in flagged) else "doubtful"
    return Verdict(f"{where}: {joined(parts[:4])}{' and more' if len(parts) > 4 else ''}.", outcome, "Toys")


def _failures(one: ToySummary) -> str:
    found: dict[str, int] = {}
    for point in one.points:
        for name, number in point.failures.items():
            found[name] = found.get(name, 0) + number
    return ", ".join(f"{number} with “{name}”" for name, number in found.items())


def _point(one: ToySummary, theta: tuple[float, ...]) -> str:
    return ", ".join(f"{name} = {significant(value, 3)}" for name, value in zip(one.parameters, theta, strict=True))


def _kind(include_rate: bool) -> str:
    return "with rate" if include_rate else "shape"


def _rows(results: RunResults) -> list[tuple[ToySummary, PointSummary]]:
    return [(one, point) for one in results.toys for point in one.points]


def _coverage_table(results: RunResults) -> Table:
    rows = []
    for one, point in _rows(results):
        for coverage in point.coverage:
            low, high = coverage.band
            width, score = _width_and_score(coverage)
            rows.append(
                (
                    one.method,
                    _kind(one.include_rate),
                    _point(one, point.theta),
                    coverage.parameter or "region",
                    f"{100 * coverage.confidence_level:.4g} %",
                    f"{100 * coverage.value:.1f} %",
                    f"{100 * low:.1f}–{100 * high:.1f} %",
                    count(coverage.n_toys),
                    width,
                    score,
                    coverage.verdict,
                )
            )
    where, found = ("method", "data used", "true point", "of"), ("promised", "covered", "band", "toys")
    columns = (*where, *found, "mean width", "score", "verdict")
    links = tuple(
        link for name in dict.fromkeys(one.method for one in results.toys) for link in data_links(results, name, TOYS)
    )
    return Table("Coverage", columns, tuple(rows), links)


def _width_and_score(coverage: Coverage) -> tuple[str, str]:
    if coverage.mean_width is None:
        return "–", "–"
    score = fair_universe_score(coverage.mean_width, coverage.value, coverage.n_toys, coverage.confidence_level)
    return significant(coverage.mean_width, 3), significant(score, 3)


def _quantile_table(results: RunResults) -> Table:
    rows = []
    for one, point in _rows(results):
        wilks = point.wilks
        quantiles = ", ".join(
            f"{percent(c.confidence_level)}: {significant(c.value, 3)} (asymptotic {significant(c.asymptotic, 3)})"
            for c in point.critical
        )
        mean = "–" if wilks is None else significant(wilks.mean_q, 3)
        p_value = "–" if wilks is None else significant(wilks.p_value, 2)
        inside = "–" if point.in_region is None else ", ".join("yes" if one else "no" for one in point.in_region)
        rows.append((one.method, _kind(one.include_rate), _point(one, point.theta), mean, p_value, quantiles, inside))
    columns = ("method", "data used", "true point", "mean q", "p-value of Wilks", "quantiles of q", "in Neyman region")
    return Table("Test statistic of toys", columns, tuple(rows))


def _cls_table(results: RunResults) -> Table:
    rows = [
        (
            one.method,
            _kind(one.include_rate),
            _point(one, point.theta),
            with_error(point.cls.toys.cls, point.cls.toys.cls_error),
            significant(point.cls.asymptotic.cls, 3),
        )
        for one, point in _rows(results)
        if point.cls is not None
    ]
    columns = ("method", "data used", "point", "CLs by toys", "CLs asymptotic")
    return Table("CLs of points against the reference", columns, tuple(rows))


def posterior_section(results: RunResults) -> Section | None:
    """Give posteriors with their prior, and whether they are calibrated; None without."""
    if not results.posteriors:
        return None
    rows = [
        (
            one.method,
            _kind(one.include_rate),
            interval.parameter,
            f"{100 * interval.probability:g} %",
            f"[{significant(interval.lower, 3)}, {significant(interval.upper, 3)}]",
            count(one.posterior.effective_samples),
        )
        for one in results.posteriors
        for interval in one.intervals
    ]
    columns = ("method", "data used", "parameter", "probability", "shortest interval", "effective draws")
    first = results.posteriors[0].posterior
    marginals = zip(first.parameters, first.prior.marginals, strict=True)
    prior = "; ".join(f"{name} {one.kind} in [{one.low:g}, {one.high:g}]" for name, one in marginals)
    text = f"Posterior from the likelihood by Markov chains (emcee), with the prior {prior}."
    return Section(
        "Posterior",
        "posterior",
        text,
        verdicts=tuple(filter(None, map(_calibration_verdict, results.posteriors))),
        tables=(Table("Credible intervals", columns, tuple(rows)),),
    )


def _calibration_verdict(one: PosteriorRecord) -> Verdict | None:
    ranks = one.calibration
    if ranks is None:
        return None
    least = min(ranks.p_values)
    outcomes: dict[str, Outcome] = {"passed": "good", "doubtful": "doubtful", "failed": "bad"}
    text = (
        f"{one.method}, {_kind(one.include_rate)}: simulation-based calibration over {len(ranks.theta)} experiments "
        f"{ranks.verdict}; the least p-value of even ranks is {significant(least, 2)}."
    )
    return Verdict(text, outcomes[ranks.verdict], "Posterior")


def contour_table(records: tuple[ContourRecord, ...]) -> Table:
    """Tabulate how many evaluations adaptive contours took, against the grid that they stand for."""
    rows = tuple(
        (
            one.method,
            _kind(one.include_rate),
            count(len(one.theta)),
            count(one.n_grid),
            f"{100 * len(one.theta) / one.n_grid:.2g} %",
            "yes" if one.converged else "no",
        )
        for one in records
    )
    columns = ("method", "data used", "evaluations", "grid points", "share", "converged")
    return Table("Adaptive contours: evaluations of the likelihood", columns, rows)
