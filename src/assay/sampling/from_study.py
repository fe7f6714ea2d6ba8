"""The prior of the hypotheses in a study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.sampling.priors import FlatPrior, GaussianPrior, Prior
from assay.study import model
from assay.study.model import Study
from assay.study.resolve import resolve, trained_interval


@dataclass(frozen=True)
class IndependentPrior:
    """A prior of its own for every parameter: each evenly covered, paired at random."""

    parts: tuple[Prior, ...]

    @property
    def ranges(self) -> NDArray[np.float64]:
        """The box, shape (P, 2)."""
        return np.concatenate([part.ranges for part in self.parts])

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return `n` hypotheses, shape (n, P)."""
        return np.concatenate([rng.permutation(part.draw(n, rng)) for part in self.parts], axis=1)


def hypothesis_prior(study: Study) -> Prior:
    """Return the distribution of theta0 in training, over the values on which the study's limits may be evaluated."""
    priors = resolve(study).sampling.prior
    sections = [priors[name] for name in study.parameters]
    box = tuple(trained_interval(parameter, priors[name]) for name, parameter in study.parameters.items())
    gaussians = [section.gaussian for section in sections if isinstance(section, model.GaussianPrior)]
    if not gaussians:
        return FlatPrior(box)
    if len(gaussians) == len(sections):
        return GaussianPrior(tuple(mean for mean, _ in gaussians), tuple(std for _, std in gaussians), box)
    return IndependentPrior(tuple(_one(section, interval) for section, interval in zip(sections, box, strict=True)))


def _one(section: model.Prior, interval: model.Interval) -> Prior:
    if isinstance(section, model.GaussianPrior):
        mean, std = section.gaussian
        return GaussianPrior((mean,), (std,), (interval,))
    return FlatPrior((interval,))
