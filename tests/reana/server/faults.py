"""Faults to inject: in answers of the server, and in jobs of a run."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

JobFaultKind = Literal["image", "memory", "deadline", "lost"]


@dataclass(frozen=True)
class AnswerFault:
    """The calls from `first` to `last` (from 1) of an operation go wrong.

    `status` is what they answer, without doing anything; 0 drops the connection. `plain` answers text that is not
    JSON, as a proxy in front of a server does.
    """

    operation: str
    status: int
    first: int = 1
    last: int = 1
    message: str = "Internal server error."
    plain: bool = False


@dataclass(frozen=True)
class JobFault:
    """The job of a step goes wrong, the first `starts` times that the workflow is started in its workspace."""

    step: str
    kind: JobFaultKind
    starts: int = 1


@dataclass
class Faults:
    """All faults of a server, and the calls so far."""

    answers: list[AnswerFault] = field(default_factory=list)
    jobs: list[JobFault] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    def of_call(self, operation: str) -> AnswerFault | None:
        """Count a call, and return what goes wrong with it."""
        self.calls[operation] += 1
        number = self.calls[operation]
        return next(
            (fault for fault in self.answers if fault.operation == operation and fault.first <= number <= fault.last),
            None,
        )

    def of_start(self, number: int) -> dict[str, JobFaultKind]:
        """Return what goes wrong in the steps of the n-th start in a workspace."""
        return {fault.step: fault.kind for fault in self.jobs if number <= fault.starts}
