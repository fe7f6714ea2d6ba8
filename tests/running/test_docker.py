"""Steps in containers, with a stand-in for Docker's client; tests/containers does it with the real one."""

from __future__ import annotations

import io
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.errors import WorkflowError
from assay.running import processes
from assay.running.attempts import Retries, run_step
from assay.running.launch import Run, launch
from assay.running.layers.docker import Docker
from assay.running.layers.program import Program, Step
from assay.running.resources import StepResources
from assay.running.warden import end_run

pytestmark = pytest.mark.fast

ASSAY = Path(sys.executable).with_name("assay")
SECONDS = 60.0
RUN = "0123456789abcdef0123456789abcdef"
MakeStep = Callable[..., Step]
WaitUntil = Callable[[Callable[[], bool]], None]
Toy = Callable[..., Run]


def options(call: list[str]) -> dict[str, list[str]]:
    """The values of a call's options."""
    found: dict[str, list[str]] = {}
    for option, value in itertools.pairwise(call):
        if option.startswith("--"):
            found.setdefault(option, []).append(value)
    return found


def wrapped(step: Step, **environment: str) -> list[str]:
    return list(Docker().wrap(Program(step.arguments, environment, step.folder), step, "a-name").arguments)


def test_the_call_of_the_client(make_step: MakeStep, tmp_path: Path) -> None:
    step = make_step("echo hello")
    call = wrapped(step, ASSAY_RUN=RUN, OMP_NUM_THREADS="3", HOME="/home/me", LD_PRELOAD="x")
    given = options(call)
    assert call[-4:] == ["none:0", "sh", "-c", "echo hello"]
    assert given["--name"] == ["a-name"]
    assert given["--label"] == [f"assay.run={RUN}", "assay.step=step"]
    assert given["--user"] == [f"{os.getuid()}:{os.getgid()}"]
    assert given["--network"] == ["none"]
    assert given["--volume"] == [f"{step.folder}:{step.folder}", f"{tmp_path}:{tmp_path}:ro"]
    assert given["--env"] == ["ASSAY_RUN", "OMP_NUM_THREADS"]
    assert given["--workdir"] == [str(step.folder)]
    assert not {"--memory", "--cpus"} & set(given)


def test_resources_become_limits_without_swap(make_step: MakeStep) -> None:
    given = options(wrapped(make_step("true", StepResources(memory=2**30, cores=1))))
    assert (given["--memory"], given["--memory-swap"], given["--cpus"]) == ([str(2**30)], [str(2**30)], ["1"])
    plenty = options(wrapped(make_step("true", StepResources(cores=10_000))))
    assert plenty["--cpus"] == [str(os.cpu_count())]  # Docker refuses more than there are


def test_tracking_gets_the_network_and_its_credentials_show_nowhere(make_step: MakeStep) -> None:
    call = wrapped(make_step("true"), MLFLOW_TRACKING_URI="http://here", MLFLOW_TRACKING_USERNAME="somebody")
    given = options(call)
    assert "--network" not in given
    assert given["--env"] == ["MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_USERNAME"]
    assert "somebody" not in " ".join(call)


@pytest.mark.parametrize("uri", ["", "sqlite:///mlflow.db", "file:///somewhere"])
def test_tracking_without_a_server_needs_no_network(uri: str, make_step: MakeStep) -> None:
    assert options(wrapped(make_step("true"), MLFLOW_TRACKING_URI=uri))["--network"] == ["none"]


@pytest.mark.parametrize("host", ["localhost:5000", "127.0.0.1:5000", "user:word@127.1.2.3", "[::1]:5000", "LOCALHOST"])
def test_a_tracking_server_that_containers_cannot_reach_is_refused(
    host: str, fake_docker: Any, toy: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a container, these are the container."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://{host}")
    run = replace(toy(["a"]), containers="docker")
    with pytest.raises(WorkflowError, match=r"MLFLOW_TRACKING_URI: .* is the container itself") as caught:
        launch(run, io.StringIO())
    assert "this machine's name or address" in str(caught.value)
    assert not (run.folder / "configure").exists()


@pytest.mark.parametrize("host", ["mlflow.example.org", "192.0.2.7:5000", "localhost.example.org"])
def test_other_tracking_servers_are_accepted(host: str, fake_docker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"https://{host}")
    Docker().check(())


def test_without_docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkflowError, match="there is no Docker here"):
        Docker().check(())


def test_a_daemon_that_does_not_run(fake_docker: Any, toy: Toy) -> None:
    (fake_docker.home / "down").touch()
    run = replace(toy(["a"]), containers="docker")
    with pytest.raises(WorkflowError, match=r"daemon does not answer: .*Cannot connect to the Docker daemon"):
        launch(run, io.StringIO())
    assert not (run.folder / "configure").exists()


def test_missing_images_are_all_named_before_anything_starts(fake_docker: Any, toy: Toy) -> None:
    (fake_docker.home / "images").write_text("other:1")
    run = replace(toy(["a"]), containers="docker")
    with pytest.raises(WorkflowError, match="not among Docker's images: none:0") as caught:
        launch(run, io.StringIO())
    assert "make images" in str(caught.value)
    assert fake_docker.calls("run") == []


def test_an_attempts_container_is_removed_however_it_ends(fake_docker: Any, make_step: MakeStep) -> None:
    for command, ending in (("true", None), ("exit 1", "exit status 1"), ("kill -15 $$", "SIGTERM")):
        step = make_step(command)
        if ending is None:
            run_step(step, (Docker(),), os.environ, Retries())
        else:
            with pytest.raises(RuntimeError, match=ending):
                run_step(step, (Docker(),), os.environ, Retries())
        assert fake_docker.containers() == {}


def test_a_container_without_memory_says_so_and_is_tried_again(fake_docker: Any, make_step: MakeStep) -> None:
    step = make_step("kill -9 $$", StepResources(memory=2**30))
    with pytest.raises(RuntimeError, match=r"ran out of memory \(its limit: 1 GiB\)"):
        run_step(step, (Docker(),), os.environ, Retries(1, 0.0))
    names = [options(call)["--name"] for call in fake_docker.calls("run")]
    assert names == [["assay-test-step.1"], ["assay-test-step.2"]]


def test_a_container_that_takes_too_long_is_removed(
    fake_docker: Any,
    make_step: MakeStep,
    monkeypatch: pytest.MonkeyPatch,
    wait_until: WaitUntil,
    has_ended: Callable[[int], bool],
) -> None:
    monkeypatch.setattr(processes, "PATIENCE", 0.5)
    step = make_step("trap '' TERM; echo $$ > pid; sleep 600", StepResources(time_limit=2))
    with pytest.raises(RuntimeError, match="took longer"):
        run_step(step, (Docker(),), os.environ, Retries())
    assert fake_docker.containers() == {}
    wait_until(lambda: has_ended(int((step.folder / "pid").read_text())))


def test_only_a_runs_own_containers_are_removed(
    fake_docker: Any, make_step: MakeStep, tmp_path: Path, wait_until: WaitUntil
) -> None:
    clients = []
    for run in (RUN, "f" * 32):
        step = make_step("sleep 600")
        program = Docker().wrap(Program(step.arguments, {**os.environ, "ASSAY_RUN": run}, tmp_path), step, run[:4])
        clients.append(subprocess.Popen(program.arguments, env=program.environment))
    wait_until(lambda: len(fake_docker.containers()) == 2)
    end_run(RUN, "docker", "none")
    assert list(fake_docker.containers()) == ["ffff"]
    end_run("f" * 32, "docker", "none")
    for client in clients:
        client.wait(SECONDS)


@pytest.mark.slow
def test_a_run_in_containers(fake_docker: Any, toy: Toy) -> None:
    run = replace(toy(["c", "a", "b"]), containers="docker")
    launch(run, io.StringIO())
    assert (run.folder / "combine" / "combined.h5").read_text() == "c\na\nb\n"
    assert len(fake_docker.calls("run")) == 5
    assert fake_docker.containers() == {}
    run_id = (run.folder / "run-id").read_text().strip()
    names = [options(call)["--name"][0] for call in fake_docker.calls("run")]
    assert len(set(names)) == 5
    assert all(name.startswith(f"assay-{run_id[:16]}-") for name in names)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc")
@pytest.mark.parametrize(("with_warden", "with_engine"), [(True, True), (False, True), (False, False)])
def test_no_container_outlives_the_run(
    with_warden: bool,
    with_engine: bool,
    fake_docker: Any,
    small_study: Callable[..., Path],
    toy_project: Callable[..., Path],
    tmp_path: Path,
    wait_until: WaitUntil,
    has_ended: Callable[[int], bool],
) -> None:
    """The launcher is killed; if its warden is killed, too, the next run ends what they have left."""
    study, run = small_study(), tmp_path / "run"
    work = "echo $$ > {output}/pid; trap '' TERM; (test -e {study}.go || sleep 600); echo {name} > {output}/a.txt"
    command = [ASSAY, "run", "--part", "physics", "--project", toy_project(["a"], work), "--study", study]
    command += ["--output", run, "--containers", "docker"]
    launcher = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    pid = run / "generate_0" / "pid"
    wait_until(lambda: pid.exists() and pid.read_text().strip() != "")
    wardens = [int(child) for child in Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()]
    wardens = [child for child in wardens if b"assay.running.warden" in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert len(wardens) == 1
    step = int(pid.read_text())
    if not with_warden:
        os.kill(wardens[0], signal.SIGKILL)
    launcher.kill()
    launcher.wait()
    if with_warden:
        wait_until(lambda: fake_docker.containers() == {})
    else:  # the engine goes on and would for ever, as would the container
        assert len(fake_docker.containers()) == 1
        engine = engine_of(run)
        if not with_engine:
            os.killpg(engine, signal.SIGKILL)
        assert len(fake_docker.containers()) == 1
    study.with_name("input.yml.go").touch()
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=SECONDS)
    assert has_ended(step)
    assert with_warden or has_ended(engine)
    assert fake_docker.containers() == {}
    assert (run / "combine" / "combined.h5").read_text() == "a\n"


def engine_of(run: Path) -> int:
    """The process that runs yadage in a folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
                group = int((entry / "stat").read_text().rpartition(")")[2].split()[2])
            except OSError:
                continue
            if str(run).encode() in arguments and group == int(entry.name):
                return group
    raise AssertionError("no engine")
