"""What toys say of a method: coverage, Wilks' theorem, Neyman regions and CLs, and the file of it (`toys.json`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import AssayError
from assay.files import read_json, write_json
from assay.inference.cls_toys import AsymptoticCLs, ToyCLs, asymptotic_region_cls, cls_of
from assay.inference.coverage import Coverage, coverages
from assay.inference.neyman import CriticalValue, WilksComparison, compare_with_wilks, critical_value
from assay.inference.protocols import Array
from assay.inference.toy_batch import ToyBatch

_FORMAT = "assay-toy-summary-1"


@dataclass(frozen=True)
class DataStatistics:
    """The test statistics of the data at the points of the toys.

    Parameters
    ----------
    q
        Of the (observed or expected) data, (K,).
    q_without
        Of Asimov data at the reference, (K,).
    """

    q: Array
    q_without: Array


@dataclass(frozen=True)
class PointCLs:
    """CLs of a point against the reference, by toys and by formulas."""

    toys: ToyCLs
    asymptotic: AsymptoticCLs


@dataclass(frozen=True)
class PointSummary:
    """What the toys of one true point say.

    Parameters
    ----------
    theta
        The point (P,).
    n_toys, failures
        How many toys were drawn, and how many failed with which error.
    coverage
        Of the intervals of each parameter and of regions, at each level; none if all toys failed.
    wilks
        The distribution of the test statistic against chi-square; None if all toys failed.
    critical
        The quantiles of the test statistic, at each level for which there are toys enough.
    in_region
        Whether the data's region at each of these levels contains the point; None without data.
    cls
        None without data, and at the reference itself.
    best_fit_mean, best_fit_spread
        Mean and standard deviation of the best fits, (P,).
    """

    theta: tuple[float, ...]
    n_toys: int
    failures: dict[str, int]
    coverage: tuple[Coverage, ...]
    wilks: WilksComparison | None
    critical: tuple[CriticalValue, ...]
    in_region: tuple[bool, ...] | None
    cls: PointCLs | None
    best_fit_mean: tuple[float, ...]
    best_fit_spread: tuple[float, ...]


@dataclass(frozen=True)
class ToySummary:
    """What the toys of one method say.

    Parameters
    ----------
    method, include_rate, parameters
        What was analysed.
    points
        Of each true point.
    notes
        What a reader has to know.
    """

    method: str
    include_rate: bool
    parameters: tuple[str, ...]
    points: tuple[PointSummary, ...]
    notes: tuple[str, ...]

    @property
    def n_failed(self) -> int:
        """Toys that could not be analysed."""
        return sum(sum(point.failures.values()) for point in self.points)

    @property
    def flagged(self) -> tuple[tuple[tuple[float, ...], Coverage], ...]:
        """Points and coverages that are not as promised."""
        return tuple((point.theta, one) for point in self.points for one in point.coverage if one.verdict != "passed")


def summaries(
    batches: Sequence[ToyBatch], reference: Sequence[float], data: dict[bool, DataStatistics] | None = None
) -> tuple[ToySummary, ...]:
    """Summarise merged batches of one method, one result for each choice of the rate.

    Parameters
    ----------
    batches
        `assay.inference.toys.merged`: one for each choice and point.
    reference
        The point of CL_b, (P,).
    data
        By choice of the rate.
    """
    result = []
    for include_rate in sorted({batch.include_rate for batch in batches}, reverse=True):
        group = sorted((b for b in batches if b.include_rate == include_rate), key=lambda batch: batch.point)
        without = next((b for b in group if np.allclose(b.theta_true, reference, rtol=1e-9, atol=0.0)), None)
        statistics = (data or {}).get(include_rate)
        points = tuple(_of_point(batch, without, statistics) for batch in group)
        notes = tuple(dict.fromkeys(note for batch in group for note in batch.notes))
        result.append(ToySummary(group[0].method, include_rate, group[0].parameters, points, notes))
    return tuple(result)


def _of_point(batch: ToyBatch, without: ToyBatch | None, data: DataStatistics | None) -> PointSummary:
    q = batch.q_true
    enough = [level for level in batch.confidence_levels if len(q) * (1.0 - level) >= level]
    critical = tuple(critical_value(q, batch.theta_true, level) for level in enough)
    best = batch.best_fit[batch.succeeded]
    return PointSummary(
        theta=tuple(map(float, batch.theta_true)),
        n_toys=len(batch.failures),
        failures=batch.failure_counts,
        coverage=coverages(batch) if len(q) else (),
        wilks=compare_with_wilks(q, len(batch.parameters)) if len(q) else None,
        critical=critical,
        in_region=None if data is None else tuple(bool(data.q[batch.point] <= one.value) for one in critical),
        cls=_cls(batch, without, data),
        best_fit_mean=tuple(map(float, best.mean(axis=0))) if len(q) else (),
        best_fit_spread=tuple(map(float, best.std(axis=0, ddof=1))) if len(q) > 1 else (),
    )


def _cls(batch: ToyBatch, without: ToyBatch | None, data: DataStatistics | None) -> PointCLs | None:
    if data is None or without is None or without is batch or not batch.succeeded.any():
        return None
    background = without.q[without.succeeded, batch.point]
    background = background[np.isfinite(background)]
    observed, q_without = float(data.q[batch.point]), float(data.q_without[batch.point])
    if not len(background) or not np.isfinite([observed, q_without]).all():
        return None
    by_toys = cls_of(observed, batch.q_true, background)
    return PointCLs(by_toys, asymptotic_region_cls(max(0.0, observed), max(0.0, q_without), len(batch.parameters)))


def write_toys(path: str | Path, results: Sequence[ToySummary]) -> None:
    """Write summaries as JSON, with the properties of coverages written out for other readers."""
    write_json(path, {"format": _FORMAT, "results": [_plain(result) for result in results]})


def read_toys(path: str | Path) -> tuple[ToySummary, ...]:
    """Read what `write_toys` wrote.

    Raises
    ------
    AssayError
        If the file is missing or of another kind.
    """
    content = read_json(path)
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise AssayError("not a summary of toys", where=str(path), expected=f'"format": "{_FORMAT}"')
    try:
        return tuple(_summary(entry) for entry in content["results"])
    except (KeyError, TypeError) as error:
        raise AssayError(
            f"the summary cannot be read ({error})", where=str(path), mend="run the evaluate stage again"
        ) from None


def _plain(result: ToySummary) -> dict[str, Any]:
    content = asdict(result)
    for point, plain in zip(result.points, content["points"], strict=True):
        for one, entry in zip(point.coverage, plain["coverage"], strict=True):
            entry["derived"] = {"coverage": one.value, "band": one.band, "verdict": one.verdict, "score": one.score}
        for entry in plain["critical"]:
            entry["upper"] = entry["upper"] if np.isfinite(entry["upper"]) else None
    return content


def _summary(entry: dict[str, Any]) -> ToySummary:
    return ToySummary(
        method=entry["method"],
        include_rate=entry["include_rate"],
        parameters=tuple(entry["parameters"]),
        points=tuple(_point(point) for point in entry["points"]),
        notes=tuple(entry["notes"]),
    )


def _point(entry: dict[str, Any]) -> PointSummary:
    coverage = tuple(Coverage(**{k: v for k, v in one.items() if k != "derived"}) for one in entry["coverage"])
    cls = entry["cls"]
    if cls is not None:
        toys = {**cls["toys"], "failures": tuple((name, count) for name, count in cls["toys"]["failures"])}
        cls = PointCLs(ToyCLs(**toys), AsymptoticCLs(**cls["asymptotic"]))
    return PointSummary(
        theta=tuple(entry["theta"]),
        n_toys=entry["n_toys"],
        failures=entry["failures"],
        coverage=coverage,
        wilks=None if entry["wilks"] is None else WilksComparison(**entry["wilks"]),
        critical=tuple(_critical(one) for one in entry["critical"]),
        in_region=None if entry["in_region"] is None else tuple(entry["in_region"]),
        cls=cls,
        best_fit_mean=tuple(entry["best_fit_mean"]),
        best_fit_spread=tuple(entry["best_fit_spread"]),
    )


def _critical(entry: dict[str, Any]) -> CriticalValue:
    upper = np.inf if entry["upper"] is None else entry["upper"]
    return CriticalValue(**{**entry, "theta": tuple(entry["theta"]), "upper": upper})
