"""The progress of a run: live lines on a terminal, a plain line per event in a log."""

from __future__ import annotations

from types import TracebackType
from typing import IO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from assay.running.status import RunStatus, StageStatus, StepStatus

_COLOURS = {"running": "yellow", "done": "green", "kept": "green", "failed": "red", "stopped": "red", "waiting": "dim"}
_COUNTED = ("done", "kept", "running", "failed", "waiting")


class ProgressDisplay:
    """Shows which stages, steps and jobs are waiting, running, done or failed; a context manager."""

    def __init__(self, stream: IO[str]) -> None:
        # a notebook gets plain lines as a log does, though it calls itself a terminal with colours
        lives = stream.isatty()
        self._console = Console(file=stream, highlight=False, soft_wrap=True, force_terminal=lives, force_jupyter=False)
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        self._reported: dict[tuple[str, str], tuple[str, int]] = {}

    def __enter__(self) -> ProgressDisplay:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def update(self, status: RunStatus) -> None:
        """Show the present state."""
        if self._live is not None:
            self._live.update(status_table(status))
            return
        for stage in status.stages:
            for step in stage.steps:
                self._report(stage, step)

    def _report(self, stage: StageStatus, step: StepStatus) -> None:
        """Print a line if the step has changed, with how far its fan-out is."""
        now = (step.state, step.attempt)
        if step.state == "waiting" or self._reported.get((stage.name, step.name)) == now:
            return
        self._reported[stage.name, step.name] = now
        ended = step.state != "running" and step.elapsed is not None
        took = f" ({step.elapsed:.0f} s)" if ended else ""
        again = f", attempt {step.attempt}" if step.attempt > 1 else ""
        far = f"  [{stage.n_steps_complete} of {len(stage.steps)}]" if len(stage.steps) > 1 else ""
        self._console.print(f"{step.name:<16} {step.state}{again}{took}{far}", markup=False)


def status_table(status: RunStatus) -> Table:
    """Lay out the stages of a run: a line each, with the number of their jobs in every state."""
    table = Table(box=None, pad_edge=False)
    table.add_column("stage")
    table.add_column("state")
    for heading in ("steps", *_COUNTED, "time", "attempts"):
        table.add_column(heading, justify="right")
    for stage in status.stages:
        jobs = stage.jobs
        jobs["failed"] += jobs["stopped"]
        table.add_row(
            stage.name,
            f"[{_COLOURS[stage.state]}]{stage.state}[/]",
            f"{stage.n_steps_complete}/{len(stage.steps)}" if stage.steps else "",
            *(str(jobs[state]) if jobs[state] else "" for state in _COUNTED),
            "" if stage.elapsed is None else f"{stage.elapsed:.0f} s",
            _attempts(stage),
        )
    return table


def _attempts(stage: StageStatus) -> str:
    """Return the largest number of attempts of a stage's steps, where any needed more than one."""
    most = max((step.attempt for step in stage.steps), default=1)
    return str(most) if most > 1 else ""
