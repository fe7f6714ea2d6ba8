"""The theory parameters, their benchmarks, and the space they span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ParameterError
from assay.study.arithmetic import evaluate
from assay.study.expressions import parse


@dataclass(frozen=True)
class Parameter:
    """One theory parameter.

    Parameters
    ----------
    name
        Its name in the study.
    lha_block, lha_id
        The entry of the parameter card that it sets.
    range
        Lowest and highest value for which the morphing is optimised.
    max_power
        The highest power with which it enters a squared matrix element.
    transform
        The value of the entry as an expression in `theta` ("16.52*theta"); the parameter itself if None. It is
        parsed when it is used, never when a file is opened.
    label
        LaTeX without dollar signs.
    """

    name: str
    lha_block: str
    lha_id: int
    range: tuple[float, float]
    max_power: int = 2
    transform: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        low, high = self.range
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ParameterError(
                f"the range [{low}, {high}] is empty or not finite",
                where=f"parameter {self.name}",
                expected="a lowest value below a highest value",
            )
        if self.max_power < 0:
            raise ParameterError(
                f"the maximal power {self.max_power} is negative",
                where=f"parameter {self.name}",
                expected="a power of zero or more",
            )

    def coefficient(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the value of the parameter card's entry at parameter values `theta` (any shape).

        Raises
        ------
        ExpressionError
            If the transform is not arithmetic in `theta`.
        """
        values = np.asarray(theta, dtype=np.float64)
        if self.transform is None:
            return values
        return evaluate(parse(self.transform, variables=("theta",), particles=False), {"theta": values})


@dataclass(frozen=True)
class Benchmark:
    """A named point in parameter space; `values` are in the order of the parameters."""

    name: str
    values: tuple[float, ...]


@dataclass(frozen=True)
class ParameterSpace:
    """The parameters and the benchmarks at which events are generated or reweighted to.

    `reference` names one of the benchmarks: the first if empty.

    Raises
    ------
    ParameterError
        If names repeat, a benchmark does not fit the parameters, or the reference is unknown.
    """

    parameters: tuple[Parameter, ...]
    benchmarks: tuple[Benchmark, ...]
    reference: str = ""

    def __post_init__(self) -> None:
        if not self.parameters or not self.benchmarks:
            raise ParameterError("no parameters or no benchmarks", expected="at least one of each")
        _check_unique(self.names, "parameter")
        _check_unique(self.benchmark_names, "benchmark")
        for benchmark in self.benchmarks:
            if len(benchmark.values) != len(self.parameters) or not np.all(np.isfinite(benchmark.values)):
                raise ParameterError(
                    f"its values are {benchmark.values}",
                    where=f"benchmark {benchmark.name}",
                    expected=f"one finite value for each of {', '.join(self.names)}",
                )
        if not self.reference:
            object.__setattr__(self, "reference", self.benchmarks[0].name)
        self.index_of(self.reference)

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(parameter.name for parameter in self.parameters)

    @property
    def benchmark_names(self) -> tuple[str, ...]:
        """Names of the benchmarks."""
        return tuple(benchmark.name for benchmark in self.benchmarks)

    @property
    def ranges(self) -> NDArray[np.float64]:
        """Lowest and highest values, shape `(n_parameters, 2)`."""
        return np.array([parameter.range for parameter in self.parameters], dtype=np.float64)

    @property
    def max_powers(self) -> tuple[int, ...]:
        """Maximal power of each parameter."""
        return tuple(parameter.max_power for parameter in self.parameters)

    @property
    def benchmark_values(self) -> NDArray[np.float64]:
        """Parameter values of the benchmarks, shape `(n_benchmarks, n_parameters)`."""
        return np.array([benchmark.values for benchmark in self.benchmarks], dtype=np.float64)

    @property
    def reference_values(self) -> NDArray[np.float64]:
        """Parameter values of the reference benchmark, shape `(n_parameters,)`."""
        values: NDArray[np.float64] = self.benchmark_values[self.index_of(self.reference)]
        return values

    def index_of(self, benchmark: str) -> int:
        """Return the index of a benchmark by name.

        Raises
        ------
        ParameterError
            If there is no such benchmark.
        """
        try:
            return self.benchmark_names.index(benchmark)
        except ValueError:
            raise ParameterError(
                f"there is no benchmark {benchmark!r}", expected=f"one of {', '.join(self.benchmark_names)}"
            ) from None

    def coefficients(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the entries of the parameter card at theta `(..., n_parameters)`, of the same shape."""
        values = np.asarray(theta, dtype=np.float64)
        columns = [p.coefficient(values[..., i]) for i, p in enumerate(self.parameters)]
        return np.stack(columns, axis=-1)


def _check_unique(names: Sequence[str], kind: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ParameterError(
            f"{kind} names repeat: {', '.join(repeated)}", expected=f"a name of its own for every {kind}"
        )
