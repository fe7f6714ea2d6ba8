"""`assay reana` against the test server, from upload to downloaded report, with steps that take no time."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from reana_site import wait_until
from server.faults import AnswerFault, JobFault
from werkzeug.wrappers import Response

from assay.events.eventfile import write_event_file
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.study.load import load_study
from assay.theory.from_study import parameter_space

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
Command = Callable[..., str]
FIRST = "wbf-higgs-hww.1"


def jobs_of(site: Any, run: str) -> dict[str, dict[str, Any]]:
    return {job["job_name"]: job for job in site.cluster.find(run).engine_state()["jobs"].values()}


def test_a_study_goes_there_runs_and_comes_back(site: Any, reana: Command) -> None:
    shown = reana()
    plot = site.folder / "results" / "ml" / "plot"
    assert "REANA 0.9.4, as jane.doe@example.org" in shown
    assert f"{FIRST} is created" in shown
    assert f"{FIRST} is finished after" in shown
    assert "generate_1       done" in shown
    assert f"report:   {plot / 'report.html'}" in shown
    assert (plot / "report.html").read_text() == "a\nb\n"
    assert {path.name: path.read_text() for path in (plot / "figures").iterdir()} == {"a.svg": "1\n", "b.svg": "2\n"}
    # the study arrived as it is, with its card at the same place
    workspace = site.cluster.find(FIRST).workspace
    sent = site.folder / "input"
    for name in ("input.yml", "cards/detector.yml"):
        assert (workspace / "input" / name).read_bytes() == (sent / name).read_bytes()
    assert (workspace / "physics" / "configure" / "study").read_bytes() == (sent / "input.yml").read_bytes()


def test_a_study_may_be_anywhere(site: Any, reana: Command, small_study: Write) -> None:
    study = small_study()
    elsewhere = site.folder / "my studies" / "mine.yml"
    study.parent.rename(elsewhere.parent)
    (elsewhere.parent / study.name).rename(elsewhere)
    reana("--study", elsewhere)
    workspace = site.cluster.find(FIRST).workspace
    assert (workspace / "input" / "mine.yml").is_file()
    assert (workspace / "input" / "cards" / "detector.yml").is_file()


def test_resources_of_the_study_reach_the_steps(site: Any, reana: Command, small_study: Write) -> None:
    study = small_study(execution={"resources": {"generate": {"memory": 2.0, "time_limit": 30.0}}})
    reana("--study", study)
    stages = site.cluster.find(FIRST).specification["workflow"]["specification"]["stages"]
    inside = {stage["name"]: stage for stage in stages[0]["scheduler"]["workflow"]["stages"]}
    resources = inside["generate"]["scheduler"]["step"]["environment"]["resources"]
    assert {"kubernetes_memory_limit": "2Gi"} in resources
    assert {"kubernetes_job_timeout": 1800} in resources


def write_events(path: Path, study: Path) -> Path:
    """One event at each of the study's benchmarks."""
    whole = load_study(study)
    space, morphing = parameter_space(whole, seed=1)
    names, n = space.benchmark_names, len(space.benchmark_names)
    observables = tuple(ObservableInfo(name, section.expression) for name, section in whole.observables.items())
    samples = tuple(Sample(name, name, 1, 1e-3) for name in names)
    x, index = np.ones((n, len(observables))), np.arange(n, dtype=np.int32)
    write_event_file(path, EventTable(space, morphing, observables, samples, x, np.full((n, n), 1e-3), index))
    return path


def test_physics_alone_gives_events_back_and_learning_alone_takes_them(
    site: Any, reana: Command, small_study: Write
) -> None:
    reana("--part", "physics", "--name", "events")
    events = site.folder / "results" / "physics" / "combine" / "combined.h5"
    assert events.read_text() == "a\nb\n"
    assert set(jobs_of(site, "events.1")) == {"configure", "generate_0", "generate_1", "combine"}

    other = write_events(site.folder / "other.h5", study := small_study())
    learn = ("--study", study, "--part", "ml", "--events", other, "--name", "learn")
    shown = reana(*learn, "--output", site.folder / "learned")
    assert set(jobs_of(site, "learn.1")) == {"plot"}
    assert (site.folder / "learned" / "ml" / "plot" / "report.html").read_bytes() == other.read_bytes()
    assert "learn.1 is finished" in shown


def test_it_can_be_left_alone_and_taken_up_again(site: Any, reana: Command) -> None:
    shown = reana("--no-follow")
    assert f"assay reana follow {FIRST}" in shown
    assert not (site.folder / "results" / "ml").exists()
    reana("follow", FIRST, "--output", site.folder / "later")
    assert (site.folder / "later" / "ml" / "plot" / "report.html").read_text() == "a\nb\n"


def test_without_a_server_study_and_specification_are_checked(site: Any, reana: Command) -> None:
    shown = reana("--check", environment={"REANA_SERVER_URL": None, "REANA_ACCESS_TOKEN": None})
    assert "valid" in shown
    assert not site.application.requests
    staged = yaml.safe_load((site.folder / "results" / "reana" / "reana.yml").read_text())
    assert staged["inputs"]["files"] == ["input/cards/detector.yml", "input/input.yml"]


def test_a_second_run_has_the_next_number(reana: Command) -> None:
    reana("--no-follow")
    assert "wbf-higgs-hww.2 is created" in reana("--no-follow")


def test_a_failed_run_goes_on_with_a_mended_study(site: Any, reana: Command, toy: Write) -> None:
    broken = toy(combine="echo no luck && exit 3")
    assert "step combine failed" in reana("--project", broken, expect=1)
    mended = toy(combine="cat {events} > {output}/combined.h5")
    shown = reana("--project", mended, "--resume", FIRST)
    assert f"{FIRST}.1 is started" in shown
    assert (site.folder / "results" / "ml" / "plot" / "report.html").is_file()
    assert site.cluster.find(f"{FIRST}.1").workspace == site.cluster.find(FIRST).workspace


def test_what_may_go_better_is_tried_again_as_often_as_the_study_says(
    site: Any, reana: Command, small_study: Write
) -> None:
    site.cluster.faults.jobs += [JobFault("combine", "memory", starts=1), JobFault("plot", "lost", starts=2)]
    shown = reana("--study", small_study(execution={"retries": 2, "retry_delay": 0.1}))
    assert f"restarting {FIRST} in 0 s (1 of 2)" in shown
    assert f"restarting {FIRST}.1 in 0 s (2 of 2)" in shown
    assert f"{FIRST}.2 is finished" in shown


@pytest.mark.parametrize("numbers", [(1, 1), (2, 2), (3, 3)])
def test_a_start_and_restarts_survive_a_fault_of_the_server(
    site: Any, reana: Command, small_study: Write, numbers: tuple[int, int]
) -> None:
    site.cluster.faults.answers.append(AnswerFault("start_workflow", 503, *numbers))
    site.cluster.faults.jobs.append(JobFault("combine", "lost", starts=2))
    reana("--study", small_study(execution={"retries": 2, "retry_delay": 0.1}), "--patience", "1")
    assert [run.full_name for run in site.cluster.runs] == [FIRST, f"{FIRST}.1", f"{FIRST}.2"]
    assert site.cluster.runs[-1].status == "finished"


@pytest.mark.parametrize("lost", [1, 2])
def test_a_start_whose_answer_is_lost_is_not_made_twice(
    site: Any, reana: Command, small_study: Write, monkeypatch: pytest.MonkeyPatch, lost: int
) -> None:
    calls, whole = [], site.application._answer

    def answer(operation: Any, *arguments: Any) -> Any:
        done = whole(operation, *arguments)
        calls.extend([operation.name] if operation.name == "start_workflow" else [])
        is_lost = operation.name == "start_workflow" and len(calls) == lost
        return Response('{"message": "Gateway Timeout"}', 504, content_type="application/json") if is_lost else done

    monkeypatch.setattr(site.application, "_answer", answer)
    site.cluster.faults.jobs.append(JobFault("combine", "lost", starts=1))
    reana("--study", small_study(execution={"retries": 1, "retry_delay": 0.1}), "--patience", "1")
    assert [run.full_name for run in site.cluster.runs] == [FIRST, f"{FIRST}.1"]
    assert len(calls) == 2


def test_results_take_the_place_of_those_of_an_earlier_study(site: Any, reana: Command) -> None:
    plot = site.folder / "results" / "ml" / "plot"
    (plot / "figures").mkdir(parents=True)
    (plot / "mlartifacts").mkdir()
    for name in ("figures/old.svg", "mlartifacts/old", "mine.txt"):
        (plot / name).write_text("old")
    reana()
    assert {path.name for path in (plot / "figures").iterdir()} == {"a.svg", "b.svg"}
    assert not (plot / "mlartifacts").exists()
    assert (plot / "mine.txt").read_text() == "old"
    assert {path.name for path in (site.folder / "results").iterdir()} == {"ml", "reana"}


def test_results_stay_if_the_download_fails(site: Any, reana: Command) -> None:
    reana()
    site.cluster.faults.answers.append(AnswerFault("download_file", 404, first=6, last=6, message="gone"))
    plot = site.folder / "results" / "ml" / "plot"
    before = {path: path.stat().st_mtime_ns for path in plot.rglob("*")}
    assert "follow" in reana("follow", FIRST, "--output", site.folder / "results", expect=1)
    assert {path: path.stat().st_mtime_ns for path in plot.rglob("*")} == before
    assert {path.name for path in (site.folder / "results").iterdir()} == {"ml", "reana"}


def test_jobs_do_not_know_the_threads_of_the_client(
    site: Any, reana: Command, toy: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "7")
    reana("--project", toy(combine="env > {output}/combined.h5; true {events}"))
    assert "NUM_THREADS" not in (site.cluster.find(FIRST).workspace / "physics/combine/combined.h5").read_text()


def test_secrets_reach_the_jobs_and_show_nowhere(site: Any, reana: Command) -> None:
    secret = "kept-for-jobs-only"  # noqa: S105
    settings = {"MLFLOW_TRACKING_URI": "http://tracking.example.org", "MLFLOW_TRACKING_PASSWORD": secret}
    shown = reana("secrets", environment=settings)
    assert "MLFLOW_TRACKING_PASSWORD" in shown
    assert secret not in shown
    assert base64.b64decode(site.cluster.secrets["MLFLOW_TRACKING_PASSWORD"]["value"]).decode() == secret
    assert "--overwrite" in reana("secrets", environment=settings, expect=1)
    reana("secrets", "--overwrite", environment=settings)

    shown += reana(environment=settings)
    workspace = site.cluster.find(FIRST).workspace
    assert (workspace / "physics" / "generate_0" / "uri").read_text() == "http://tracking.example.org\n"
    shown += "".join(site.application.requests)
    written = [path for path in site.folder.rglob("*") if path.is_file()]
    assert written
    assert secret not in shown
    for path in written:
        assert secret.encode() not in path.read_bytes(), path
        assert base64.b64encode(secret.encode()) not in path.read_bytes(), path


def test_ctrl_c_leaves_the_run_alone_and_says_how_to_go_on(site: Any, toy: Write, small_study: Write) -> None:
    slow = toy(combine="sleep 2 && cat {events} > {output}/combined.h5")
    follower = subprocess.Popen(
        [str(Path(os.sys.executable).with_name("assay")), "reana", "--study", small_study(), "--project", slow,
         "--output", site.folder / "results", "--interval", "0.1"],
        env=site.settings(), cwd=site.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_until(lambda: bool(site.cluster.runs) and "combine" in jobs_of(site, FIRST))
        follower.send_signal(signal.SIGINT)
        shown, _ = follower.communicate(timeout=60)
    finally:
        follower.kill()
    assert follower.returncode == 130, shown
    assert f"assay reana follow {FIRST}" in shown
    assert f"reana-client stop -w {FIRST}" in shown
    assert "Traceback" not in shown
    site.run("assay", "reana", "follow", FIRST, "--output", site.folder / "results", "--interval", "0.1")
    assert (site.folder / "results" / "ml" / "plot" / "report.html").is_file()


def test_the_specification_that_is_sent_holds_the_workflow(site: Any, reana: Command) -> None:
    reana("--no-follow")
    specification = site.cluster.find(FIRST).specification
    assert json.dumps(specification["workflow"]["specification"]["stages"])
    assert specification["workspace"]["retention_days"] == {"physics/generate_*/**": 7}
    (rule,) = site.cluster.find(FIRST).rules
    assert (rule["status"], rule["retention_days"]) == ("active", 7)


def test_polling_survives_faults_of_the_server(site: Any, reana: Command) -> None:
    site.cluster.faults.answers += [
        AnswerFault("get_workflow_status", 500, first=2, last=3),
        AnswerFault("get_workflow_status", 502, first=5, last=5, plain=True, message="<html>Bad Gateway</html>"),
        AnswerFault("get_workflow_status", 0, first=7, last=7),
        AnswerFault("upload_file", 500, first=2, last=2),
        AnswerFault("download_file", 503, first=1, last=1),
        AnswerFault("get_files", 500, first=1, last=1),
    ]
    shown = reana("--patience", "1")
    assert "trying again in 1 s" in shown
    assert f"{FIRST} is finished" in shown
