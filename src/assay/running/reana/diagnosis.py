"""Why a run on REANA ended without its results, from its state and logs.

A job's log ends with why its container ended, as Kubernetes says it: `Completed`, `Error`, `OOMKilled`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from assay.errors import ReanaError
from assay.running.reana.answers import Job, Logs, RunState
from assay.running.steps import stage_of

Cause = Literal["stopped", "deleted", "memory", "time", "image", "program", "lost"]

_REPEATED: frozenset[Cause] = frozenset({"memory", "time", "lost"})
"""What may go better the next time: complete jobs of a batch are kept, and another node may have more room."""
_MEMORY = re.compile(r"\bOOMKilled\b|\bexit (code|status) 137\b|\bexitCode: 137\b|^Killed$|out of memory", re.M | re.I)
_TIME = re.compile(r"\bDeadlineExceeded\b|exceeding timeout")
_IMAGE = re.compile(
    r"ErrImagePull|ImagePullBackOff|InvalidImageName|[Bb]ack-off pulling image|pull access denied|failed to pull|"
    r"manifest unknown|manifest for .* not found",
)
_REASON = re.compile(r"\n(Error|Completed)\s*$")
_CONTAINER = re.compile(r"^\w+: :\n ")
_LINES = 20


@dataclass(frozen=True)
class Failure:
    """Why a run failed; `is_worth_repeating` if a restart may go better."""

    cause: Cause
    error: ReanaError

    @property
    def is_worth_repeating(self) -> bool:
        """Whether the same may succeed the next time; a fault that a program reports would come again."""
        return self.cause in _REPEATED


def diagnose(state: RunState, logs: Logs) -> Failure:
    """Find out why a run that has ended did not finish."""
    if state.status == "stopped":
        return Failure("stopped", _stopped(state))
    if state.status == "deleted":
        return Failure("deleted", ReanaError("the run was deleted", where=state.name, mend="start a new one"))
    failed = sorted((job for job in logs.jobs if job.status == "failed"), key=_end)
    if not failed:
        return _without_failed_job(state, logs)
    first, also = failed[0], _also(failed[1:])
    cause = _cause(first)
    return Failure(cause, _EXPLAIN[cause](state.name, first, also))


def _end(job: Job) -> float:
    return job.ended if job.ended is not None else float("inf")


def _cause(job: Job) -> Cause:
    if _MEMORY.search(job.log):
        return "memory"
    if _TIME.search(job.log):
        return "time"
    if _IMAGE.search(job.log):
        return "image"
    return "program" if _own_words(job.log) else "lost"


def _own_words(log: str) -> str:
    """Return the last lines that the step itself has written."""
    text = _REASON.sub("", _CONTAINER.sub("", log.rstrip())).rstrip()
    return "\n".join(text.splitlines()[-_LINES:])


def _stopped(state: RunState) -> ReanaError:
    return ReanaError(
        "the run was stopped, by you or by an administrator",
        where=state.name,
        expected="a run that ends by itself",
        mend="REANA does not restart stopped runs: run the same command again without --resume",
    )


def _memory(run: str, job: Job, also: str) -> ReanaError:
    return ReanaError(
        f"step {job.name} took more memory than it may and was killed; its last lines:\n{_own_words(job.log)}{also}",
        where=run,
        mend=f"raise execution.resources.{stage_of(job.name)}.memory (GiB) in the study and go on with --resume {run}",
    )


def _time(run: str, job: Job, also: str) -> ReanaError:
    return ReanaError(
        f"step {job.name} took longer than it may and was killed; its last lines:\n{_own_words(job.log)}{also}",
        where=run,
        mend=f"raise execution.resources.{stage_of(job.name)}.time_limit (minutes) in the study, or make batches "
        f"smaller (execution.jobs_per_step), and go on with --resume {run}",
    )


def _image(run: str, job: Job, also: str) -> ReanaError:
    return ReanaError(
        f"the image of step {job.name} cannot be pulled: {_own_words(job.log)}{also}",
        where=f"{run}: {job.image}",
        expected="an image that the cluster can reach",
        mend="push the images (`make push REGISTRY=...`), name them in steps/*.yml, see that they are public, and go "
        f"on with --resume {run}",
    )


def _program(run: str, job: Job, also: str) -> ReanaError:
    return ReanaError(
        f"step {job.name} failed; its last lines:\n{_own_words(job.log)}{also}",
        where=run,
        mend=f"put right what the lines above say and go on with --resume {run}: complete steps are kept",
    )


def _lost(run: str, job: Job, also: str) -> ReanaError:
    return ReanaError(
        f"step {job.name} failed without a word: its node or the cluster may be at fault{also}",
        where=run,
        mend=f"go on with --resume {run}: complete steps are kept; see also `reana-client logs -w {run}`",
    )


_EXPLAIN = {"memory": _memory, "time": _time, "image": _image, "program": _program, "lost": _lost}


def _without_failed_job(state: RunState, logs: Logs) -> Failure:
    lines = "\n".join(logs.engine.rstrip().splitlines()[-_LINES:])
    words = f"; the engine's last lines:\n{lines}" if lines else " without a word"
    error = ReanaError(
        f"the run failed outside of its steps{words}",
        where=state.name,
        mend=f"see `reana-client logs -w {state.name}`; go on with --resume {state.name}",
    )
    return Failure("program" if lines else "lost", error)


def _also(others: Sequence[Job]) -> str:
    return f"\nfailed, too: {', '.join(job.name for job in others)}" if others else ""
