"""The leaderboard of a study: methods and users' entries, ranked on events that no estimator was trained on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.estimators.checks import cross_entropy_gain, joint_log_ratio
from assay.estimators.tested import numbers_of
from assay.estimators.verdicts import CheckResult, Verdict, weighted_mean
from assay.files import read_json, write_json, write_text
from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.sampling.samples import RatioSample, ScoreSample

Array = NDArray[np.float64]

_FORMAT = "assay-leaderboard-1"
_ORDER: Mapping[Verdict, int] = MappingProxyType({"passed": 0, "doubtful": 1, "failed": 2})


@dataclass(frozen=True)
class Criterion:
    """What is compared: a heading, its meaning, and whether more is better."""

    title: str
    meaning: str
    larger_is_better: bool = False


CRITERIA: Mapping[str, Criterion] = MappingProxyType(
    {
        "information": Criterion(
            "information",
            "(det I)^(1/P) of the Fisher information in the shape of the test events, as the estimate provably carries "
            "it: a wrong estimate gains nothing by its scale",
            larger_is_better=True,
        ),
        "log_loss": Criterion(
            "log-loss", "cross-entropy of r with the joint ratios of the test sample, above that of the joint ratios"
        ),
        "log_r": Criterion("MSE log r", "mean squared difference from the joint log r of the test sample"),
        "score": Criterion(
            "MSE score", "mean squared difference from the joint score at the reference, over its variance"
        ),
        "area": Criterion(
            "region", "share of the grid within the expected region at the highest confidence level, shape only"
        ),
    }
)
"""By what can be ranked. A joint quantity is that of the complete event record: no estimate of x alone comes to zero,
and only differences between rows mean anything."""


@dataclass(frozen=True)
class Measure:
    """A number with its statistical standard deviation; None where there is none."""

    value: float
    error: float | None = None


@dataclass(frozen=True)
class Standing:
    """A line of the leaderboard.

    Parameters
    ----------
    name
        Of the method, or of the entry.
    kind
        The method's kind; `entry` or `container`.
    measures
        By criterion, as far as there are any: a histogram has no ratio.
    verdict
        The worst of its checks; None where nothing was trained.
    failed
        The checks that failed.
    seconds
        Of training, all members together; None without.
    bound
        Whether it sees what no detector does; it has no rank.
    """

    name: str
    kind: str
    measures: Mapping[str, Measure] = field(default_factory=dict)
    verdict: Verdict | None = None
    failed: tuple[str, ...] = ()
    seconds: float | None = None
    bound: bool = False


@dataclass(frozen=True)
class Leaderboard:
    """Standings, the best first, by a criterion."""

    study: str
    by: str
    standings: tuple[Standing, ...]

    @property
    def ranks(self) -> tuple[int | None, ...]:
        """1, 2, ...; None for bounds and for those without the criterion."""
        ranks: list[int | None] = []
        for one in self.standings:
            taken = sum(rank is not None for rank in ranks)
            ranks.append(None if one.bound or self.by not in one.measures else taken + 1)
        return tuple(ranks)


def ranked(study: str, standings: Sequence[Standing], by: str) -> Leaderboard:
    """Sort by a criterion.

    What failed its checks comes after all others, the more of them the later, and what lacks the criterion last.
    """
    sign = -1.0 if CRITERIA[by].larger_is_better else 1.0

    def order(one: Standing) -> tuple[bool, bool, int, float]:
        measure = one.measures.get(by)
        value = math.inf if measure is None else sign * measure.value
        return measure is None, one.verdict == "failed", len(one.failed), value

    return Leaderboard(study, by, tuple(sorted(standings, key=order)))


def ratio_measures(log_r: ArrayLike, sample: RatioSample) -> dict[str, Measure]:
    """Return `log_loss` and `log_r` of estimates of log r (N,) on a test sample; none where they are not finite."""
    estimates = np.asarray(log_r, dtype=np.float64)
    if not np.isfinite(estimates).all():
        return {}
    joint, events = joint_log_ratio(sample.r_xz), numbers_of(sample.x)
    s_xz = 1.0 / (1.0 + np.asarray(sample.r_xz, dtype=np.float64))
    lost = cross_entropy_gain(joint, s_xz) - cross_entropy_gain(estimates, s_xz)
    possible = np.asarray(sample.r_xz) > 0.0
    squares = np.where(possible, (estimates - joint) ** 2, 0.0)
    return {
        "log_loss": Measure(*weighted_mean(lost, np.ones(len(lost)), events)),
        "log_r": Measure(*weighted_mean(squares, possible.astype(np.float64), events)),
    }


def score_measures(t: ArrayLike, sample: ScoreSample) -> dict[str, Measure]:
    """Return `score` of estimated scores (N, P) on a test sample, a mean over the parameters."""
    estimates, joint = np.asarray(t, dtype=np.float64), np.asarray(sample.t_xz, dtype=np.float64)
    if not np.isfinite(estimates).all():
        return {}
    squares = ((estimates - joint) ** 2 / np.maximum(joint.var(axis=0), np.finfo(np.float64).tiny)).mean(axis=1)
    return {"score": Measure(*weighted_mean(squares, np.ones(len(squares)), numbers_of(sample.x)))}


def information_measures(results: Sequence[FisherResult]) -> dict[str, Measure]:
    """Return `information` of a method's results; its error to first order."""
    shape = next((one for one in results if not one.include_rate), None)
    if shape is None:
        return {}
    n, eigenvalues = len(shape.parameters), np.linalg.eigvalsh(shape.information)
    if not eigenvalues[0] > 1e-12 * eigenvalues[-1]:
        return {"information": Measure(0.0)}
    inverse = np.linalg.inv(shape.information)
    value = float(np.linalg.det(shape.information)) ** (1.0 / n)
    variance = float(np.einsum("ij,ijkl,kl->", inverse, shape.covariance, inverse))
    return {"information": Measure(value, value / n * math.sqrt(max(0.0, variance)))}


def area_measures(limits: Sequence[LimitResult]) -> dict[str, Measure]:
    """Return `area` of a method's limits; only where the whole grid is there."""
    shape = next((one for one in limits if not one.include_rate and one.q is not None and one.points_inside), None)
    if shape is None or shape.q is None:
        return {}
    level = int(np.argmax(shape.confidence_levels))
    return {"area": Measure(shape.points_inside[level] / shape.q.size)}


def worst(checks: Sequence[CheckResult]) -> tuple[Verdict | None, tuple[str, ...]]:
    """Return the worst verdict, and the names of the checks that failed."""
    verdict = max((check.verdict for check in checks), key=lambda one: _ORDER[one], default=None)
    return verdict, tuple(check.name for check in checks if check.verdict == "failed")


def write_leaderboard(folder: Path, board: Leaderboard) -> tuple[Path, Path]:
    """Write `leaderboard.json` and `leaderboard.md`."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = folder / "leaderboard.json", folder / "leaderboard.md"
    write_json(paths[0], as_json(board))
    write_text(paths[1], as_markdown(board))
    return paths


def read_leaderboard(path: Path) -> Leaderboard:
    """Read what `write_leaderboard` wrote as JSON."""
    content = read_json(path)
    standings = []
    for entry in content["standings"]:
        entry.pop("rank")
        measures = {name: Measure(**measure) for name, measure in entry.pop("measures").items()}
        standings.append(Standing(measures=measures, failed=tuple(entry.pop("failed")), **entry))
    return Leaderboard(content["study"], content["by"], tuple(standings))


def as_json(board: Leaderboard) -> dict[str, Any]:
    """Return the leaderboard as plain data."""
    return {
        "format": _FORMAT,
        "study": board.study,
        "by": board.by,
        "criteria": {name: asdict(criterion) for name, criterion in CRITERIA.items()},
        "standings": [{"rank": rank, **asdict(one)} for rank, one in zip(board.ranks, board.standings, strict=True)],
    }


def table(board: Leaderboard) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return headings and rows of text."""
    headings = ("", "method", "kind", *(one.title for one in CRITERIA.values()), "checks", "training")
    rows = []
    for rank, one in zip(board.ranks, board.standings, strict=True):
        numbers = [_number(one.measures.get(name)) for name in CRITERIA]
        took = "" if one.seconds is None else f"{one.seconds:.0f} s"
        shown = "bound" if one.bound else "" if rank is None else str(rank)
        rows.append((shown, one.name, one.kind, *numbers, one.verdict or "", took))
    return headings, rows


def as_markdown(board: Leaderboard) -> str:
    """Return the leaderboard as a page."""
    headings, rows = table(board)
    lines = [f"# Leaderboard of {board.study}", "", f"Ranked by {CRITERIA[board.by].title}, on test events.", ""]
    lines += ["| " + " | ".join(headings) + " |", "|" + "---|" * len(headings)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    lines.append("")
    for one in CRITERIA.values():
        better = "more is better" if one.larger_is_better else "less is better"
        lines.append(f"- {one.title}: {one.meaning} ({better})")
    lines += [f"- {one.name} failed: {', '.join(one.failed)}" for one in board.standings if one.failed]
    return "\n".join(lines) + "\n"


def _number(measure: Measure | None) -> str:
    if measure is None:
        return ""
    return f"{measure.value:.4g}" if measure.error is None else f"{measure.value:.4g} ± {measure.error:.2g}"
