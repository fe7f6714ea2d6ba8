r"""Coverage: how often intervals contain the true value, against what their confidence level promises.

Over N toys an interval of confidence level c covers within c +- 2 sqrt(c (1 - c) / N) in 95 % of cases. The score of
the FAIR-Universe challenge (2410.02867, section 5) rewards narrow intervals that cover,

    -log[(w + 0.001) f(coverage)],

with w the mean width, and f = 1 inside of the band, 1 + ((c_lo - coverage) / s)^4 below and
1 + ((coverage - c_hi) / s)^3 above it, s = sqrt(c (1 - c) / N).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import binom, chi2

from assay.errors import InferenceError
from assay.inference.toy_batch import ToyBatch

CoverageVerdict = Literal["passed", "doubtful", "failed"]

_EPSILON = 1e-3  # of the width, in the score
_SURE = 1e-3  # a coverage that is as improbable as this is not a fluctuation
_TOLERABLE_FAILURES = 0.01


@dataclass(frozen=True)
class Coverage:
    """Coverage of intervals of one parameter, or of regions in all of them.

    Parameters
    ----------
    parameter
        Its name; None for the region in all parameters.
    confidence_level
        What is promised.
    covered, n_toys
        How many of how many toys.
    n_failed
        Toys that could not be analysed, not among the former.
    mean_width, median_width
        Of the intervals; None for regions.
    at_edge
        Share of intervals that end at the edge of the grid; their widths are underestimated.
    """

    parameter: str | None
    confidence_level: float
    covered: int
    n_toys: int
    n_failed: int
    mean_width: float | None = None
    median_width: float | None = None
    at_edge: float = 0.0

    @property
    def value(self) -> float:
        """The share that covers."""
        return self.covered / self.n_toys

    @property
    def sigma(self) -> float:
        """The standard deviation that the share would have with the promised coverage."""
        return float(np.sqrt(self.confidence_level * (1.0 - self.confidence_level) / self.n_toys))

    @property
    def band(self) -> tuple[float, float]:
        """The promised coverage less and plus two standard deviations."""
        return self.confidence_level - 2.0 * self.sigma, self.confidence_level + 2.0 * self.sigma

    @property
    def verdict(self) -> CoverageVerdict:
        """Say `failed` of intervals that cover too little, beyond chance; `doubtful` outside of the band otherwise."""
        low, high = self.band
        if self.value < low:
            chance = float(binom.cdf(self.covered, self.n_toys, self.confidence_level))
            return "failed" if chance < _SURE else "doubtful"
        many_failed = self.n_failed > _TOLERABLE_FAILURES * (self.n_toys + self.n_failed)
        return "doubtful" if self.value > high or many_failed else "passed"

    @property
    def tendency(self) -> Literal["over-confident", "conservative", "as promised"]:
        """What a coverage outside of the band means."""
        low, high = self.band
        if self.value < low:
            return "over-confident"
        return "conservative" if self.value > high else "as promised"

    @property
    def score(self) -> float | None:
        """The FAIR-Universe score, larger is better; None for regions."""
        if self.mean_width is None:
            return None
        return fair_universe_score(self.mean_width, self.value, self.n_toys, self.confidence_level)


def fair_universe_score(width: float, coverage: float, n_toys: int, confidence_level: float = 0.6827) -> float:
    """Return -log[(width + 0.001) f(coverage)] of intervals with a mean width over `n_toys` experiments."""
    if n_toys < 1 or width < 0 or not 0 <= coverage <= 1:
        raise InferenceError(
            f"a width of {width} and a coverage of {coverage} over {n_toys} toys",
            expected="a width of 0 or more, a share between 0 and 1, at least one toy",
        )
    sigma = np.sqrt(confidence_level * (1.0 - confidence_level) / n_toys)
    low, high = confidence_level - 2.0 * sigma, confidence_level + 2.0 * sigma
    penalty = 1.0 + max(0.0, (low - coverage) / sigma) ** 4 + max(0.0, (coverage - high) / sigma) ** 3
    return float(-np.log((width + _EPSILON) * penalty))


def coverages(batch: ToyBatch) -> tuple[Coverage, ...]:
    """Return the coverage of the intervals of each parameter, and of the regions of all, at each confidence level.

    Raises
    ------
    InferenceError
        If every toy failed.
    """
    good = batch.succeeded
    n_toys, n_failed = int(good.sum()), int((~good).sum())
    if not n_toys:
        raise InferenceError(
            f"all {n_failed} toys of {batch.method} at {batch.theta_true.tolist()} failed",
            expected="toys that can be analysed",
            mend="; ".join(f"{count} x {name}" for name, count in batch.failure_counts.items()),
        )
    result = []
    for c, level in enumerate(batch.confidence_levels):
        for p, name in enumerate(batch.parameters):
            widths = batch.widths[good, p, c]
            covered, edge = int(batch.covers[good, p, c].sum()), float(batch.at_edge[good, p, c].mean())
            mean, median = float(widths.mean()), float(np.median(widths))
            result.append(Coverage(name, level, covered, n_toys, n_failed, mean, median, edge))
        if len(batch.parameters) > 1:
            inside = batch.q_true <= chi2.ppf(level, len(batch.parameters))
            result.append(Coverage(None, level, int(inside.sum()), n_toys, n_failed))
    return tuple(result)
