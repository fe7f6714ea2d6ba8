"""A server that runs, and how a user's commands are run against it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.application import Application
from server.cluster import Cluster

BIN = Path(sys.executable).parent


@dataclass
class Site:
    """A server that runs, and how a user's commands are run against it."""

    url: str
    cluster: Cluster
    application: Application
    folder: Path

    def settings(self, **changes: str | None) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("REANA_", "MLFLOW_"))}
        own = {"REANA_SERVER_URL": self.url, "REANA_ACCESS_TOKEN": self.cluster.token, "PYTHONWARNINGS": "ignore"}
        return {name: value for name, value in {**kept, **own, **changes}.items() if value is not None}

    def run(self, program: str, *arguments: object, expect: int = 0, **environment: str | None) -> str:
        """Run a command as a user does, expect an exit status, and return what it prints."""
        done = subprocess.run(
            [str(BIN / program), *map(str, arguments)],
            cwd=self.folder,
            env=self.settings(**environment),
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        shown = done.stdout + done.stderr
        assert done.returncode == expect, shown
        assert self.cluster.token not in shown
        return shown


def wait_until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait for a condition, for so long."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
