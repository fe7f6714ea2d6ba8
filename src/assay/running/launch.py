"""Start yadage on a workflow, show the progress of its steps, and check that it did what it says.

yadage can end with status 0 without having done the work (an empty fan-out, for one), so a run counts as done only once
its declared outputs exist.
"""

from __future__ import annotations

import re
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO

from assay.errors import WorkflowError
from assay.running.engine import LOG, Run, running_engine
from assay.running.layers import layers_of
from assay.running.locking import exclusive
from assay.running.progress import ProgressDisplay
from assay.running.specification import images_of
from assay.running.status import read_status
from assay.running.steps import StepState, last_lines, read_states

__all__ = ["Run", "launch"]

_POLL = 0.5
_SPECIAL = re.compile(r"""[\s"'`$&|;<>(){}\[\]*?!\\:,]""")
"""What a shell, yadage or a container engine takes for something else: yadage puts names into command lines as is."""


def launch(run: Run, stream: IO[str] = sys.stdout, specify: Callable[[], None] | None = None) -> list[StepState]:
    """Run the workflow to its end; steps that are complete from an earlier run are kept (see `assay.manifest`).

    Interrupted (Ctrl-C, SIGTERM, SIGHUP), it ends the steps that run, and raises `KeyboardInterrupt` or `SystemExit`.

    Parameters
    ----------
    run
        The workflow, and where it runs.
    stream
        Where its progress is shown.
    specify
        Writes the workflow and inputs, once the run's folder is this run's alone; None: they are there.

    Returns
    -------
    The final states of all steps.

    Raises
    ------
    WorkflowError
        If the folder cannot be used, another run uses it, containers or a batch system are not to be had, a step fails,
        or a declared output is missing.
    """
    _check_names(run)
    _make_folder(run.folder)
    with exclusive(run.folder) as lock:
        if specify is not None:
            specify()
        _check_layers(run)
        _forget_earlier_engine(run.folder)
        status = _supervise(run, lock, stream)
    _check_steps(read_states(run.folder), run.folder)
    _check_engine(status, run)
    _check_outputs(run)
    return read_states(run.folder)


def _supervise(run: Run, lock: int, stream: IO[str]) -> int:
    """Run the engine to its end, and return its exit status."""
    try:
        with _signals_raise(), running_engine(run, lock) as engine, ProgressDisplay(stream) as display:
            while engine.poll() is None:
                time.sleep(_POLL)
                display.update(read_status(run.folder))
            display.update(read_status(run.folder))
            return int(engine.returncode)
    except (KeyboardInterrupt, SystemExit):
        with suppress(OSError):  # the terminal may be gone
            print("stopped; the same command goes on from what is complete", file=stream, flush=True)
        raise


@contextmanager
def _signals_raise() -> Iterator[None]:
    """Turn the signals that end this process into `SystemExit`, so that it leaves nothing behind."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    before = {}
    if threading.current_thread() is threading.main_thread():  # no other thread may
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # not under nohup
                before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _check_layers(run: Run) -> None:
    """Check that containers with the images of the steps, and the batch system, are to be had."""
    images = images_of(run.toplevel, run.workflow)
    for layer in layers_of(run.containers, run.batch_system):
        layer.check(images)


def _check_names(run: Run) -> None:
    """Refuse names that would not survive the way into the steps' command lines."""
    for what, name in (("the run's folder", run.folder), ("the folder of the inputs", run.inputs)):
        _check_name(what, str(name))
    for what, value in run.parameters.items():
        _check_name(what, value)


def _check_name(what: str, name: str) -> None:
    if found := _SPECIAL.search(name):
        raise WorkflowError(
            f"the name of {what} holds {found.group()!r}",
            where=name,
            expected="""a path without spaces, : , and the characters " ' ` $ & | ; < > ( ) { } [ ] * ? ! \\""",
            mend="choose another name; the steps' command lines carry it",
        )


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkflowError(
            f"cannot be made ({error.strerror})",
            where=str(folder),
            expected="a folder for the run",
            mend="choose another folder",
        ) from None


def _forget_earlier_engine(folder: Path) -> None:
    """Remove what yadage and the executor kept of an earlier run; the stages' outputs and manifests stay."""
    shutil.rmtree(folder / "_yadage", ignore_errors=True)
    for state in folder.glob("**/_packtivity"):
        shutil.rmtree(state, ignore_errors=True)


def _check_engine(status: int, run: Run) -> None:
    """Check that yadage itself ended well."""
    if status != 0:
        log = run.folder / LOG
        raise WorkflowError(
            f"yadage ended with status {status}\n{last_lines(log)}",
            where=str(log),
            mend="see the log; run the same command again",
        )


def _check_outputs(run: Run) -> None:
    """Check that the files are there without which the run is not done."""
    for output in run.outputs:
        if not (run.folder / output).is_file():
            raise WorkflowError(
                "the workflow ended without this output",
                where=str(run.folder / output),
                expected="a file",
                mend=f"see {LOG} in the run's folder",
            )


def _check_steps(states: Sequence[StepState], folder: Path) -> None:
    """Report the first step that failed with its last lines, and the others by name."""
    failed = [state for state in states if state.state == "failed"]
    stopped = [state for state in states if state.state == "running"]
    if not (failed or stopped):
        return
    first, *others = [*failed, *stopped]
    log = Path(first.log)
    also = f"\nnot done either: {', '.join(state.name for state in others)}" if others else ""
    raise WorkflowError(
        f"step {first.name} {'failed' if failed else 'was stopped'}; its last lines:\n{last_lines(log)}{also}",
        where=str(log.relative_to(folder)) if log.is_relative_to(folder) else str(log),
        mend="put right what the lines above say and run the same command again: complete steps are kept",
    )
