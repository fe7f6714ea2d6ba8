"""How many unweighted events a pool is worth at a hypothesis: (sum w)^2 / sum w^2, reported, warned of and refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SizeLimits:
    """Effective sample sizes at a hypothesis.

    Parameters
    ----------
    warning
        Hypotheses below it are counted in the sample's description, and warned of.
    refusal
        With a hypothesis below it nothing is drawn.
    """

    warning: float = 300.0
    refusal: float = 30.0


@dataclass(frozen=True)
class EffectiveSampleSize:
    """Effective sample sizes over the hypotheses of a sample.

    Parameters
    ----------
    n_hypotheses
        Number of hypotheses, denominators included.
    minimum, median
        Over the hypotheses.
    theta_of_minimum
        The hypothesis with the least.
    warning_threshold
        Below it the draws of a hypothesis repeat a few events too often for comfort.
    n_below_warning
        Number of hypotheses below the threshold.
    """

    n_hypotheses: int
    minimum: float
    median: float
    theta_of_minimum: tuple[float, ...]
    warning_threshold: float
    n_below_warning: int

    @property
    def warning(self) -> str | None:
        """What a user has to be told, if anything."""
        if not self.n_below_warning:
            return None
        point = ", ".join(f"{value:.4g}" for value in self.theta_of_minimum)
        return (
            f"{self.n_below_warning} of {self.n_hypotheses} hypotheses have fewer than {self.warning_threshold:g} "
            f"effective events, the least {self.minimum:.0f} at theta = ({point}): generate more events, put a "
            "benchmark there, or narrow the prior"
        )


@dataclass(frozen=True, eq=False)
class SizesByHypothesis:
    """The effective sample size at every hypothesis.

    Parameters
    ----------
    theta
        The hypotheses, numerators first, then denominators, shape (T, P).
    sizes
        Shape (T,).
    """

    theta: Array
    sizes: Array

    def summary(self, limits: SizeLimits) -> EffectiveSampleSize:
        """Return the figures that a sample's description has.

        Raises
        ------
        SamplingError
            If a hypothesis has fewer effective events than are refused.
        """
        worst = int(np.argmin(self.sizes))
        if self.sizes[worst] < limits.refusal:
            raise SamplingError(
                f"the pool is worth {self.sizes[worst]:.1f} unweighted events, and less than {limits.refusal:g} at "
                f"{int(np.count_nonzero(self.sizes < limits.refusal))} of {len(self.sizes)} hypotheses",
                where=f"theta = {self.theta[worst].tolist()}",
                expected=f"at least {limits.refusal:g}",
                mend="generate more events, put a benchmark there, or narrow the prior",
            )
        return EffectiveSampleSize(
            n_hypotheses=len(self.sizes),
            minimum=float(self.sizes[worst]),
            median=float(np.median(self.sizes)),
            theta_of_minimum=tuple(self.theta[worst].tolist()),
            warning_threshold=limits.warning,
            n_below_warning=int(np.count_nonzero(self.sizes < limits.warning)),
        )
