r"""CLs by toys: p-values of a hypothesis, corrected for data that are unlikely without it, too.

    CL_s+b = P(q >= q_obs | theta),  CL_b = P(q >= q_obs | theta_0),  CL_s = CL_s+b / CL_b   (hep-ex/9902006)

- `cls_of`: from test statistics of toys at theta and at theta_0, in any number of parameters; large q is against theta.
- `asymptotic_region_cls`: the same of q(theta) = 2 [log L(theta^) - log L(theta)] by the formulas of Wilks and Wald
  (1007.1727, section 3.1): chi-square at theta, noncentral chi-square at theta_0.
- `counting_cls`: of a signal strength in bins, with the test statistic of upper limits, by toys; its asymptotic
  formulas are in `assay.inference.cls`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2, ncx2

from assay.errors import AssayError, InferenceError
from assay.inference.cls import CountingModel, conditional_fit, q_tilde
from assay.inference.protocols import Array


@dataclass(frozen=True)
class ToyCLs:
    """CLs from toys, with their standard deviations.

    Parameters
    ----------
    q
        The test statistic of the data.
    cl_sb, cl_b, cls
        p-values.
    cl_sb_error, cl_b_error, cls_error
        Their binomial errors.
    n_sb, n_b
        Toys with and without signal.
    failures
        How many toys could not be analysed, by name.
    """

    q: float
    cl_sb: float
    cl_sb_error: float
    cl_b: float
    cl_b_error: float
    cls: float
    cls_error: float
    n_sb: int
    n_b: int
    failures: tuple[tuple[str, int], ...] = ()

    @property
    def excluded(self) -> bool:
        """Whether the hypothesis is excluded at 95 % confidence level."""
        return self.cls < 0.05


def cls_of(
    q: float, with_signal: npt.ArrayLike, without: npt.ArrayLike, failures: tuple[tuple[str, int], ...] = ()
) -> ToyCLs:
    """Return CLs of a test statistic, from those of toys (N,) at the hypothesis and (M,) without signal.

    The data count as one more toy of each kind, so that no p-value is zero.

    Raises
    ------
    InferenceError
        If there are no toys, or a test statistic is not finite.
    """
    signal, background = np.asarray(with_signal, dtype=np.float64), np.asarray(without, dtype=np.float64)
    finite = np.isfinite(signal).all() and np.isfinite(background).all() and np.isfinite(q)
    if not len(signal) or not len(background) or not finite:
        raise InferenceError(
            f"{len(signal)} toys with and {len(background)} without signal, data with q = {q}",
            expected="one or more of both, and finite test statistics",
        )
    cl_sb, cl_sb_error = _p_value(q, signal)
    cl_b, cl_b_error = _p_value(q, background)
    cls = cl_sb / cl_b
    error = cls * float(np.hypot(cl_sb_error / cl_sb, cl_b_error / cl_b))
    counts = (len(signal), len(background))
    return ToyCLs(q, cl_sb, cl_sb_error, cl_b, cl_b_error, min(1.0, cls), error, *counts, failures)


def _p_value(q: float, toys: Array) -> tuple[float, float]:
    # values equal up to rounding are equal: counts are discrete
    share = (int((toys >= q - 1e-9 * max(1.0, abs(q))).sum()) + 1) / (len(toys) + 1)
    return share, float(np.sqrt(share * (1.0 - share) / len(toys)))


@dataclass(frozen=True)
class AsymptoticCLs:
    """CLs of a point by the formulas of Wilks and Wald."""

    q: float
    q_asimov: float
    cl_sb: float
    cl_b: float
    cls: float


def asymptotic_region_cls(q: float, q_asimov: float, n_parameters: int) -> AsymptoticCLs:
    """Return CLs of a point with P parameters.

    Parameters
    ----------
    q
        q(theta) of the data.
    q_asimov
        q(theta) of Asimov data at theta_0: the noncentrality.
    n_parameters
        P.
    """
    if q < 0 or q_asimov < 0:
        raise InferenceError(f"test statistics {q} and {q_asimov}", expected="0 or more")
    cl_sb = float(chi2.sf(q, n_parameters))
    cl_b = float(ncx2.sf(q, n_parameters, q_asimov)) if q_asimov > 0 else cl_sb
    return AsymptoticCLs(q, q_asimov, cl_sb, cl_b, cl_sb / cl_b if cl_b > 0 else 1.0)


def counting_cls(
    model: CountingModel, counts: Array, strength: float, largest: float, n_toys: int, rng: np.random.Generator
) -> ToyCLs:
    """Return the CLs of a signal strength by toys.

    Toys are drawn at the nuisance parameters fitted to the data with and without signal; auxiliary measurements
    fluctuate with them.

    Parameters
    ----------
    model
        Expected events.
    counts
        Observed ones (N,).
    strength, largest
        To be tested, and up to which to look for the best fit.
    n_toys
        Of each kind.
    rng
        Source of randomness.
    """
    if not 0.0 < strength <= largest or n_toys < 1:
        raise InferenceError(
            f"a strength of {strength} and {n_toys} toys", expected=f"more than 0, up to {largest}; one toy or more"
        )
    likelihood = model.likelihood(counts)
    observed = q_tilde(model, likelihood, strength, largest)[0]
    samples, failures = [], Counter[str]()
    for tested in (strength, 0.0):
        point = conditional_fit(model, likelihood, tested)[1]
        values, failed = _toy_statistics(model, point, strength, largest, n_toys, rng)
        samples.append(values)
        failures.update(failed)
    return cls_of(observed, samples[0], samples[1], tuple(failures.items()))


def _toy_statistics(
    model: CountingModel, point: Array, strength: float, largest: float, n_toys: int, rng: np.random.Generator
) -> tuple[Array, Counter[str]]:
    expected = model.expected(point)
    values, failures = [], Counter[str]()
    for _ in range(n_toys):
        counts = rng.poisson(expected).astype(np.float64)
        centres = point[1:] + rng.normal(size=model.n_nuisance)
        try:
            values.append(q_tilde(model, model.likelihood(counts, centres), strength, largest)[0])
        except (AssayError, ArithmeticError, np.linalg.LinAlgError) as error:
            failures[type(error).__name__] += 1
    return np.array(values), failures
