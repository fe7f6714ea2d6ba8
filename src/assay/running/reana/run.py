"""A study on REANA, from its files here to its results here."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from assay.errors import ReanaError
from assay.running.reana.answers import RunState
from assay.running.reana.checks import check_cluster, check_name, load_specification
from assay.running.reana.diagnosis import Failure, diagnose
from assay.running.reana.faults import MissingError, TransientError
from assay.running.reana.follow import Watch, follow
from assay.running.reana.results import download
from assay.running.reana.server import Server
from assay.running.reana.staging import Request, Staged, stage
from assay.study.model import Study

STAGING = "reana"
"""Folder below the output that holds what was uploaded."""


@dataclass(frozen=True)
class Submission:
    """A run that has been started, and what it runs."""

    run: str
    specification: dict[str, Any]


def prepare(request: Request, output: Path, name: str) -> tuple[Staged, dict[str, Any]]:
    """Stage a study and check what REANA would be given, the run's name, too, without a server."""
    check_name(name)
    staged = stage(request, output / STAGING)
    return staged, load_specification(staged)


def submit(
    server: Server, request: Request, output: Path, watch: Watch, *, name: str, resume: str | None = None
) -> Submission:
    """Create, or take up again, a run of a study, and start it.

    Parameters
    ----------
    name
        What the run is called; REANA adds a number.
    resume
        A run that failed, to go on in its workspace with the study as it is now.
    """
    staged, specification = prepare(request, output, name)
    user = server.ping()
    watch.tell(f"server {server.url}: REANA {user.server_version}, as {user.email}")
    check_cluster(specification, server.info())
    if resume is None:
        run = server.create(staged.specification, name)
        watch.tell(f"{run} is created")
    else:
        run = resume
        _check_ended(server.state(run))
    _upload(server, run, staged, watch)
    with _hint(watch, f"see `reana-client list`: what has started is taken up again with `assay reana follow {run}`"):
        run = _start(server, run, watch) if resume is None else _restart(server, run, watch, staged.specification)
    watch.tell(f"{run} is started; what it does: assay reana follow {run}; end it: reana-client stop -w {run}")
    return Submission(run, staged.specification)


def complete(server: Server, submission: Submission, study: Study, output: Path, watch: Watch) -> tuple[Path, ...]:
    """Follow a run to its end, restart it where that may help, and bring its results here.

    Raises
    ------
    ReanaError
        Why the run did not finish.
    """
    run, attempts, pause = submission.run, 0, study.execution.retry_delay
    while True:
        failure = _follow_to_end(server, run, watch)
        if failure is None:
            return _download(server, run, submission.specification, output, watch)
        if not failure.is_worth_repeating or attempts == study.execution.retries:
            raise failure.error
        attempts += 1
        watch.tell(f"{failure.error.what}\nrestarting {run} in {pause:.0f} s ({attempts} of {study.execution.retries})")
        with _hint(
            watch, f"go on with --resume {run}; if `reana-client list` has its restart: `assay reana follow RESTART`"
        ):
            time.sleep(pause)
            run = _restart(server, run, watch)
        pause *= 2


def collect(server: Server, run: str, output: Path, watch: Watch) -> tuple[Path, ...]:
    """Follow a run that was started before to its end, and bring its results here."""
    server.ping()
    specification = server.specification(run)
    failure = _follow_to_end(server, run, watch)
    if failure is not None:
        raise failure.error
    return _download(server, run, specification, output, watch)


def _check_ended(state: RunState) -> None:
    if state.is_active:
        raise ReanaError(
            f"the run is {state.status}",
            where=state.name,
            expected="one that has failed",
            mend=f"follow it with `assay reana follow {state.name}`",
        )
    if state.status not in ("failed", "finished"):
        raise ReanaError(
            f"the run was {state.status}",
            where=state.name,
            expected="one that has failed; REANA restarts no others",
            mend="start a new one: the same command without --resume",
        )


def _upload(server: Server, run: str, staged: Staged, watch: Watch) -> None:
    for name in staged.files:
        watch.patience.insist(partial(server.upload, run, staged.folder / name, name), watch.tell)
    size = sum((staged.folder / name).stat().st_size for name in staged.files)
    watch.tell(f"uploaded {len(staged.files)} files, {size / 1e6:.1f} MB")


def _start(server: Server, run: str, watch: Watch) -> str:
    """Start a run that was created; a server may have started it and failed to say so."""

    def attempt() -> str:
        return server.start(run) if server.state(run).status == "created" else run

    return watch.patience.insist(attempt, watch.tell)


def _restart(server: Server, run: str, watch: Watch, specification: dict[str, Any] | None = None) -> str:
    """Restart a run once: before another attempt, look whether the one before made the new run all the same."""
    again = watch.patience.insist(lambda: _name_of_restart(server, run), watch.tell)

    def attempt() -> str:
        try:
            server.state(again)
        except MissingError:
            return server.restart(run, specification)
        return _start(server, again, watch)

    return watch.patience.insist(attempt, watch.tell)


def _name_of_restart(server: Server, run: str) -> str:
    """Return what REANA will call the next restart of `name.1`, or of its restart `name.1.1`."""
    name, number, *_ = [*run.split("."), ""]
    if not number:
        name, number, *_ = server.state(run).name.split(".")
    for restarts in count(1):
        try:
            server.state(f"{name}.{number}.{restarts}")
        except MissingError:
            return f"{name}.{number}.{restarts}"
    raise AssertionError("there is an end to restarts")


def _follow_to_end(server: Server, run: str, watch: Watch) -> Failure | None:
    """Return why a run did not finish, or None if it did."""
    with _hint(
        watch,
        f"the run goes on by itself: take it up again with `assay reana follow {run}`, end it with "
        f"`reana-client stop -w {run}`",
    ):
        state = follow(server, run, watch)
        if state.status == "finished":
            return None
        return diagnose(state, watch.patience.insist(lambda: server.logs(run), watch.tell))


def _download(server: Server, run: str, specification: dict[str, Any], output: Path, watch: Watch) -> tuple[Path, ...]:
    with _hint(watch, f"the results stay on the server: download them with `assay reana follow {run}`"):
        return download(server, run, specification, output, watch)


@contextmanager
def _hint(watch: Watch, hint: str) -> Iterator[None]:
    """Say how to go on, whether an error or Ctrl-C ends it."""
    try:
        yield
    except ReanaError as fault:
        lasted = f", for {watch.patience.longest:.0f} s" if isinstance(fault, TransientError) else ""
        raise ReanaError(
            f"{fault.what}{lasted}",
            where=fault.where,
            expected=fault.expected,
            mend=f"{fault.mend}; {hint}" if fault.mend else hint,
        ) from None
    except KeyboardInterrupt:
        watch.tell(f"\n{hint}")
        raise
