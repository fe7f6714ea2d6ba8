"""Steps as jobs of Slurm: of a real one on this machine, which scripts/start-slurm installs and starts (needs root)."""

from __future__ import annotations

import io
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from assay.errors import WorkflowError
from assay.running.attempts import Retries, run_step
from assay.running.launch import Run, launch
from assay.running.layers import CONTAINERS
from assay.running.layers.program import Local, Program, Step
from assay.running.layers.slurm import Slurm
from assay.running.resources import StepResources
from assay.running.status import is_alive
from assay.running.warden import end_run

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
ASSAY = Path(sys.executable).with_name("assay")
SECONDS = 120.0
MakeStep = Callable[..., Step]
WaitUntil = Callable[[Callable[[], bool]], None]


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A Slurm of this machine; the value is its configuration."""
    if os.geteuid() != 0 or not (shutil.which("slurmctld") or shutil.which("apt-get")):
        without_slurm("Slurm needs root, and Debian's packages if it is not installed")
    folder = tmp_path_factory.mktemp("slurm")
    with open(folder / "start.log", "wb") as complaints:
        script = subprocess.Popen([ROOT / "scripts" / "start-slurm", folder], stdout=subprocess.PIPE, stderr=complaints)
        assert script.stdout is not None
        line = script.stdout.readline().decode().strip()
        if not line.startswith("SLURM_CONF="):
            script.wait()
            without_slurm(f"Slurm does not start: {(folder / 'start.log').read_text()[-2000:]}")
        try:
            yield Path(line.removeprefix("SLURM_CONF="))
        finally:
            script.terminate()
            script.wait(SECONDS)


def without_slurm(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def slurm(controller: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_CONF", str(controller))


def queue(what: str) -> list[str]:
    command = ["squeue", "--noheader", "--states=all", "--sort=i", f"--format={what}"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def states_of(name: str) -> list[str]:
    found = [job.split("|") for job in queue("%j|%T")]
    return [state for job, state in found if job == name]


def run(step: Step, retries: int = 0) -> None:
    run_step(step, (Local(), Slurm()), os.environ, Retries(retries, 0.0))


def log(step: Step) -> str:
    return (step.records / "step.run.log").read_text()


@pytest.mark.fast
def test_jobs_are_of_who_submits_not_of_whom_the_environment_names(
    make_step: MakeStep, put_first: Callable[[str, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After `su` and `sudo`, USER may be somebody else."""
    put_first("docker", "scancel")  # notes its calls
    monkeypatch.setenv("FAKE_DOCKER", str(tmp_path))
    for name in ("USER", "LOGNAME"):
        monkeypatch.setenv(name, "somebody")
    Slurm().end(make_step("true"), "a-name")
    assert f"--user={os.getuid()}" in (tmp_path / "calls").read_text()


@pytest.mark.fast
def test_the_call_of_srun(make_step: MakeStep) -> None:
    step = make_step("echo hello", StepResources(memory=2**30 + 1, cores=3, time_limit=61, partition="short"))
    environment = {"SLURM_JOB_ID": "7", "SLURM_MEM_PER_CPU": "1", "SLURM_ACCOUNT": "mine", "SLURM_CONF": "c", "A": "b"}
    program = Slurm().wrap(Program(step.arguments, environment, step.folder), step, "a-name")
    assert list(program.arguments[-3:]) == ["sh", "-c", "echo hello"]
    wanted = {"--job-name=a-name", "--cpus-per-task=3", "--mem=1025M", "--time=2", "--partition=short", "--ntasks=1"}
    assert wanted <= set(program.arguments[:-3])
    # a launcher that is a job itself submits jobs of its own; what the user asks of all jobs stays
    expected = {"SLURM_ACCOUNT": "mine", "SLURM_CONF": "c", "A": "b", "SLURM_EXIT_ERROR": "125"}
    assert program.environment == expected


@pytest.mark.fast
def test_without_wishes_slurm_decides(make_step: MakeStep) -> None:
    step = make_step("true")
    call = " ".join(Slurm().wrap(Program(step.arguments, {}, step.folder), step, "a-name").arguments)
    assert not any(option in call for option in ("--mem", "--time", "--partition"))
    assert "--cpus-per-task=1" in call


@pytest.mark.fast
def test_without_slurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WorkflowError, match="there is no Slurm here"):
        Slurm().check(())


@pytest.mark.fast
@pytest.mark.parametrize(
    "last",
    [
        "srun: Force Terminated job 7",
        "slurmstepd-a: error: *** STEP 7.0 ON a CANCELLED AT now",
        "half a linesrun: Force Terminated job 7",
    ],
)
def test_a_job_that_was_ended_is_not_done_though_its_status_is_0(
    last: str, make_step: MakeStep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`srun` ends with 0 if the node does not report in time how the step ended; seen on a busy machine."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, says in (("srun", last), ("squeue", "7|CANCELLED"), ("scancel", "")):
        (programs / name).write_text(f"#!/bin/sh\necho '{says}'\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    step = make_step("true")
    with pytest.raises(RuntimeError, match=r"was cancelled \(scancel\)"):
        run(step)


def test_a_controller_that_does_not_answer(
    controller: Path, slurm: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    Slurm().check(())
    configuration = re.sub("SlurmctldPort=.*", "SlurmctldPort=1\nMessageTimeout=2", controller.read_text())
    (tmp_path / "slurm.conf").write_text(configuration)
    monkeypatch.setenv("SLURM_CONF", str(tmp_path / "slurm.conf"))
    with pytest.raises(WorkflowError, match="Slurm does not answer"):
        Slurm().check(())


def test_a_run_on_slurm(slurm: None, toy: Callable[..., Run]) -> None:
    work = "test -n $SLURM_JOB_ID && echo {name} > {output}/a.txt"
    given = replace(toy(["c", "a", "b"], work), batch_system="slurm", processes=8)
    launch(given, io.StringIO())
    assert (given.folder / "combine" / "combined.h5").read_text() == "c\na\nb\n"
    label = f"assay-{(given.folder / 'run-id').read_text()[:16]}-"
    jobs = [name for name in queue("%j") if name.startswith(label)]
    assert len(jobs) == 5
    assert {state for name in jobs for state in states_of(name)} <= {"COMPLETED", "COMPLETING"}


@pytest.mark.parametrize("containers", ["docker", "apptainer"])
def test_containers_on_slurm(
    containers: Any, slurm: None, fake_docker: Any, fake_apptainer: Any, toy: Callable[..., Run]
) -> None:
    given = replace(toy(["b", "a"]), batch_system="slurm", containers=containers)
    launch(given, io.StringIO())
    assert (given.folder / "combine" / "combined.h5").read_text() == "b\na\n"
    calls = fake_docker.calls("run") if containers == "docker" else fake_apptainer()
    assert len(calls) == 4


def test_status_output_folder_and_input_of_a_job(slurm: None, make_step: MakeStep) -> None:
    step = make_step("cat; pwd; echo words >&2; exit 3", label="assay-status")
    with pytest.raises(RuntimeError, match="ended with exit status 3"):
        run(Step(**{**vars(step), "stdin": b"given\n"}))
    assert {"given", str(step.folder), "words"} <= set(log(step).splitlines())
    assert states_of("assay-status.1") == ["FAILED"]


def test_resources_reach_the_job(slurm: None, make_step: MakeStep) -> None:
    resources = StepResources(memory=300 * 2**20, cores=2, time_limit=600, partition="other")
    run(make_step("true", resources, label="assay-resources"))
    (job,) = [line for line in queue("%j|%P|%C|%m|%l") if line.startswith("assay-resources")]
    assert job == "assay-resources.1|other|2|300M|10:00"


def test_a_partition_that_there_is_not(slurm: None, make_step: MakeStep) -> None:
    step = make_step("true", StepResources(partition="nowhere"), label="assay-partition")
    with pytest.raises(RuntimeError, match=r"ended with exit status 125 \(Docker or Slurm could not start it\)"):
        run(step)
    assert "invalid partition" in log(step)


def test_a_job_that_takes_too_much_memory_says_so_and_is_tried_again(slurm: None, make_step: MakeStep) -> None:
    take = f"{sys.executable} -c 'import time; x = bytearray(300 << 20); time.sleep(60)'"
    step = make_step(f"echo x >> count; {take}", StepResources(memory=100 << 20), label="assay-memory")
    with pytest.raises(RuntimeError, match=r"ran out of memory \(its limit: 0\.0977 GiB\)"):
        run(step, retries=1)
    assert (step.folder / "count").read_text() == "x\nx\n"


def test_a_job_that_takes_too_long_says_so(slurm: None, make_step: MakeStep) -> None:
    """A minute is Slurm's shortest limit; it looks every half minute."""
    step = make_step("sleep 600", StepResources(time_limit=60), label="assay-time")
    with pytest.raises(RuntimeError, match="took longer than its time limit of 1 minutes"):
        run(step)
    assert states_of("assay-time.1") == ["TIMEOUT"]


def test_a_cancelled_job_says_so_and_an_earlier_one_of_its_name_does_not_matter(
    slurm: None, make_step: MakeStep
) -> None:
    cancel = "test -e cancelled && exit 1; touch cancelled; scancel $SLURM_JOB_ID; sleep 60"
    step = make_step(cancel, label="assay-cancelled")
    with pytest.raises(RuntimeError, match=r"was cancelled \(scancel\)"):
        run(step)
    with pytest.raises(RuntimeError, match="ended with exit status 1"):
        run(step)


def test_only_a_runs_own_jobs_are_cancelled(slurm: None, make_step: MakeStep, wait_until: WaitUntil) -> None:
    clients = []
    for run_id in ("0" * 32, "1" * 32):
        step = make_step("sleep 600")
        name = f"assay-{run_id[:16]}-step.1"
        program = Slurm().wrap(Program(step.arguments, os.environ, step.folder), step, name)
        clients.append(subprocess.Popen(program.arguments, env=dict(program.environment), stderr=subprocess.DEVNULL))
    wait_until(lambda: queue("%T").count("RUNNING") == 2)
    end_run("0" * 32, "local", "slurm")
    wait_until(lambda: clients[0].poll() is not None)
    assert clients[1].poll() is None
    end_run("1" * 32, "local", "slurm")
    wait_until(lambda: clients[1].poll() is not None)


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_no_job_outlives_the_run(
    ending: signal.Signals,
    slurm: None,
    small_study: Callable[..., Path],
    toy_project: Callable[..., Path],
    tmp_path: Path,
    wait_until: WaitUntil,
) -> None:
    study, folder = small_study(), tmp_path / "run"
    work = "touch {output}/begun; (test -e {study}.go || sleep 600); echo {name} > {output}/a.txt"
    command = [ASSAY, "run", "--part", "physics", "--project", toy_project(["a", "b"], work), "--study", study]
    command += ["--output", folder, "--batch-system", "slurm", "--processes", "4"]
    launcher = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL)
    wait_until(lambda: all((folder / f"generate_{number}" / "begun").exists() for number in range(2)))
    launcher.send_signal(ending)
    launcher.wait(SECONDS)
    label = f"assay-{(folder / 'run-id').read_text()[:16]}-"
    wait_until(lambda: not [job for job in queue("%j|%T") if job.startswith(label) and job.endswith("|RUNNING")])
    wait_until(lambda: not is_alive(folder))  # the warden has ended all that it found
    study.with_name("input.yml.go").touch()
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=SECONDS)
    assert (folder / "combine" / "combined.h5").read_text() == "a\nb\n"


@pytest.mark.fast
def test_every_way_of_containers_is_known_to_the_tests() -> None:
    assert set(CONTAINERS) == {"local", "docker", "apptainer"}
