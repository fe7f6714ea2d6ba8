"""`assay status`: where a run stands, and where its logs are."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console

from assay.running.progress import ProgressDisplay, status_table
from assay.running.status import RunStatus, StepStatus, newest_run, read_status
from assay.running.steps import last_lines

_RUNS = Path("runs")
_SECONDS = 1.0
_EXIT_STATUS = {"done": 0, "running": 3}


@click.command("status", short_help="Where a run stands: stages, jobs, logs.")
@click.argument("run", type=click.Path(path_type=Path), required=False)
@click.option("--steps", "all_steps", is_flag=True, help="Every step with its log, not only those that need a look.")
@click.option("--watch", is_flag=True, help="Go on showing it until the run ends.")
@click.option("--json", "as_json", is_flag=True, help="Everything that is known, as JSON.")
def command(run: Path | None, all_steps: bool, watch: bool, as_json: bool) -> None:
    """Show where a run stands: its stages and jobs, how long they took, and where their logs are.

    RUN is the run's folder; without it, the newest below runs/. Exit status: 0 done, 3 running, 1 failed or stopped.

    \b
    Examples:
      assay status
      assay status runs/wbf-higgs-hww --watch
    """  # noqa: D301 - click wants the character
    folder = newest_run(_RUNS) if run is None else run
    status = _watched(folder) if watch else read_status(folder)
    if as_json:
        click.echo(json.dumps(_content(status), indent=2))
    else:
        _show(status, all_steps)
    sys.exit(_EXIT_STATUS.get(status.state, 1))


def _watched(folder: Path) -> RunStatus:
    """Show the run until it ends; return its last state."""
    with ProgressDisplay(sys.stderr) as display:
        while (status := read_status(folder)).alive:
            display.update(status)
            time.sleep(_SECONDS)
        display.update(status)
    return status


def _content(status: RunStatus) -> dict[str, object]:
    """Return the state as JSON has it, with the counts that are not fields."""
    content = asdict(status)
    for stage, entry in zip(status.stages, content["stages"], strict=True):
        entry["jobs"] = dict(stage.jobs)
    return content


def _show(status: RunStatus, all_steps: bool) -> None:
    took = "" if status.elapsed is None else f", {status.elapsed:.0f} s"
    click.echo(f"run {status.folder}: {status.state}{took}")
    Console(highlight=False, soft_wrap=True).print(status_table(status))
    shown = [step for step in status.steps if step.log and (all_steps or step.state not in ("done", "kept"))]
    if shown:
        click.echo()
    for step in shown:
        click.echo(f"{step.name:<16} {step.state:<8} {step.elapsed:>6.0f} s  attempt {step.attempt}  {step.log}")
    for step in status.steps:
        if step.state in ("failed", "stopped"):
            _show_last_lines(step, Path(status.folder))
    if status.state == "stopped":
        click.echo("\nthe run ended before it was done (yadage.log may say why); the same command continues it")


def _show_last_lines(step: StepStatus, folder: Path) -> None:
    if step.log is not None:
        click.echo(f"\n{step.name} {step.state}; last lines of its log:\n{last_lines(folder / step.log)}")
