"""A calibration: what estimates of the ratio were found to mean (1506.02169, section 2.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import TrainingError

Array = NDArray[np.float64]
CalibrationKind = Literal["histogram", "isotonic"]


@dataclass(frozen=True)
class Calibration:
    """log r = g(log r_hat), a line through points.

    Parameters
    ----------
    kind
        How it was found.
    knots
        log r_hat of the points, rising, one at least.
    values
        log r there.
    """

    kind: CalibrationKind
    knots: tuple[float, ...]
    values: tuple[float, ...]

    def __post_init__(self) -> None:
        points = np.array([self.knots, self.values])
        if points.ndim != 2 or not points.shape[1] or not np.isfinite(points).all() or (np.diff(points[0]) <= 0).any():
            raise TrainingError(
                f"a calibration through {len(self.knots)} points with {len(self.values)} values",
                expected="as many finite values as rising points, one at least",
            )

    def apply(self, log_r: ArrayLike) -> Array:
        """Return g of estimates of any shape."""
        u = np.asarray(log_r, dtype=np.float64)
        inside = np.interp(u, self.knots, self.values)
        first, last = self.knots[0], self.knots[-1]
        return inside + np.minimum(u - first, 0.0) + np.maximum(u - last, 0.0)

    def slope(self, log_r: ArrayLike) -> Array:
        """Return the derivative of g at estimates of any shape; that to the right at a point itself."""
        slopes = np.concatenate([[1.0], np.diff(self.values) / np.diff(self.knots), [1.0]])
        where = np.searchsorted(self.knots, np.asarray(log_r, dtype=np.float64), side="right")
        chosen: Array = slopes[where]
        return chosen

    def steps(self) -> tuple[Array, Array, Array]:
        """Return starts k, widths d and rises v of the pieces between the points, (K - 1,) each.

        g(u) = values[0] + min(u - knots[0], 0) + max(u - knots[-1], 0) + sum_i v_i clip((u - k_i) / d_i, 0, 1): a form
        that loses no digits in single precision.
        """
        return np.array(self.knots[:-1]), np.diff(self.knots), np.diff(self.values)
