"""The state of the cluster: user, quota, secrets, runs and their workspaces."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from .faults import Faults
from .jobs import processor

Runner = Literal["local", "docker"]
DEFAULT_TOKEN = "test-token-of-a-user"  # noqa: S105
USER = "00000000-0000-0000-0000-000000000000"
_PATIENCE = 10.0


class Refusal(Exception):  # noqa: N818 - it is one
    """An answer other than success."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass
class Run:
    """A run of a workflow; a restart is a run of its own in the same workspace."""

    id: str
    name: str
    number: str
    specification: dict[str, Any]
    workspace: Path
    created: str
    start_number: int = 0
    status: str = "created"
    stopped: str | None = None
    rules: list[dict[str, Any]] = field(default_factory=list)
    engine: subprocess.Popen[bytes] | None = None

    @property
    def full_name(self) -> str:
        return f"{self.name}.{self.number}"

    @property
    def records(self) -> Path:
        """Folder of what the engine tells, beside the workspace."""
        return self.workspace.with_name(f"{self.workspace.name}-{self.number}")

    def engine_state(self) -> dict[str, Any]:
        path = self.records / "state.json"
        empty: dict[str, Any] = {"status": "queued", "jobs": {}, "started": None, "finished": None}
        return json.loads(path.read_text()) if path.exists() else empty

    def engine_log(self) -> str:
        path = self.records / "engine.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def refresh(self) -> None:
        """Take over what the engine has come to."""
        if self.status not in ("queued", "running") or self.engine is None:
            return
        has_ended, state = self.engine.poll() is not None, self.engine_state()
        if has_ended:
            self.status = state["status"] if state["finished"] else "failed"
        elif state["started"]:
            self.status = "running"


@dataclass
class Cluster:
    """A cluster of one user.

    Attributes
    ----------
    quota
        Limits: bytes of disk, milliseconds of CPU; 0: none.
    update_interval
        Seconds between two looks of the engine; 15 on a real cluster.
    """

    root: Path
    token: str = DEFAULT_TOKEN
    runner: Runner = "local"
    max_jobs: int = 2
    update_interval: float = 0.25
    quota: dict[str, int] = field(default_factory=lambda: {"disk": 0, "cpu": 0})
    cpu_used: int = 0
    max_memory: str = "64Gi"
    backends: tuple[str, ...] = ("kubernetes",)
    faults: Faults = field(default_factory=Faults)
    secrets: dict[str, dict[str, str]] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)

    def find(self, name: str) -> Run:
        """Return a run by its id, or its name with or without number (then the last)."""
        for run in reversed(self.runs):
            if name in (run.id, run.full_name, run.name):
                run.refresh()
                return run
        raise Refusal(
            404,
            f"REANA_WORKON is set to {name}, but that workflow does not exist. "
            "Please set your REANA_WORKON environment variable appropriately.",
        )

    def add(self, name: str, specification: dict[str, Any]) -> Run:
        """Create a run in a new workspace."""
        number = 1 + max((int(float(run.number)) for run in self.runs if run.name == name), default=0)
        identity = str(uuid.uuid4())
        workspace = self.root / "users" / USER / "workflows" / identity
        workspace.mkdir(parents=True)
        workspace.chmod(0o2775)
        run = Run(identity, name, str(number), specification, workspace, now())
        self.runs.append(run)
        return run

    def clone(self, run: Run, specification: dict[str, Any] | None) -> Run:
        """Create a run in the workspace of another: its restart."""
        major = run.number.split(".")[0]
        restarts = sum(one.workspace == run.workspace for one in self.runs)
        copy = Run(
            str(uuid.uuid4()), run.name, f"{major}.{restarts}", specification or run.specification, run.workspace, now()
        )
        copy.start_number = run.start_number
        self.runs.append(copy)
        return copy

    def start(self, run: Run, parameters: dict[str, Any]) -> None:
        """Start the engine on a run."""
        run.start_number += 1
        run.records.mkdir()
        environment = {
            name: base64.b64decode(secret["value"]).decode()
            for name, secret in self.secrets.items()
            if secret["type"] == "env"
        }
        config = {
            "workflow_uuid": run.id,
            "workspace": str(run.workspace),
            "records": str(run.records),
            "workflow": run.specification["workflow"]["specification"],
            "parameters": {**run.specification.get("inputs", {}).get("parameters", {}), **parameters},
            "runner": self.runner,
            "max_jobs": self.max_jobs,
            "update_interval": self.update_interval,
            "faults": self.faults.of_start(run.start_number),
        }
        (run.records / "config.json").write_text(json.dumps(config))
        package = Path(__file__).parents[1]
        with (run.records / "engine.log").open("wb") as log:
            run.engine = subprocess.Popen(
                [sys.executable, "-m", f"{__package__}.engine", str(run.records / "config.json")],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**_environment(), "PYTHONPATH": str(package)},
                start_new_session=True,
            )
        assert run.engine.stdin is not None
        run.engine.stdin.write(json.dumps(environment).encode())  # secrets: in no file
        run.engine.stdin.close()
        run.status = "queued"

    def stop(self, run: Run) -> None:
        """End the engine and the jobs of a run."""
        if run.engine is not None and run.engine.poll() is None:
            run.engine.send_signal(signal.SIGTERM)
            try:
                run.engine.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(run.engine.pid, signal.SIGKILL)
                run.engine.wait()
        run.status, run.stopped = "stopped", now()

    def shut_down(self) -> None:
        """End everything that runs."""
        for run in self.runs:
            run.refresh()
            if run.status in ("queued", "running"):
                self.stop(run)

    def delete(self, run: Run) -> None:
        """Delete a run and its workspace."""
        shutil.rmtree(run.workspace, ignore_errors=True)
        run.status = "deleted"

    def disk_used(self) -> int:
        """Return the bytes in all workspaces."""
        return sum(disk_usage(path) for path in {run.workspace for run in self.runs})

    def check_quota(self) -> None:
        """Refuse if the user has used up the disk or the processor time."""
        used = {"disk": self.disk_used(), "cpu": self.cpu_used}
        over = [kind for kind, limit in self.quota.items() if 0 < limit <= used[kind]]
        if over:
            lines = "".join(f"Resource: {kind}, usage: {used[kind]} out of {self.quota[kind]}\n" for kind in over)
            raise Refusal(
                403, f"User quota exceeded.\n{lines}Please see: https://docs.reana.io/advanced-usage/user-quotas"
            )

    def check_disk(self, size: int, action: str) -> None:
        """Refuse what would take more disk than there is."""
        limit = self.quota["disk"]
        if 0 < limit < self.disk_used() + size:
            raise Refusal(403, f"{action} would exceed the disk quota limit ({limit} Bytes). Aborting.")


def disk_usage(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def time_of(seconds: float) -> str:
    """Return a time as REANA writes it: UTC, without saying so."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def now() -> str:
    """Return the present time."""
    return time_of(time.time())


def in_days(days: int) -> str:
    """Return the time in some days."""
    return time_of(time.time() + 86400 * days)


def _environment() -> dict[str, str]:
    """Return what an engine has of this environment: nothing of the user's settings or credentials."""
    kept = ("PATH", "LANG", "DOCKER_HOST", "TMPDIR")
    return {**processor(), **{name: value for name, value in os.environ.items() if name.startswith(kept)}}
