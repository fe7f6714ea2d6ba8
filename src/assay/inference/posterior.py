r"""The posterior of parameters, p(theta | data) ~ L(theta) p(theta), by Markov chain Monte Carlo.

The sampler is emcee (1202.3665). The prior is stated with every result: a posterior without it says nothing. Walkers
start around the highest points of the posterior; a chain that is short against its autocorrelation time is not believed
(`reliable`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import emcee
import numpy as np

from assay.errors import InferenceError
from assay.inference.priors import Prior
from assay.inference.protocols import Array, Likelihood

_STARTS = 256  # points of the prior per parameter, from which the walkers' places are drawn
_TIMES = 50.0  # autocorrelation times of a chain that is long enough (emcee's documentation)


@dataclass(frozen=True)
class ChainSettings:
    """How long chains are."""

    walkers: int = 32
    steps: int = 1000
    burn_in: int = 300


@dataclass(frozen=True)
class CredibleInterval:
    """The shortest interval of a parameter that holds a share of the posterior."""

    parameter: str
    probability: float
    lower: float
    upper: float


@dataclass(frozen=True)
class Posterior:
    """Draws from a posterior.

    Parameters
    ----------
    parameters
        Names.
    prior
        What was believed before.
    samples
        (N, P): all walkers, step by step, after the burn-in.
    log_density
        Of the posterior up to a constant, (N,).
    autocorrelation
        Integrated autocorrelation time of each parameter in steps, (P,).
    acceptance
        Share of accepted steps.
    n_steps
        Of each walker.
    """

    parameters: tuple[str, ...]
    prior: Prior
    samples: Array = field(repr=False)
    log_density: Array = field(repr=False)
    autocorrelation: tuple[float, ...]
    acceptance: float
    n_steps: int

    @property
    def effective_samples(self) -> float:
        """Independent draws that the samples are worth."""
        return len(self.samples) / max(self.autocorrelation)

    @property
    def reliable(self) -> bool:
        """Whether the chain is long against its autocorrelation time, and walkers moved."""
        return self.n_steps >= _TIMES * max(self.autocorrelation) and self.acceptance > 0.1

    @property
    def mean(self) -> Array:
        """(P,)."""
        return np.asarray(self.samples.mean(axis=0))

    @property
    def covariance(self) -> Array:
        """(P, P)."""
        return np.atleast_2d(np.cov(self.samples.T))

    @property
    def mode(self) -> Array:
        """The draw of highest density, (P,)."""
        return np.asarray(self.samples[int(np.argmax(self.log_density))])

    def intervals(self, probabilities: Sequence[float]) -> tuple[CredibleInterval, ...]:
        """Return the shortest intervals of each parameter."""
        return tuple(
            CredibleInterval(name, level, *shortest_interval(column, level))
            for name, column in zip(self.parameters, self.samples.T, strict=True)
            for level in probabilities
        )


def shortest_interval(samples: Array, probability: float) -> tuple[float, float]:
    """Return the shortest interval that holds a share of samples (N,)."""
    ordered = np.sort(samples)
    held = int(np.ceil(probability * len(ordered)))
    if not 1 <= held <= len(ordered) or not 0 < probability < 1:
        raise InferenceError(
            f"{probability} of {len(samples)} samples", expected="a share between 0 and 1, and samples"
        )
    widths = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
    first = int(np.argmin(widths))
    return float(ordered[first]), float(ordered[first + held - 1])


def sample_posterior(
    likelihood: Likelihood, prior: Prior, parameters: Sequence[str], settings: ChainSettings, rng: np.random.Generator
) -> Posterior:
    """Draw from a posterior.

    Parameters
    ----------
    likelihood
        Of the parameters of interest.
    prior
        Of the same parameters.
    parameters
        Their names.
    settings
        Of the chains.
    rng
        Source of randomness.

    Raises
    ------
    InferenceError
        If there are fewer than two walkers per parameter, or no point of the prior is possible.
    """
    n_parameters = len(parameters)
    if settings.walkers < 2 * n_parameters or len(prior.marginals) != n_parameters:
        raise InferenceError(
            f"{settings.walkers} walkers and {len(prior.marginals)} priors for {n_parameters} parameters",
            expected="two walkers or more, and one prior, for each parameter",
        )

    def log_posterior(theta: Array) -> Array:
        values = prior.log_density(theta)
        inside = np.isfinite(values)
        if inside.any():
            values[inside] += likelihood.log_likelihood(theta[inside])
        return values

    start = _start(log_posterior, prior, settings.walkers, rng)
    sampler = emcee.EnsembleSampler(settings.walkers, n_parameters, log_posterior, vectorize=True)
    sampler.random_state = np.random.RandomState(rng.integers(2**31)).get_state()
    state = sampler.run_mcmc(start, settings.burn_in, skip_initial_state_check=True)
    sampler.reset()
    sampler.run_mcmc(state, settings.steps, skip_initial_state_check=True)
    return Posterior(
        parameters=tuple(parameters),
        prior=prior,
        samples=sampler.get_chain(flat=True),
        log_density=sampler.get_log_prob(flat=True),
        autocorrelation=tuple(map(float, sampler.get_autocorr_time(quiet=True, tol=0))),
        acceptance=float(np.mean(sampler.acceptance_fraction)),
        n_steps=settings.steps,
    )


def _start(log_posterior: object, prior: Prior, walkers: int, rng: np.random.Generator) -> Array:
    """Return where walkers start: points of the prior, drawn by their posterior, with a little noise."""
    assert callable(log_posterior)  # noqa: S101
    candidates = prior.sample(max(_STARTS * len(prior.marginals), walkers), rng)
    values = log_posterior(candidates)
    if not np.isfinite(values).any():
        raise InferenceError(
            "no point of the prior is possible", expected="finite likelihoods", mend="choose another prior"
        )
    order = np.argsort(-values)[: max(walkers, len(values) // 16)]
    chosen = order[np.isfinite(values[order])]
    weights = np.exp(values[chosen] - values[chosen].max())
    places = candidates[rng.choice(chosen, size=walkers, p=weights / weights.sum())]
    low, high = prior.bounds.T
    moved = places + rng.normal(0.0, 0.01, places.shape) * (high - low)
    return np.asarray(np.clip(moved, low + 1e-9 * (high - low), high - 1e-9 * (high - low)))
