"""Following a run on REANA: asking where it stands until it has ended, through faults of the server."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO

from assay.running.fan_out import Condition
from assay.running.progress import ProgressDisplay
from assay.running.reana.answers import Job, RunState
from assay.running.reana.patience import Patience
from assay.running.reana.server import Server
from assay.running.status import PARTS, JobStatus, RunStatus, StageStatus, StepStatus
from assay.running.steps import stage_of

_CONDITIONS: dict[str, Condition] = {
    "created": "waiting", "queued": "waiting", "running": "running", "finished": "done", "failed": "failed",
    "stopped": "stopped",
}  # fmt: skip


@dataclass(frozen=True)
class Watch:
    """How a run is followed.

    Attributes
    ----------
    stream
        Where progress goes.
    interval
        Seconds between two looks.
    patience
        What is put up with from the server.
    """

    stream: IO[str]
    interval: float = 5.0
    patience: Patience = field(default_factory=Patience)

    def tell(self, line: str) -> None:
        """Show a line."""
        print(line, file=self.stream, flush=True)


def follow(server: Server, run: str, watch: Watch) -> RunState:
    """Follow a run to its end, showing its steps.

    Raises
    ------
    TransientError
        If the server does not answer for longer than the patience lasts.
    """
    seen: tuple[object, ...] = ()
    jobs: Sequence[Job] = ()
    status = ""
    with ProgressDisplay(watch.stream) as display:
        while True:
            state = watch.patience.insist(lambda: server.state(run), watch.tell)
            if state.status != status:
                status = state.status
                watch.tell(f"{run} is {status}{_lasted(state)}")
            now = (state.status, state.progress)
            if now != seen:  # logs are large: they are asked for when there is news
                seen, jobs = now, watch.patience.insist(lambda: server.logs(run), watch.tell).jobs
            display.update(run_status(state, jobs))
            if not state.is_active:
                return state
            time.sleep(watch.interval)


def run_status(state: RunState, jobs: Sequence[Job], clock: Callable[[], float] = time.time) -> RunStatus:
    """Arrange the jobs of a run by the stages of the workflow."""
    now = clock()
    steps = [_step(job, now) for job in jobs]
    known = [stage for part in PARTS.values() for stage in part]
    others = [name for name in dict.fromkeys(stage_of(step.name) for step in steps) if name not in known]
    stages = tuple(
        _stage_status(name, [step for step in steps if stage_of(step.name) == name]) for name in [*known, *others]
    )
    elapsed = None if state.started is None else (state.ended or now) - state.started
    condition: Condition = "running" if state.is_active else _CONDITIONS.get(state.status, "failed")
    return RunStatus(state.name, condition, state.is_active, elapsed, stages)


def _step(job: Job, now: float) -> StepStatus:
    condition = _CONDITIONS.get(job.status, "waiting")
    elapsed = None if job.started is None else (job.ended or now) - job.started
    return StepStatus(job.name, condition, (JobStatus(job.name, condition),), None, elapsed)


def _stage_status(name: str, steps: Sequence[StepStatus]) -> StageStatus:
    found = {step.state for step in steps}
    worst: tuple[Condition, ...] = ("failed", "stopped", "running", "waiting")
    state: Condition = next((one for one in worst if one in found), "done") if steps else "waiting"
    times = [step.elapsed for step in steps if step.elapsed is not None]
    return StageStatus(name, state, tuple(steps), max(times) if times else None)


def _lasted(state: RunState) -> str:
    if state.is_active or state.started is None or state.ended is None:
        return ""
    return f" after {state.ended - state.started:.0f} s"
