"""Benchmarks that are shifted from others in one parameter, for finite differences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from assay.errors import MorphingError
from assay.theory.parameters import Benchmark


@dataclass(frozen=True, eq=False)
class Shifts:
    """Which benchmarks are shifted from which.

    Parameters
    ----------
    parameters
        Indices of the parameters that differences describe, shape `(n_described,)`.
    base
        Indices of the benchmarks that they start from, shape `(n_base,)`.
    plus
        Indices of the benchmarks with one of the parameters raised by `epsilon`, shape `(n_base, n_described)`.
    minus
        The same for lowered parameters; None for forward differences.
    epsilon
        The shift, in units of the parameters.
    """

    parameters: NDArray[np.int64]
    base: NDArray[np.int64]
    plus: NDArray[np.int64]
    minus: NDArray[np.int64] | None
    epsilon: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.epsilon) and self.epsilon > 0.0):
            raise MorphingError(f"a finite difference of {self.epsilon}", expected="a positive epsilon")
        shape = (len(self.base), len(self.parameters))
        for indices in (self.plus, self.minus):
            if 0 in shape or (indices is not None and indices.shape != shape):
                raise MorphingError(
                    f"shifted benchmarks in the shape {None if indices is None else indices.shape}",
                    expected=f"one for each of {shape[0]} base benchmarks and {shape[1]} parameters",
                )

    def layers(self, points: NDArray[np.float64]) -> list[NDArray[np.int64]]:
        """Return the base among benchmarks `(n_benchmarks, n_parameters)` by values of the described parameters.

        Benchmarks of one layer have the same values; layers stand in the order in which they appear.
        """
        values = points[np.ix_(self.base, self.parameters)]
        _, first, member = np.unique(values, axis=0, return_index=True, return_inverse=True)
        return [self.base[np.ravel(member) == layer] for layer in np.argsort(first)]


def with_shifted(
    benchmarks: Sequence[Benchmark],
    base: Sequence[int],
    described: Sequence[int],
    names: Sequence[str],
    epsilon: float,
    central: bool = True,
) -> tuple[tuple[Benchmark, ...], Shifts]:
    """Add benchmarks that are shifted by epsilon in one parameter each, named as MadMiner does.

    Parameters
    ----------
    benchmarks
        Benchmarks so far.
    base
        Indices of those to shift.
    described
        Indices of the parameters to shift.
    names
        Names of all parameters.
    epsilon
        The shift, in units of the parameters.
    central
        Shift down, too: "sm_minus_mass" beside "sm_plus_mass".
    """
    result = list(benchmarks)
    shape = (len(base), len(described))
    indices = {}
    for word, step in (("plus", epsilon), ("minus", -epsilon))[: 2 if central else 1]:
        indices[word] = np.arange(len(result), len(result) + shape[0] * shape[1]).reshape(shape)
        for b in base:
            for p in described:
                values = list(benchmarks[b].values)
                values[p] += step
                name = f"{benchmarks[b].name}_{word}_{names[p]}"
                result.append(replace(benchmarks[b], name=name, values=tuple(values)))
    shifts = Shifts(
        np.array(described, dtype=np.int64),
        np.array(base, dtype=np.int64),
        indices["plus"],
        indices.get("minus"),
        epsilon,
    )
    return tuple(result), shifts
