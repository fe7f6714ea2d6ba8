"""The parameter space and the morphing of a study."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import MorphingError
from assay.study.model import ParameterSection, Study
from assay.study.powers import n_parts, per_part
from assay.theory.basis import optimise_basis
from assay.theory.finite_differences import FiniteDifferences
from assay.theory.monomials import components
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace
from assay.theory.shifts import with_shifted

_PREFIX = "basis_"
_DIGITS = 4
"""Of optimised benchmarks: libraries differ in the last of sixteen, and a shower amplifies any difference."""


def parameter_space(study: Study, seed: int) -> tuple[ParameterSpace, Morphing]:
    """Return the study's parameters with its benchmarks, completed to a morphing basis, and the morphing.

    The study's own benchmarks come first; those that the morphing needs in addition are chosen by `optimise_basis` and
    called basis_1, basis_2 and so on; those that are shifted for finite differences come last.

    Raises
    ------
    MorphingError
        If the benchmarks do not determine the morphing well enough.
    """
    names = list(study.parameters)
    differences = study.morphing.finite_differences
    described = [names.index(name) for name in differences.parameters] if differences is not None else []
    parameters = tuple(_parameter(name, study, names.index(name) in described) for name in names)
    given = [Benchmark(name, tuple(values[p] for p in names)) for name, values in study.benchmarks.items()]
    reference = study.reference or given[0].name
    powers = components([p.max_power for p in parameters], study.morphing.max_overall_power)
    centre = next(benchmark.values for benchmark in given if benchmark.name == reference)
    fixed = [b for b in given if _in_basis(b, study, [(p, centre[p]) for p in described])]
    ranges = np.array([parameter.range for parameter in parameters])
    points = np.array([b.values for b in fixed], dtype=np.float64).reshape(-1, len(names))
    added = _named(_chosen(powers, ranges, points, np.array(centre), described, study, seed), set(study.benchmarks))
    benchmarks = (*given, *added)
    base = [b for b, benchmark in enumerate(benchmarks) if benchmark in fixed or benchmark in added]
    if differences is None:
        space = ParameterSpace(parameters, benchmarks, reference)
        used = np.isin(np.arange(len(benchmarks)), base)
        morphing = Morphing.from_basis(powers, space.benchmark_values, space.benchmark_names, used)
    else:
        central = differences.scheme == "central"
        benchmarks, shifts = with_shifted(benchmarks, base, described, names, differences.epsilon, central)
        space = ParameterSpace(parameters, benchmarks, reference)
        morphing = FiniteDifferences.from_base(powers, space.benchmark_values, shifts, space.benchmark_names)
    _check_condition(morphing, study.morphing.max_condition_number)
    return space, morphing


def _parameter(name: str, study: Study, described: bool) -> Parameter:
    """Return a parameter; one that finite differences describe has no powers."""
    section: ParameterSection = study.parameters[name]
    first, *further = (CardEntry(entry.block, entry.id, entry.transform) for entry in section.entries)
    parts = n_parts([other.max_power for other in study.parameters.values()], study.morphing.max_overall_power)
    in_parts = per_part(0 if described else section.max_power, parts)
    power = in_parts if parts > 1 else in_parts[0]
    return Parameter(name, first.block, first.id, section.range, power, first.transform, section.label, tuple(further))


def _in_basis(benchmark: Benchmark, study: Study, at: list[tuple[int, float]]) -> bool:
    """Say whether the morphing uses a benchmark: it may, and has these values of some parameters."""
    allowed = study.morphing.basis is None or benchmark.name in study.morphing.basis
    return allowed and all(benchmark.values[p] == value for p, value in at)


def _chosen(
    powers: NDArray[np.int64],
    ranges: NDArray[np.float64],
    fixed: NDArray[np.float64],
    centre: NDArray[np.float64],
    described: list[int],
    study: Study,
    seed: int,
) -> NDArray[np.float64]:
    """Return the benchmarks that the morphing needs in addition to fixed ones, shape `(n, n_parameters)`.

    They stay at the centre in the parameters that finite differences describe.
    """
    morphed = [p for p in range(len(ranges)) if p not in described]
    if not morphed:
        return np.empty((0, len(ranges))) if len(fixed) else centre[None]
    basis = optimise_basis(powers[:, morphed], ranges[morphed], fixed[:, morphed], study.morphing.basis_size, seed=seed)
    added = np.tile(centre, (len(basis) - len(fixed), 1))
    added[:, morphed] = _rounded(basis[len(fixed) :], ranges[morphed])
    return added


def _named(points: NDArray[np.float64], taken: set[str]) -> list[Benchmark]:
    """Return chosen benchmarks with names of their own."""
    numbers = range(1, len(points) + len(taken) + 1)
    free = [name for number in numbers if (name := f"{_PREFIX}{number}") not in taken]
    return [Benchmark(name, tuple(map(float, point))) for name, point in zip(free, points, strict=False)]


def _rounded(points: NDArray[np.float64], ranges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round benchmarks `(n, n_parameters)` to a ten-thousandth of the ranges' order of magnitude, inside the ranges."""
    decimals = _DIGITS - np.floor(np.log10(ranges[:, 1] - ranges[:, 0])).astype(int)
    columns = [np.round(column, count) for column, count in zip(points.T, decimals, strict=True)]
    rounded: NDArray[np.float64] = np.clip(np.stack(columns, axis=1), *ranges.T) + 0.0  # no negative zero
    return rounded


def _check_condition(morphing: Morphing, highest: float) -> None:
    if morphing.condition_number > highest:
        raise MorphingError(
            f"the morphing basis has a condition number of {morphing.condition_number:.3g}",
            where="morphing",
            expected=f"at most {highest:.3g}",
            mend="spread the benchmarks over the ranges of the parameters, or leave more of them to the optimisation",
        )
