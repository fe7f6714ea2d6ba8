"""The progress of a run: live lines on a terminal, a plain line per event in a log."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType
from typing import IO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from assay.running.steps import StepState

STAGES = ("configure", "prepare", "generate", "simulate", "extract", "combine", "sample", "train", "evaluate", "plot")
_SIGNS = {"running": "[yellow]running[/]", "done": "[green]done[/]", "failed": "[red]failed[/]"}


def _seconds(state: StepState) -> float:
    return (state.ended if state.ended is not None else time.time()) - state.started


class ProgressDisplay:
    """Shows which stages and steps are running, done or failed; a context manager."""

    def __init__(self, stream: IO[str]) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._live = Live(console=self._console, refresh_per_second=4) if self._console.is_terminal else None
        self._reported: dict[str, str] = {}

    def __enter__(self) -> ProgressDisplay:
        if self._live is not None:
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, trace)

    def update(self, states: Sequence[StepState]) -> None:
        """Show the present states."""
        if self._live is not None:
            self._live.update(_table(states))
            return
        for state in states:
            if self._reported.get(state.name) != state.state:
                self._reported[state.name] = state.state
                took = "" if state.ended is None else f" ({_seconds(state):.0f} s)"
                self._console.print(f"{state.name:<16} {state.state}{took}", markup=False)


def _table(states: Sequence[StepState]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("stage", "steps done", "state", "time"):
        table.add_column(heading, justify="right" if heading == "time" else "left")
    for stage in STAGES:
        of_stage = [state for state in states if state.stage == stage]
        if not of_stage:
            table.add_row(stage, "", "[dim]waiting[/]", "")
            continue
        done = sum(state.state == "done" for state in of_stage)
        overall = next(
            (sign for sign in ("failed", "running") if any(state.state == sign for state in of_stage)), "done"
        )
        elapsed = max(_seconds(state) + state.started for state in of_stage) - of_stage[0].started
        table.add_row(stage, f"{done} of {len(of_stage)}", _SIGNS[overall], f"{elapsed:.0f} s")
    return table
