"""What a REANA server tells of users, runs, jobs and files, with types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

ACTIVE = frozenset({"created", "queued", "pending", "running"})
"""States of a run that has not ended."""


@dataclass(frozen=True)
class User:
    """Who the token stands for, and the server's release."""

    email: str
    server_version: str


@dataclass(frozen=True)
class Progress:
    """Number of jobs of a run, by state; `total` counts those that are known so far."""

    total: int
    running: int
    finished: int
    failed: int


@dataclass(frozen=True)
class RunState:
    """Where a run stands; times in seconds since the epoch."""

    name: str
    status: str
    progress: Progress
    started: float | None
    ended: float | None

    @property
    def is_active(self) -> bool:
        """Whether the run has not ended."""
        return self.status in ACTIVE


@dataclass(frozen=True)
class Job:
    """A step of a run; `log` is what the cluster keeps of its output; times in seconds since the epoch."""

    name: str
    status: str
    image: str
    log: str
    started: float | None
    ended: float | None


@dataclass(frozen=True)
class Logs:
    """The log of the workflow engine, and the jobs in the order in which they were submitted."""

    engine: str
    jobs: tuple[Job, ...]


@dataclass(frozen=True)
class RemoteFile:
    """A file of a run's workspace; size in bytes."""

    name: str
    size: int


def run_state(answer: Mapping[str, Any]) -> RunState:
    """Read the answer of `get_workflow_status`."""
    progress = answer.get("progress") or {}
    counts = {key: int((progress.get(key) or {}).get("total") or 0) for key in Progress.__dataclass_fields__}
    return RunState(
        str(answer["name"]),
        str(answer["status"]),
        Progress(**counts),
        _time(progress.get("run_started_at")),
        _time(progress.get("run_finished_at") or progress.get("run_stopped_at")),
    )


def logs(answer: Mapping[str, Any]) -> Logs:
    """Read the answer of `get_workflow_logs`: JSON within JSON."""
    content = json.loads(answer["logs"])
    jobs = tuple(_job(entry) for entry in (content.get("job_logs") or {}).values())
    return Logs(content.get("workflow_logs") or "", jobs)


def _job(entry: Mapping[str, Any]) -> Job:
    return Job(
        str(entry.get("job_name") or ""),
        str(entry.get("status") or ""),
        str(entry.get("docker_img") or ""),
        str(entry.get("logs") or ""),
        _time(entry.get("started_at")),
        _time(entry.get("finished_at")),
    )


def _time(text: str | None) -> float | None:
    """Read a time: REANA writes UTC without saying so, and `None` as a word, too."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
