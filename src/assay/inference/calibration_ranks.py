r"""Simulation-based calibration (1804.06788): whether posteriors are as wide as they should be.

True parameters are drawn from the prior, data at each of them, and draws from the posterior of the data. If prior,
likelihood and sampler are right, the rank of the true parameter among the draws is distributed evenly, and the region
of highest density with probability c contains it in a share c of cases (expected coverage). Ranks that pile up at both
ends come from posteriors that are too narrow, ranks in the middle from those that are too wide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from scipy.stats import binom, kstest

from assay.errors import AssayError, InferenceError
from assay.inference.posterior import ChainSettings, sample_posterior
from assay.inference.priors import Prior
from assay.inference.protocols import Array, Likelihood

_DRAWS = 100
_DOUBTFUL, _FAILED = 0.05, 0.001  # p-values


@dataclass(frozen=True)
class ExpectedCoverage:
    """How often regions of highest density contain the true parameters.

    Parameters
    ----------
    probability
        Of the regions.
    covered, n_experiments
        How many of how many.
    """

    probability: float
    covered: int
    n_experiments: int

    @property
    def value(self) -> float:
        """The share that covers."""
        return self.covered / self.n_experiments

    @property
    def p_value(self) -> float:
        """Two-sided binomial p-value of the share."""
        low = float(binom.cdf(self.covered, self.n_experiments, self.probability))
        high = float(binom.sf(self.covered - 1, self.n_experiments, self.probability))
        return min(1.0, 2.0 * min(low, high))


@dataclass(frozen=True)
class CalibrationRanks:
    """Ranks of true parameters among draws from posteriors.

    Parameters
    ----------
    parameters
        Names.
    prior
        From which true parameters are drawn.
    theta
        True parameters (N, P).
    ranks
        (N, P): the share of draws below the true value, between 0 and 1.
    credibility
        (N,): the probability of the region of highest density that just contains the true point.
    failures
        Experiments without posterior, by the error.
    """

    parameters: tuple[str, ...]
    prior: Prior
    theta: Array = field(repr=False)
    ranks: Array = field(repr=False)
    credibility: Array = field(repr=False)
    failures: tuple[tuple[str, int], ...] = ()

    @property
    def p_values(self) -> tuple[float, ...]:
        """Of each parameter's ranks being even (Kolmogorov and Smirnov)."""
        return tuple(float(kstest(column, "uniform").pvalue) for column in self.ranks.T)

    def expected_coverage(self, probabilities: Sequence[float]) -> tuple[ExpectedCoverage, ...]:
        """Return the coverage of regions of highest density."""
        n = len(self.credibility)
        return tuple(ExpectedCoverage(one, int((self.credibility <= one).sum()), n) for one in probabilities)

    @property
    def verdict(self) -> Literal["passed", "doubtful", "failed"]:
        """From the least p-value of all ranks and of the credibilities, for their number."""
        p_values = (*self.p_values, float(kstest(self.credibility, "uniform").pvalue))
        least = min(1.0, min(p_values) * len(p_values))
        return "failed" if least < _FAILED else "doubtful" if least < _DOUBTFUL else "passed"


def simulation_based_calibration(
    data_at: Callable[[Array, np.random.Generator], Likelihood],
    prior: Prior,
    parameters: Sequence[str],
    n_experiments: int,
    settings: ChainSettings,
    rng: np.random.Generator,
) -> CalibrationRanks:
    """Repeat experiments with true parameters from the prior; those that fail are counted.

    Parameters
    ----------
    data_at
        Draws data at a point (P,) and returns their likelihood.
    prior, parameters, settings
        Of the posteriors.
    n_experiments
        N.
    rng
        Source of randomness.

    Raises
    ------
    InferenceError
        If every experiment failed.
    """
    thetas, ranks, credibility = [], [], []
    failures: Counter[str] = Counter()
    for theta in prior.sample(n_experiments, rng):
        try:
            rank, credible = _experiment(data_at(theta, rng), prior, parameters, theta, settings, rng)
        except (AssayError, ArithmeticError, ValueError, np.linalg.LinAlgError) as error:
            failures[f"{type(error).__name__}: {error}".splitlines()[0]] += 1
            continue
        thetas.append(theta)
        ranks.append(rank)
        credibility.append(credible)
    if not thetas:
        raise InferenceError(
            f"all {n_experiments} experiments failed",
            expected="posteriors",
            mend="; ".join(f"{count} x {name}" for name, count in failures.items()),
        )
    found = np.array(thetas), np.array(ranks), np.array(credibility)
    return CalibrationRanks(tuple(parameters), prior, *found, tuple(failures.items()))


def _experiment(
    likelihood: Likelihood,
    prior: Prior,
    parameters: Sequence[str],
    theta: Array,
    settings: ChainSettings,
    rng: np.random.Generator,
) -> tuple[Array, float]:
    """Return ranks (P,) and credibility of the true point among nearly independent draws."""
    posterior = sample_posterior(likelihood, prior, parameters, settings, rng)
    n_draws = int(np.clip(posterior.effective_samples, 10, _DRAWS))
    rows = rng.choice(len(posterior.samples), n_draws, replace=False)
    draws, heights = posterior.samples[rows], posterior.log_density[rows]
    height = float((prior.log_density(theta) + likelihood.log_likelihood(theta[None]))[0])
    # the true value is one more draw: a random place within its share makes ranks even, not only nearly so
    place = rng.random(len(theta) + 1)
    below = ((draws < theta).sum(axis=0) + place[:-1]) / (n_draws + 1)
    above = (float((heights > height).sum()) + place[-1]) / (n_draws + 1)
    return below, above
