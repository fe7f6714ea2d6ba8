"""Where a run stands: its stages, their steps and jobs, from what the executor, the stages and the lock tell.

A step is the workflow engine's unit, a job the study's: a step of a fan-out does one batch of jobs. How many there will
be is known once `configure` (jobs) and `sample` (trainings, toys, methods) have published their lists. A job is
complete once its folder has a manifest; one of work that began before the step did is of an earlier run, and was kept.
"""

from __future__ import annotations

import fcntl
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from assay.errors import WorkflowError
from assay.manifest import NAME as MANIFEST
from assay.running.fan_out import Condition, batches_in, job_states, listed_in
from assay.running.steps import StepState, read_steps

LOCK = ".lock"
PARTS: Mapping[str, Sequence[str]] = {
    "physics": ("configure", "prepare", "generate", "simulate", "extract", "combine"),
    "ml": ("sample", "train", "toys", "evaluate", "plot"),
}
_BATCHED = ("generate", "simulate", "extract")
_LISTED = {"train": "trainings", "toys": "toys", "evaluate": "methods"}
"""Stages that follow a list of `sample`, and its name."""
_COMPLETE = ("done", "kept")


@dataclass(frozen=True)
class JobStatus:
    """A job of a fan-out, a method, or a stage that is one job."""

    name: str
    state: Condition


@dataclass(frozen=True)
class StepStatus:
    """A step; `log` is relative to the run's folder, `elapsed` in seconds, both None before it starts."""

    name: str
    state: Condition
    jobs: tuple[JobStatus, ...]
    log: str | None = None
    elapsed: float | None = None
    attempt: int = 1


@dataclass(frozen=True)
class StageStatus:
    """A stage with the steps that are known; `elapsed` in seconds, None before it starts."""

    name: str
    state: Condition
    steps: tuple[StepStatus, ...]
    elapsed: float | None

    @property
    def jobs(self) -> Counter[str]:
        """Number of jobs by state."""
        return Counter(job.state for step in self.steps for job in step.jobs)

    @property
    def n_steps_complete(self) -> int:
        """Number of steps that are done, in this run or before."""
        return sum(step.state in _COMPLETE for step in self.steps)


@dataclass(frozen=True)
class RunStatus:
    """A run; `alive` tells whether a launcher or an engine is at work in its folder, `elapsed` is in seconds."""

    folder: str
    state: Condition
    alive: bool
    elapsed: float | None
    stages: tuple[StageStatus, ...]

    @property
    def steps(self) -> tuple[StepStatus, ...]:
        """All steps that are known, by stage."""
        return tuple(step for stage in self.stages for step in stage.steps)


@dataclass(frozen=True)
class _Context:
    """What is known about a run before looking at a stage."""

    folder: Path
    alive: bool
    now: float
    states: Mapping[Path, StepState]
    by_stage: Mapping[tuple[Path, str], Mapping[Path, StepState]]


def is_alive(folder: Path) -> bool:
    """Whether a launcher, or what it started, holds the lock of a run's folder."""
    try:
        with open(folder / LOCK) as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def newest_run(folder: Path) -> Path:
    """Return the run below a folder in which something happened last.

    Raises
    ------
    WorkflowError
        If there is none.
    """
    locks = list(folder.glob(f"*/{LOCK}"))
    if not locks:
        raise WorkflowError("no run here", where=str(folder), expected="a run's folder", mend="name the run's folder")
    return max((lock.parent for lock in locks), key=_last_change)


def _last_change(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder / LOCK, folder / "yadage.log") if path.exists())


def read_status(folder: Path) -> RunStatus:
    """Read where a run stands.

    Raises
    ------
    WorkflowError
        If the folder is not a run's.
    """
    if not (folder / LOCK).is_file():
        raise WorkflowError(
            "not a run's folder", where=str(folder), expected="a folder that `assay run` wrote to", mend="name another"
        )
    place = folder.resolve()  # as the launcher names it
    states = read_steps(place)
    by_stage: dict[tuple[Path, str], dict[Path, StepState]] = defaultdict(dict)
    for path, state in states.items():
        by_stage[path.parent, state.stage][path] = state
    context = _Context(place, is_alive(place), time.time(), states, by_stage)
    stages = tuple(_stage(name, place, context) for name, place in _places(context).items())
    return RunStatus(str(folder), _run_state(context.alive, stages), context.alive, _elapsed(context), stages)


def _places(context: _Context) -> dict[str, Path]:
    """Return where each stage of the run has its steps: of the whole study in a folder per part, of a part directly."""
    top = {path.name for path in context.states if path.parent == context.folder}
    if top:
        part = "ml" if "sample" in top else "physics"
        return dict.fromkeys(PARTS[part], context.folder)
    return {stage: context.folder / part for part, stages in PARTS.items() for stage in stages}


def _run_state(alive: bool, stages: Sequence[StageStatus]) -> Condition:
    if alive:
        return "running"
    if any(stage.state == "failed" for stage in stages):
        return "failed"
    return "done" if all(stage.state in _COMPLETE for stage in stages) else "stopped"


def _elapsed(context: _Context) -> float | None:
    if not context.states:
        return None
    begun = min(state.started for state in context.states.values())
    last = context.now if context.alive else max(_end(state, context) for state in context.states.values())
    return last - begun


def _end(state: StepState, context: _Context) -> float:
    """Return when a step ended; of one that was killed, its log tells when it was last alive."""
    if state.ended is not None:
        return state.ended
    if context.alive:
        return context.now
    try:
        return max(state.started, Path(state.log).stat().st_mtime)
    except OSError:
        return state.started


def _stage(name: str, place: Path, context: _Context) -> StageStatus:
    states = context.by_stage.get((place, name), {})
    steps = tuple(
        _step(folder, jobs, name in _BATCHED, states.get(folder), context)
        for folder, jobs in _planned(name, place, states, context).items()
    )
    elapsed = None
    if states:
        elapsed = max(_end(state, context) for state in states.values()) - min(
            state.started for state in states.values()
        )
    return StageStatus(name, _overall(steps, context.alive), steps, elapsed)


def _overall(steps: Iterable[StepStatus], alive: bool) -> Condition:
    found = {step.state for step in steps}
    for worst in ("failed", "stopped", "running"):
        if worst in found:
            return worst
    if found <= {"waiting"}:
        return "waiting"
    if "waiting" in found:
        return "running" if alive else "stopped"
    return "kept" if found == {"kept"} else "done"


def _planned(
    stage: str, place: Path, states: Mapping[Path, StepState], context: _Context
) -> dict[Path, tuple[str, ...]]:
    """Return the folders of a stage's steps, each with the names of its jobs, in order."""
    batches: Sequence[tuple[str, ...]]
    if stage in _BATCHED:
        batches = batches_in(place / "configure") if _is_done(place / "configure", context) else ()
    elif stage in _LISTED:
        batches = listed_in(place / "sample", _LISTED[stage]) if _is_done(place / "sample", context) else ()
    else:
        return {place / stage: (stage,)}
    planned = {place / f"{stage}_{number}": jobs for number, jobs in enumerate(batches)}
    return planned or {path: (state.name,) for path, state in states.items()}


def _is_done(folder: Path, context: _Context) -> bool:
    """Whether what a step has published is of this run."""
    state = context.states.get(folder)
    return state is not None and state.state == "done"


def _step(folder: Path, jobs: tuple[str, ...], batched: bool, state: StepState | None, context: _Context) -> StepStatus:
    if state is None:
        return StepStatus(folder.name, "waiting", tuple(JobStatus(name, "waiting") for name in jobs))
    if state.state == "done":
        return _done(folder, jobs, batched, state, context.folder)
    at_work: Condition = "failed" if state.state == "failed" else "running" if context.alive else "stopped"
    found = job_states(_manifests(folder, jobs, batched), state, at_work)
    log = _log(state, context.folder)
    elapsed = _end(state, context) - state.started
    return StepStatus(folder.name, at_work, tuple(map(JobStatus, jobs, found)), log, elapsed, state.attempt)


@lru_cache(maxsize=10_000)  # most steps of a long run, and nothing changes in them any more
def _done(folder: Path, jobs: tuple[str, ...], batched: bool, state: StepState, run: Path) -> StepStatus:
    found = job_states(_manifests(folder, jobs, batched), state, "done")
    overall: Condition = "kept" if set(found) == {"kept"} else "done"
    elapsed = None if state.ended is None else state.ended - state.started
    return StepStatus(
        folder.name, overall, tuple(map(JobStatus, jobs, found)), _log(state, run), elapsed, state.attempt
    )


def _manifests(folder: Path, jobs: Sequence[str], batched: bool) -> list[Path]:
    return [(folder / name if batched else folder) / MANIFEST for name in jobs]


def _log(state: StepState, run: Path) -> str:
    """Return where a step's log is, relative to the run's folder."""
    return state.log.removeprefix(f"{run}/")
