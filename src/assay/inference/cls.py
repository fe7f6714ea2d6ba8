r"""Asymptotic CLs of one parameter of interest with a histogram: p-values of a signal's strength against its absence.

The test statistic for upper limits is q~ (1007.1727, equation 16): for a strength mu not below the best fit,
2 [log L(mu^) - log L(mu)], with the likelihood at 0 in place of that at a negative best fit. With q_A the same for the
expected (Asimov) data without signal, and F the standard normal distribution (equations 59, 65, 66),

    t = sqrt(q) - sqrt(q_A) if q <= q_A, else (q - q_A) / (2 sqrt(q_A)),
    CL_s+b = 1 - F(t + sqrt(q_A)),  CL_b = 1 - F(t),  CL_s = CL_s+b / CL_b.

Nuisance parameters are profiled; the Asimov data are those of the fit without signal to the data, and so are the
auxiliary measurements' values.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from assay.errors import InferenceError
from assay.inference.likelihoods import BinnedLikelihood, Product, RateLikelihood
from assay.inference.maximisation import maximise_over
from assay.inference.nuisance import DEFAULT_RANGE, ConstraintTerm
from assay.inference.nuisance_templates import Total
from assay.inference.protocols import PER_INVERSE_FEMTOBARN, Array, Expectations
from assay.theory.constraints import Constraints, GaussianConstraint


@dataclass(frozen=True)
class CountingModel:
    """Expected events in bins as a function of (strength, nuisance parameters).

    Parameters
    ----------
    expectations
        Cross sections, pb; the strength is the first parameter and may not be below zero.
    luminosity
        fb^-1.
    n_nuisance
        How many of the last parameters are nuisance parameters, with unit Gaussian constraints.
    """

    expectations: Expectations
    luminosity: float
    n_nuisance: int

    def likelihood(self, counts: Array, centres: Array | None = None) -> Product:
        """Return the product of Poissons of all bins and the constraints around `centres` (K,), by default 0."""
        shape = BinnedLikelihood(self.expectations, counts)
        rate = RateLikelihood(Total(self.expectations), self.luminosity, float(counts.sum()))
        if not self.n_nuisance:
            return Product((shape, rate))
        around = np.zeros(self.n_nuisance) if centres is None else centres
        terms = Constraints(tuple(GaussianConstraint(float(centre)) for centre in around))
        return Product((shape, rate, ConstraintTerm(terms)))

    def expected(self, theta: Array) -> Array:
        """Return the expected events (N,) at one point (1 + K,)."""
        events: Array = PER_INVERSE_FEMTOBARN * self.luminosity * self.expectations.cross_sections(theta)[0]
        return events


@dataclass(frozen=True)
class CLsResult:
    """CLs of a strength.

    Parameters
    ----------
    strength
        What was tested.
    best_fit
        (strength, nuisance parameters), the strength not below zero.
    q, q_asimov
        The test statistic of the data and of Asimov data without signal.
    cl_sb, cl_b, cls
        p-values.
    """

    strength: float
    best_fit: tuple[float, ...]
    q: float
    q_asimov: float
    cl_sb: float
    cl_b: float
    cls: float


def asymptotic_cls(model: CountingModel, counts: Array, strength: float, largest: float) -> CLsResult:
    """Return the CLs of a strength; a value below 0.05 excludes it at 95 % confidence level.

    Parameters
    ----------
    model
        Of the expected events.
    counts
        Observed events (N,).
    strength
        To be tested, above zero.
    largest
        Up to which strength to look for the best fit.

    Raises
    ------
    InferenceError
        If the strength is not between zero and the largest.
    """
    if not 0.0 < strength <= largest:
        raise InferenceError(f"a strength of {strength}", expected=f"more than 0, up to the largest, {largest}")
    likelihood = model.likelihood(counts)
    q, best = q_tilde(model, likelihood, strength, largest)
    without = conditional_fit(model, likelihood, 0.0)[1]
    asimov = model.likelihood(model.expected(without), without[1:])
    q_asimov, _ = q_tilde(model, asimov, strength, largest)
    root, root_asimov = np.sqrt(q), np.sqrt(q_asimov)
    t = root - root_asimov if q <= q_asimov else (q - q_asimov) / (2.0 * root_asimov)
    cl_sb, cl_b = float(norm.sf(t + root_asimov)), float(norm.sf(t))
    return CLsResult(strength, tuple(map(float, best)), q, q_asimov, cl_sb, cl_b, cl_sb / cl_b)


def q_tilde(model: CountingModel, likelihood: Product, strength: float, largest: float) -> tuple[float, Array]:
    """Return the test statistic and the best fit (1 + K,) with a strength between zero and the largest."""
    starts = np.zeros((5, 1 + model.n_nuisance))
    starts[:, 0] = np.linspace(0.02, 0.98, 5) * largest
    bounds = np.vstack([[0.0, largest], np.tile(DEFAULT_RANGE, (model.n_nuisance, 1))])
    scale = np.concatenate([[0.1 * largest], np.ones(model.n_nuisance)])
    values, points = maximise_over(likelihood, starts, range(1 + model.n_nuisance), bounds, scale)
    top = int(np.argmax(values))
    if points[top, 0] > strength:
        return 0.0, points[top]
    return max(0.0, 2.0 * float(values[top] - conditional_fit(model, likelihood, strength)[0])), points[top]


def conditional_fit(model: CountingModel, likelihood: Product, strength: float) -> tuple[float, Array]:
    """Return the largest log likelihood at a strength, and where, (1 + K,)."""
    start = np.zeros((1, 1 + model.n_nuisance))
    start[0, 0] = strength
    free = range(1, 1 + model.n_nuisance)
    bounds = np.tile(DEFAULT_RANGE, (model.n_nuisance, 1))
    values, points = maximise_over(likelihood, start, free, bounds, np.ones(model.n_nuisance))
    return float(values[0]), points[0]
