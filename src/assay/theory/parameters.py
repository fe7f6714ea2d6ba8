"""The theory parameters, their benchmarks, and the space they span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import ParameterError
from assay.study.arithmetic import evaluate
from assay.study.expressions import parse
from assay.study.powers import Powers, per_part


@dataclass(frozen=True)
class CardEntry:
    """An entry of the parameter card and its value as an expression in `theta` (theta itself if None)."""

    block: str
    id: int
    transform: str | None = None

    def value(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the entry at parameter values `theta` (any shape).

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
class Parameter:
    """One theory parameter.

    Parameters
    ----------
    name
        Its name in the study.
    lha_block, lha_id
        The (first) entry of the parameter card that it sets.
    range
        Lowest and highest value for which the morphing is optimised.
    max_power
        The highest power with which it enters a squared matrix element, or a list of those in the squares of the
        parts of the amplitude (production, decay).
    transform
        The value of the entry as an expression in `theta` ("16.52*theta"); the parameter itself if None. It is
        parsed when it is used, never when a file is opened.
    label
        LaTeX without dollar signs.
    further_entries
        Further entries of the parameter card that it sets.
    """

    name: str
    lha_block: str
    lha_id: int
    range: tuple[float, float]
    max_power: Powers = 2
    transform: str | None = None
    label: str | None = None
    further_entries: tuple[CardEntry, ...] = ()

    def __post_init__(self) -> None:
        low, high = self.range
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ParameterError(
                f"the range [{low}, {high}] is empty or not finite",
                where=f"parameter {self.name}",
                expected="a lowest value below a highest value",
            )
        if min(per_part(self.max_power, 1), default=-1) < 0:
            raise ParameterError(
                f"the maximal power {self.max_power} is negative",
                where=f"parameter {self.name}",
                expected="powers of zero or more",
            )

    @property
    def entries(self) -> tuple[CardEntry, ...]:
        """All entries of the parameter card that it sets."""
        return (CardEntry(self.lha_block, self.lha_id, self.transform), *self.further_entries)


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
    def max_powers(self) -> tuple[Powers, ...]:
        """Maximal power of each parameter, or its maximal powers in the parts of the amplitude."""
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

    @property
    def card_entries(self) -> tuple[CardEntry, ...]:
        """All entries of the parameter card that the parameters set, in the order of `card_values`."""
        return tuple(entry for parameter in self.parameters for entry in parameter.entries)

    def card_values(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return all entries of the parameter card at theta `(..., n_parameters)`, shape `(..., n_entries)`."""
        values = np.asarray(theta, dtype=np.float64)
        columns = [entry.value(values[..., i]) for i, p in enumerate(self.parameters) for entry in p.entries]
        return np.stack(columns, axis=-1)


def _check_unique(names: Sequence[str], kind: str) -> None:
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ParameterError(
            f"{kind} names repeat: {', '.join(repeated)}", expected=f"a name of its own for every {kind}"
        )
