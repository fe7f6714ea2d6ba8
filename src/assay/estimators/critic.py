"""The critic: a classifier that is trained to tell two samples apart which should be the same (1610.06545).

Boosted decision trees (scikit-learn) see observables and parameters of half of the events, and judge the other half,
and the other way round. The area under the curve of true against false positives is 1/2 if they learn nothing. Trees
know nothing of how the estimator was made: they see any difference that half of the test sample shows.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier

from assay.estimators.closure import WeightedRows
from assay.estimators.verdicts import CheckResult, judge

Array = NDArray[np.float64]

_ROWS = 20_000  # of either sample: enough to see a hundredth in the area
_TREES, _LEAVES, _LEAST_IN_LEAF = 40, 8, 50


def critic(
    direct: WeightedRows,
    reweighted: WeightedRows,
    seed: int = 0,
    tolerance: float = 0.02,
    name: str = "classifier two-sample test",
) -> CheckResult:
    """Check that a classifier cannot tell two samples apart, by its area under the curve.

    Parameters
    ----------
    direct, reweighted
        The samples, with the weights that should make them the same.
    seed
        Of the choice of rows, where there are more than needed, and of the halves.
    tolerance
        Of the area.
    """
    rng = np.random.default_rng(seed)
    samples = [_some(rows, rng) for rows in (direct, reweighted)]
    half = rng.integers(0, 2, 1 + max(int(rows.events.max(initial=0)) for rows in samples))
    areas, variances = [], []
    for judged in (0, 1):
        parts = [half[rows.events] == judged for rows in samples]
        if any(part.all() or not part.any() for part in parts):
            return judge(name, math.nan, math.nan, 0.5, tolerance, detail="too few events")
        scores = _scores(samples, [~part for part in parts], parts, seed)
        area, variance = _area(samples, parts, scores)
        areas.append(area)
        variances.append(variance)
    detail = "area under the curve; above one half, trees tell the samples apart"
    error = math.sqrt(sum(variances)) / 2.0
    return judge(name, float(np.mean(areas)), error, 0.5, tolerance, rule="at most", detail=detail)


def _some(rows: WeightedRows, rng: np.random.Generator) -> WeightedRows:
    if len(rows.x) <= _ROWS:
        return rows
    chosen = np.sort(rng.choice(len(rows.x), _ROWS, replace=False))
    return WeightedRows(rows.x[chosen], rows.theta[chosen], rows.weights[chosen], rows.events[chosen])


def _scores(
    samples: list[WeightedRows], training: list[NDArray[np.bool_]], judged: list[NDArray[np.bool_]], seed: int
) -> list[Array]:
    """Return the classifier's answer to the judged rows of both samples, trained on the others, which weigh alike."""
    columns = [np.concatenate([rows.x, rows.theta], axis=1) for rows in samples]
    weights = [rows.weights[part] / rows.weights[part].sum() for rows, part in zip(samples, training, strict=True)]
    n = sum(len(w) for w in weights)
    trees = HistGradientBoostingClassifier(
        max_iter=_TREES,
        max_leaf_nodes=_LEAVES,
        min_samples_leaf=_LEAST_IN_LEAF,
        early_stopping=False,
        random_state=seed,
    )
    trees.fit(
        np.concatenate([c[part] for c, part in zip(columns, training, strict=True)]),
        np.concatenate([np.full(len(w), float(label)) for label, w in enumerate(weights)]),
        sample_weight=np.concatenate(weights) * n / 2.0,
    )
    return [trees.decision_function(c[part]) for c, part in zip(columns, judged, strict=True)]


def _area(samples: list[WeightedRows], parts: list[NDArray[np.bool_]], scores: list[Array]) -> tuple[float, float]:
    """Return the weighted area under the curve and its variance from the placements of all rows (DeLong 1988)."""
    shares = [rows.weights[part] / rows.weights[part].sum() for rows, part in zip(samples, parts, strict=True)]
    # of a row of the second sample: the share of the first below it; of one of the first: that of the second above it
    below = _placement(scores[0], shares[0], scores[1])
    above = 1.0 - _placement(scores[1], shares[1], scores[0])
    area = float(shares[1] @ below)
    n = 1 + max(int(rows.events.max(initial=0)) for rows in samples)
    influence = np.zeros(n)
    for rows, part, share, placement in zip(samples, parts, shares, (above, below), strict=True):
        influence += np.bincount(rows.events[part], weights=share * (placement - area), minlength=n)
    return area, float((influence**2).sum())


def _placement(scores: Array, shares: Array, at: Array) -> Array:
    """Return the share of a sample with scores below each value, those equal to it counted half."""
    order = np.argsort(scores, kind="stable")
    cumulative = np.concatenate([[0.0], np.cumsum(shares[order])])
    low, high = np.searchsorted(scores[order], at, side="left"), np.searchsorted(scores[order], at, side="right")
    placement: Array = (cumulative[low] + cumulative[high]) / 2.0
    return placement
