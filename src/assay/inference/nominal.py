"""A ratio estimator at nominal nuisance parameters: of the parameters of interest alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.inference.protocols import Array, RatioEstimator


@dataclass(frozen=True)
class NominalRatio:
    """An estimator whose last `n_nuisance` parameters are held at zero."""

    of: RatioEstimator
    n_nuisance: int

    @property
    def observables(self) -> tuple[str, ...]:
        """Names of the columns of x."""
        return self.of.observables

    def log_ratio(self, x: Array, theta: Array) -> npt.NDArray[np.floating]:
        """Return (T, E) for x (E, O) and theta (T, P)."""
        return self.of.log_ratio(x, np.hstack([theta, np.zeros((len(theta), self.n_nuisance))]))

    def score(self, x: Array, theta: Array) -> npt.NDArray[np.floating]:
        """Return the gradient (E, P) for x (E, O) and theta (P,)."""
        return self.of.score(x, np.concatenate([theta, np.zeros(self.n_nuisance)]))[:, : len(theta)]
