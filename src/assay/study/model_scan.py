"""Ensembles and scans of hyper-parameters: what a method may say of several trainings of it."""

from __future__ import annotations

from math import prod
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from assay.study.values import Finite, Section

RANGE_KINDS = ("uniform", "log_uniform", "integer")
_Value = bool | int | Finite | str | tuple[int, ...]
_Values = Annotated[tuple[_Value, ...], Field(min_length=1, max_length=1000)]


class UniformRange(Section):
    """Any number between two."""

    uniform: Annotated[tuple[Finite, Finite], Field(description="smallest and largest value")]


class LogUniformRange(Section):
    """Any number between two positive ones, evenly in its logarithm."""

    log_uniform: Annotated[tuple[Finite, Finite], Field(description="smallest and largest value")]


class IntegerRange(Section):
    """Any whole number between two, both included."""

    integer: Annotated[tuple[int, int], Field(description="smallest and largest value")]


def _range_kind(value: Any) -> str | None:
    if isinstance(value, list | tuple):
        return "list"
    if isinstance(value, Section):
        return next(iter(type(value).model_fields))
    kinds = [kind for kind in RANGE_KINDS if isinstance(value, dict) and kind in value]
    return kinds[0] if len(kinds) == 1 else None


ScanRange = Annotated[
    Annotated[_Values, Tag("list")]
    | Annotated[UniformRange, Tag("uniform")]
    | Annotated[LogUniformRange, Tag("log_uniform")]
    | Annotated[IntegerRange, Tag("integer")],
    Discriminator(_range_kind),
]


class ScanSection(Section):
    """Trainings with different settings, of which the one of the least validation loss is taken."""

    sampler: Annotated[
        Literal["grid", "random", "optuna"],
        Field(
            description="all combinations of lists, independent draws, or Optuna's TPE, which learns from its trials"
        ),
    ] = "random"
    trials: Annotated[int, Field(ge=1, le=100_000, description="in all; of a grid at most so many")] = 20
    jobs: Annotated[int, Field(ge=1, le=10_000, description="steps that share the trials")] = 1
    parameters: Annotated[
        dict[str, ScanRange],
        Field(
            min_length=1,
            description="settings of the section training, each with a list of values or one of uniform: [low, high], "
            "log_uniform: [low, high], integer: [low, high]; not those that change the loss, such as alpha",
        ),
    ]

    @property
    def n_jobs(self) -> int:
        """Steps that there are: none without a trial."""
        if self.sampler != "grid":
            return min(self.jobs, self.trials)
        sizes = [len(values) for values in self.parameters.values() if isinstance(values, tuple)]
        return min(self.jobs, self.trials, prod(sizes))
