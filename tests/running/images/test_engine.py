"""No Docker Engine, or none for this user: one message each."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest
from click.testing import CliRunner
from docker.errors import DockerException

from assay.cli.images import command
from assay.errors import WorkflowError
from assay.running.images.engine import connected

pytestmark = pytest.mark.fast


def test_no_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
    with pytest.raises(WorkflowError, match="there is no Docker Engine here"):
        connected()


def test_an_engine_that_does_not_listen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:9")
    with pytest.raises(WorkflowError, match="there is no Docker Engine here"):
        connected()


def test_an_engine_of_somebody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise DockerException("Error while fetching server API version: ('Connection aborted.', PermissionError(13))")

    monkeypatch.setattr(docker, "from_env", refuse)
    with pytest.raises(WorkflowError, match=r"may not use[\s\S]*usermod -aG docker"):
        connected()


def test_the_command_tells_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'docker.sock'}")
    for arguments in (["build"], ["inspect"], ["check"], ["push"]):
        result = CliRunner().invoke(command, arguments)
        assert isinstance(result.exception, WorkflowError), result.output
