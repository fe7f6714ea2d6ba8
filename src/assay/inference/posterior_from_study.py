"""The prior and the chains that a study asks for."""

from __future__ import annotations

from assay.inference.expectation import Expectation
from assay.inference.posterior import ChainSettings
from assay.inference.priors import Marginal, Prior
from assay.study.model_sampling import FlatPrior, GaussianPrior
from assay.study.model_toys import PosteriorSection


def prior_of(section: PosteriorSection, wanted: Expectation) -> Prior:
    """Return the prior of the parameters, each within the range of its grid, beyond which nothing is evaluated."""
    marginals = []
    for name, bounds in zip(wanted.grid.parameters, wanted.grid.bounds, strict=True):
        low, high = map(float, bounds)
        stated = section.prior.get(name)
        if stated is None:
            marginals.append(Marginal("flat", low, high))
        elif isinstance(stated, FlatPrior):
            marginals.append(Marginal("flat", max(low, stated.flat[0]), min(high, stated.flat[1])))
        elif isinstance(stated, GaussianPrior):
            marginals.append(Marginal("gaussian", low, high, *stated.gaussian))
        else:
            first, last = stated.log_uniform
            marginals.append(Marginal("log_uniform", max(low, first), min(high, last)))
    return Prior(tuple(marginals))


def chains_of(section: PosteriorSection) -> ChainSettings:
    """Return how long chains are."""
    return ChainSettings(section.walkers, section.steps, section.burn_in)
