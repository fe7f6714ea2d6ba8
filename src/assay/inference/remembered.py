"""A likelihood that remembers its values, for a costly shape that is used with and without the rate."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from assay.inference.protocols import Array, Likelihood, as_points


@dataclass(frozen=True)
class Remembered:
    """A likelihood whose values are computed once for each point, for a costly shape that is used more than once."""

    of: Likelihood
    _known: dict[bytes, float] = field(default_factory=dict, repr=False, compare=False)

    def log_likelihood(self, theta: Array) -> Array:
        """Return (T,) for theta (T, P)."""
        points = as_points(theta)
        keys = [point.tobytes() for point in points]
        new = [row for row, key in enumerate(keys) if key not in self._known]
        if new:
            values = self.of.log_likelihood(points[new])
            self._known.update({keys[row]: float(value) for row, value in zip(new, values, strict=True)})
        return np.array([self._known[key] for key in keys])

    def gradient(self, theta: Array) -> Array:
        """Return the gradient, of the shape of theta."""
        return self.of.gradient(theta)
