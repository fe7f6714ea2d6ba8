"""What runs can be started with: programs and servers are asked, not only looked up."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from assay.errors import ReanaAccessError, WorkflowError
from assay.running.health.finding import MissingError
from assay.running.health.workflow import apptainer, reana, slurm

pytestmark = pytest.mark.fast

ANSWERS = 'echo "slurm 22.05.8"'


@pytest.fixture
def only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make programs of a shell command each, the only ones on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(**programs: str) -> None:
        for name, script in programs.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)

    return write


def test_slurm_is_all_programs_that_steps_need_and_a_controller(only: Callable[..., None]) -> None:
    only(sbatch=ANSWERS, srun=ANSWERS, squeue=ANSWERS)
    with pytest.raises(MissingError, match="no scancel, sinfo on PATH"):
        slurm()
    only(scancel=ANSWERS, sinfo="echo 'sinfo: error: Unable to contact slurm controller' >&2; exit 1")
    with pytest.raises(WorkflowError, match="Unable to contact slurm controller"):
        slurm()
    only(sinfo="echo main")
    assert slurm().endswith("srun 22.05.8; the controller answers")


def test_singularity_serves_where_there_is_no_apptainer(only: Callable[..., None]) -> None:
    with pytest.raises(MissingError, match="no apptainer or singularity on PATH"):
        apptainer()
    only(singularity="echo singularity-ce version 4.1.2")
    assert apptainer().endswith("singularity 4.1.2")
    only(apptainer="echo apptainer version 1.3.4")
    assert apptainer().endswith("apptainer 1.3.4")


class _Reana(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        answer: dict[str, object] = {"status": 200, "message": "OK"}
        if url.path == "/api/you" and parse_qs(url.query).get("access_token") == ["right"]:
            answer = {"email": "jane@example.org", "reana_server_version": "0.9.4", "quota": {}}
        elif url.path == "/api/you":
            answer = {"message": "Token not valid"}
        body = json.dumps(answer).encode()
        self.send_response(403 if answer == {"message": "Token not valid"} else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A server that pings for everybody, and knows one token."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Reana) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        monkeypatch.setenv("REANA_SERVER_URL", f"http://127.0.0.1:{listening.server_port}")
        yield
        listening.shutdown()


@pytest.mark.usefixtures("server")
def test_reana_is_asked_who_the_token_stands_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REANA_ACCESS_TOKEN", "right")
    assert reana().endswith("release 0.9.4, knows us as jane@example.org")
    monkeypatch.setenv("REANA_ACCESS_TOKEN", "wrong")
    with pytest.raises(ReanaAccessError, match="Token not valid"):
        reana()
    monkeypatch.delenv("REANA_ACCESS_TOKEN")
    with pytest.raises(MissingError, match="REANA_ACCESS_TOKEN not set"):
        reana()
