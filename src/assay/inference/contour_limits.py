"""Limits from adaptive contours: the surrogate of an expensive likelihood takes the place of the likelihood.

The result is that of `assay.inference.limits`, with best fit, profiles and intervals; only the points that the search
chose are evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.adaptive_contours import ContourResult, ContourSettings, adaptive_contours
from assay.inference.grid import Grid
from assay.inference.limits import DataSet, limits
from assay.inference.protocols import Array, Likelihood
from assay.inference.results import LimitResult
from assay.inference.surrogate import Surrogate

MOST_EVALUATIONS = {1: 25, 2: 62, 3: 200, 4: 390}
"""By the number of parameters: a tenth of 25 x 25 points, and a thousandth of 25^4."""


@dataclass(frozen=True)
class _Relative:
    """A surrogate with the value that the likelihood has at its best point."""

    surrogate: Surrogate
    highest: float

    def log_likelihood(self, theta: Array) -> Array:
        return self.highest + self.surrogate.log_likelihood(theta)

    def gradient(self, theta: Array) -> Array:
        return self.surrogate.gradient(theta)


def contour_limits(
    method: str,
    include_rate: bool,
    likelihood: Likelihood,
    grid: Grid,
    data: DataSet,
    confidence_levels: Sequence[float],
    ranges: npt.ArrayLike | None = None,
    notes: Sequence[str] = (),
    settings: ContourSettings | None = None,
) -> tuple[LimitResult, ContourResult]:
    """Return limits from few evaluations of a likelihood; the arguments are those of `assay.inference.limits.limits`.

    Parameters
    ----------
    grid
        Its bounds are searched; on its points the surrogate is evaluated, not the likelihood.
    settings
        Of the search; None: `MOST_EVALUATIONS`.

    Raises
    ------
    InferenceError
        If there are more than four parameters.
    """
    if grid.n_parameters not in MOST_EVALUATIONS:
        raise InferenceError(
            f"adaptive contours in {grid.n_parameters} parameters",
            expected="one to four",
            mend="ask for the strategy `profiles`",
        )
    wanted = settings or ContourSettings(MOST_EVALUATIONS[grid.n_parameters])
    found = adaptive_contours(likelihood.log_likelihood, grid.parameters, grid.bounds, confidence_levels, wanted)
    stand_in = _Relative(found.surrogate, float(np.max(found.log_likelihood)))
    result = limits(
        method,
        include_rate,
        stand_in,
        grid,
        data,
        confidence_levels,
        ranges=None if ranges is None else ranges,
        notes=notes,
    )
    if not found.converged:
        errors = ", ".join(f"{error:.1%}" for error in found.rounds[-1].expected_error)
        text = (
            f"the contours may be wrong by {errors} of their volumes after {found.n_evaluations} evaluations, "
            "where the search ended"
        )
        result = replace(result, warnings=(*result.warnings, text))
    return result, found
