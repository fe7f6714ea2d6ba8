"""The parameter space and the morphing of a study."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import MorphingError
from assay.study.model import Study
from assay.theory.basis import optimise_basis
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

_PREFIX = "basis_"
_DIGITS = 4
"""Of optimised benchmarks: libraries differ in the last of sixteen, and a shower amplifies any difference."""


def parameter_space(study: Study, seed: int) -> tuple[ParameterSpace, Morphing]:
    """Return the study's parameters with its benchmarks, completed to a morphing basis, and the morphing.

    The study's own benchmarks come first; those that the morphing needs in addition are chosen by `optimise_basis` and
    called basis_1, basis_2 and so on.

    Raises
    ------
    MorphingError
        If the benchmarks do not determine the morphing well enough.
    """
    parameters = tuple(
        Parameter(
            name, section.lha_block, section.lha_id, section.range, section.max_power, section.transform, section.label
        )
        for name, section in study.parameters.items()
    )
    names = [parameter.name for parameter in parameters]
    given = {name: tuple(values[parameter] for parameter in names) for name, values in study.benchmarks.items()}
    powers = components([parameter.max_power for parameter in parameters], study.morphing.max_overall_power)
    ranges = np.array([parameter.range for parameter in parameters])
    basis = optimise_basis(powers, ranges, np.array(list(given.values())), seed=seed)
    added = _rounded(basis[len(given) :], ranges)
    labels = [name for number in range(1, len(added) + len(given) + 1) if (name := f"{_PREFIX}{number}") not in given]
    chosen = {label: tuple(float(value) for value in point) for label, point in zip(labels, added, strict=False)}
    benchmarks = tuple(Benchmark(name, values) for name, values in {**given, **chosen}.items())
    space = ParameterSpace(parameters, benchmarks, study.reference or benchmarks[0].name)
    morphing = Morphing.of_space(space, study.morphing.max_overall_power)
    if morphing.condition_number > study.morphing.max_condition_number:
        raise MorphingError(
            f"the morphing basis has a condition number of {morphing.condition_number:.3g}",
            where="morphing",
            expected=f"at most {study.morphing.max_condition_number:.3g}",
            mend="spread the benchmarks over the ranges of the parameters, or leave more of them to the optimisation",
        )
    return space, morphing


def _rounded(points: NDArray[np.float64], ranges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round benchmarks `(n, n_parameters)` to a ten-thousandth of the ranges' order of magnitude, inside the ranges."""
    decimals = _DIGITS - np.floor(np.log10(ranges[:, 1] - ranges[:, 0])).astype(int)
    columns = [np.round(column, count) for column, count in zip(points.T, decimals, strict=True)]
    return np.clip(np.stack(columns, axis=1), *ranges.T) + 0.0  # no negative zero
