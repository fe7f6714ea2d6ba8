"""A rectangular grid of parameter points in any number of dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.protocols import Array

_POINTS_IN_ALL = 1500


@dataclass(frozen=True)
class Grid:
    """One axis of values per parameter; the grid is their product.

    Parameters
    ----------
    parameters
        Names, in the order of the parameter space.
    axes
        Per parameter the strictly increasing values (n_p,).
    """

    parameters: tuple[str, ...]
    axes: tuple[Array, ...]

    def __post_init__(self) -> None:
        if not self.axes or len(self.parameters) != len(self.axes):
            raise InferenceError(
                f"{len(self.axes)} axes for {len(self.parameters)} parameters", expected="one axis each"
            )
        for name, axis in zip(self.parameters, self.axes, strict=True):
            if axis.ndim != 1 or axis.size < 2 or not np.isfinite(axis).all() or (np.diff(axis) <= 0).any():
                raise InferenceError(
                    "the values do not make an axis",
                    where=f"grid of {name}",
                    expected="two or more finite, increasing values",
                )

    @classmethod
    def regular(
        cls, parameters: Sequence[str], ranges: npt.ArrayLike, points: int | Mapping[str, int] | None = None
    ) -> Grid:
        """Equally spaced values over `ranges` (P, 2), ends included; `points` None: `default_points`."""
        bounds = np.asarray(ranges, dtype=np.float64)
        common = points if isinstance(points, int) else default_points(len(parameters))
        counts = points if isinstance(points, Mapping) else {}
        axes = (
            np.linspace(low, high, counts.get(n, common)) for n, (low, high) in zip(parameters, bounds, strict=True)
        )
        return cls(tuple(parameters), tuple(axes))

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values per parameter."""
        return tuple(axis.size for axis in self.axes)

    @property
    def n_points(self) -> int:
        """T."""
        return prod(self.shape)

    @property
    def n_parameters(self) -> int:
        """P."""
        return len(self.axes)

    @property
    def bounds(self) -> Array:
        """First and last value per parameter, (P, 2)."""
        return np.array([(axis[0], axis[-1]) for axis in self.axes])

    @property
    def steps(self) -> Array:
        """Mean distance between neighbours per parameter, (P,)."""
        return np.array([(axis[-1] - axis[0]) / (axis.size - 1) for axis in self.axes])

    @property
    def points(self) -> Array:
        """All points (T, P), the last parameter running fastest, so that (T,) reshapes to `shape`."""
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, self.n_parameters)

    def some_points(self, most: int) -> Array:
        """Return all points, or `most` of them at random, always the same, where there are more."""
        if self.n_points <= most:
            return self.points
        places = np.random.default_rng(0).integers(self.shape, size=(most, self.n_parameters))
        return np.stack([axis[place] for axis, place in zip(self.axes, places.T, strict=True)], axis=-1)

    def refined(self) -> Grid:
        """Return the grid with points half way between neighbours of each axis added."""
        axes = (np.sort(np.concatenate([axis, 0.5 * (axis[1:] + axis[:-1])])) for axis in self.axes)
        return Grid(self.parameters, tuple(axes))

    def contains(self, theta: npt.ArrayLike) -> bool:
        """Whether a point (P,) lies within the bounds."""
        point = np.asarray(theta, dtype=np.float64)
        return bool(((point >= self.bounds[:, 0]) & (point <= self.bounds[:, 1])).all())


def default_points(n_parameters: int) -> int:
    """Values per axis that keep a full grid affordable: 101 in one dimension, 25 in two, 11 in three, at least 3."""
    if n_parameters == 1:
        return 101
    if n_parameters == 2:
        return 25
    points = max(3, int(_POINTS_IN_ALL ** (1.0 / n_parameters)))
    return points if points % 2 else points - 1
