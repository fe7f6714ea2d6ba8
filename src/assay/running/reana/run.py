"""A study on REANA, from its files here to its results here."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from assay.errors import ReanaError
from assay.running.reana.answers import RunState
from assay.running.reana.checks import check_cluster, check_name, load_specification
from assay.running.reana.diagnosis import Failure, diagnose
from assay.running.reana.faults import TransientError
from assay.running.reana.follow import Watch, follow
from assay.running.reana.results import download
from assay.running.reana.server import Server
from assay.running.reana.staging import Request, Staged, stage
from assay.study.model import Study

STAGING = "reana"
"""Folder below the output that holds what was uploaded."""
_PATIENCE_WITH_UPLOADS = 30.0


@dataclass(frozen=True)
class Submission:
    """A run that has been started, and what it runs."""

    run: str
    specification: dict[str, Any]


def prepare(request: Request, output: Path) -> tuple[Staged, dict[str, Any]]:
    """Stage a study and check what REANA would be given, without a server."""
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
    check_name(name)
    staged, specification = prepare(request, output)
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
    run = server.start(run) if resume is None else server.restart(run, staged.specification)
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
            return download(server, run, submission.specification, output, watch)
        if not failure.is_worth_repeating or attempts == study.execution.retries:
            raise failure.error
        attempts += 1
        watch.tell(f"{failure.error.what}\nrestarting {run} in {pause:.0f} s ({attempts} of {study.execution.retries})")
        time.sleep(pause)
        pause *= 2
        run = server.restart(run)


def collect(server: Server, run: str, output: Path, watch: Watch) -> tuple[Path, ...]:
    """Follow a run that was started before to its end, and bring its results here."""
    server.ping()
    specification = server.specification(run)
    failure = _follow_to_end(server, run, watch)
    if failure is not None:
        raise failure.error
    return download(server, run, specification, output, watch)


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
    # a refusal cannot be told from a fault of the server (see `Server.upload`), so the patience is short
    patience = replace(watch.patience, longest=min(watch.patience.longest, _PATIENCE_WITH_UPLOADS))
    for name in staged.files:
        patience.insist(partial(server.upload, run, staged.folder / name, name), watch.tell)
    size = sum((staged.folder / name).stat().st_size for name in staged.files)
    watch.tell(f"uploaded {len(staged.files)} files, {size / 1e6:.1f} MB")


def _follow_to_end(server: Server, run: str, watch: Watch) -> Failure | None:
    """Return why a run did not finish, or None if it did."""
    try:
        state = follow(server, run, watch)
    except ReanaError as fault:
        lasted = f", for {watch.patience.longest:.0f} s" if isinstance(fault, TransientError) else ""
        raise ReanaError(
            f"{fault.what}{lasted}",
            where=fault.where,
            expected=fault.expected,
            mend=f"{fault.mend}; the run goes on by itself: take it up again with `assay reana follow {run}`",
        ) from None
    except KeyboardInterrupt:
        watch.tell(
            f"\n{run} goes on, on the cluster. Take it up again: assay reana follow {run}; end it: "
            f"reana-client stop -w {run}"
        )
        raise
    if state.status == "finished":
        return None
    return diagnose(state, watch.patience.insist(lambda: server.logs(run), watch.tell))
