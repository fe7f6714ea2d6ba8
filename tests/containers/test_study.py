"""The default study, smaller, with every step in its container: the numbers of local processes, to the bit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker
import pytest
from docker import DockerClient
from docker.errors import NotFound

from assay.inference.results import read_limits

pytestmark = [pytest.mark.containers, pytest.mark.usefixtures("current_images")]

ASSAY = Path(sys.executable).with_name("assay")
ROOT = Path(__file__).parents[2]
LABEL = "assay.run"
METHODS = ("alice", "alices", "sally", "histogram_pt_j1", "histogram_2d", "rate")
SECONDS = 120.0


@contextmanager
def watched(client: DockerClient) -> Iterator[list[dict[str, Any]]]:
    """Collect how the containers are set up that start meanwhile."""
    seen: list[dict[str, Any]] = []
    events = client.events(decode=True, filters={"type": "container", "event": "start", "label": LABEL})

    def watch() -> None:
        own = docker.from_env()
        for event in events:
            try:
                seen.append(own.containers.get(event["id"]).attrs)
            except NotFound:
                continue  # gone already

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        events.close()
        watcher.join(timeout=10)


def identifier(run: Path) -> str:
    return (run / "run-id").read_text().strip()


def left(client: DockerClient, run: Path) -> list[str]:
    """The containers of a run, running or not."""
    own = {"label": f"{LABEL}={identifier(run)}"}
    found = client.containers.list(all=True, filters=own, ignore_removed=True)  # each is asked for after the list
    return [container.name for container in found]


def of_run(containers: list[dict[str, Any]], run: Path) -> list[dict[str, Any]]:
    """Those of the containers that are of a run."""
    return [container for container in containers if container["Config"]["Labels"][LABEL] == identifier(run)]


def test_containers_and_local_processes_give_the_same_numbers(
    client: DockerClient,
    small_study: Callable[..., Path],
    assay: Callable[..., str],
    results: Callable[[Path], dict[str, Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    study, in_docker, in_local = small_study(), tmp_path / "docker", tmp_path / "local"
    with watched(client) as containers:
        assay("run", "--study", study, "--output", in_docker, "--containers", "docker")
    assert left(client, in_docker) == []
    check_isolation(of_run(containers, in_docker))
    check_owner(in_docker)
    check_limits(in_docker)

    assay("run", "--study", study, "--output", in_local)
    found, expected = results(in_docker), results(in_local)
    assert set(found) == set(expected)
    assert {"combined.h5", "x.npy", "limits_rate.json", "fisher.json"} <= {Path(name).name for name in found}
    assert [name for name in found if found[name] != expected[name]] == []


def check_isolation(containers: list[dict[str, Any]]) -> None:
    """No step has a network, or another user than the caller."""
    assert len(containers) > 20
    assert {container["HostConfig"]["NetworkMode"] for container in containers} == {"none"}
    assert {container["Config"]["User"] for container in containers} == {f"{os.getuid()}:{os.getgid()}"}
    assert {container["HostConfig"]["Privileged"] for container in containers} == {False}


def check_owner(run: Path) -> None:
    for path in run.rglob("*"):
        assert path.lstat().st_uid == os.getuid(), path


def check_limits(run: Path) -> None:
    folders = {path.parent for path in run.rglob("limits_rate.json") if "evaluate" in str(path)}
    assert len(folders) == len(METHODS)
    for folder in folders:
        assert read_limits(folder / "limits_rate").luminosity == 300.0


def test_a_killed_launcher_leaves_no_container(
    client: DockerClient, small_study: Callable[..., Path], tmp_path: Path
) -> None:
    """SIGKILL while steps run; they had a network, because a tracking server was named."""
    study, run = small_study(process={"events_per_benchmark": 200_000}), tmp_path / "run"
    command = [str(ASSAY), "run", "--study", str(study), "--output", str(run), "--containers", "docker"]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": "http://tracking.invalid:9"}
    with watched(client) as containers:
        launcher = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
        wait_until((run / "run-id").exists)
        wait_until(lambda: len(of_run(containers, run)) >= 3)  # the third one generates for minutes
        assert left(client, run)
        os.kill(launcher.pid, signal.SIGKILL)
        launcher.wait()
        wait_until(lambda: left(client, run) == [])
    assert "none" not in {container["HostConfig"]["NetworkMode"] for container in of_run(containers, run)}


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.2)
