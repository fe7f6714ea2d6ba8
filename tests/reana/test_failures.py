"""How `assay reana` ends when something is wrong: each with its message and exit status."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from server.cluster import Cluster
from server.faults import AnswerFault, JobFault
from toy_project import COMMANDS

from assay.errors import ReanaError
from assay.running.reana import run
from assay.running.reana.follow import Watch
from assay.running.reana.results import download
from assay.running.reana.server import Server

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
Command = Callable[..., str]
FIRST = "wbf-higgs-hww.1"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"REANA_SERVER_URL": None}, "REANA_SERVER_URL is not set"),
        ({"REANA_ACCESS_TOKEN": None}, "REANA_ACCESS_TOKEN is not set"),
        ({"REANA_ACCESS_TOKEN": "  "}, "REANA_ACCESS_TOKEN is not set"),
        ({"REANA_SERVER_URL": "reana.cern.ch"}, "REANA_SERVER_URL=reana.cern.ch: not an address"),
        ({"REANA_SERVER_URL": "http://127.0.0.1:9"}, "the server cannot be reached"),
        ({"REANA_ACCESS_TOKEN": "another-token"}, "access denied (403 Token not valid.)"),
    ],
)
def test_without_access_nothing_is_created(
    site: Any, reana: Command, settings: dict[str, str | None], words: str
) -> None:
    shown = reana(environment=settings, expect=2)
    assert words in shown
    assert "mend: " in shown
    assert "another-token" not in shown
    assert not site.cluster.runs


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (AnswerFault("get_you", 401, last=9, message="User not signed in"), "access denied (401 User not signed in)"),
        (AnswerFault("get_you", 404, last=9, plain=True, message="<html>"), "not found"),
        (AnswerFault("get_you", 500, last=9), "a fault of its own (500"),
        (AnswerFault("get_you", 0, last=9), "the server cannot be reached"),
    ],
)
def test_a_server_that_is_none_or_ill_is_told_at_once(site: Any, reana: Command, fault: Any, words: str) -> None:
    site.cluster.faults.answers.append(fault)
    assert words in reana(expect=2)
    assert not site.cluster.runs


def test_a_server_that_stays_ill_in_the_middle_ends_the_waiting_but_not_the_run(site: Any, reana: Command) -> None:
    site.cluster.faults.answers.append(AnswerFault("get_workflow_status", 500, first=2, last=1000))
    shown = reana(expect=1)
    assert "cannot follow wbf-higgs-hww.1: the server has a fault of its own (500" in shown
    assert f"the run goes on by itself: take it up again with `assay reana follow {FIRST}`" in shown
    site.cluster.faults.answers.clear()
    reana("follow", FIRST, "--output", site.folder / "results")
    assert (site.folder / "results" / "ml" / "plot" / "report.html").is_file()


def test_a_token_that_expires_in_the_middle_does_not_end_the_run(site: Any, reana: Command) -> None:
    site.cluster.faults.answers.append(
        AnswerFault("get_workflow_status", 403, first=2, last=1000, message="Token not valid.")
    )
    shown = reana(expect=1)
    assert "access denied (403 Token not valid.)" in shown
    assert f"assay reana follow {FIRST}" in shown
    assert "trying again" not in shown


def test_a_run_that_the_server_does_not_know(reana: Command) -> None:
    shown = reana("follow", "nothing.7", expect=1)
    assert "not found" in shown
    assert "reana-client list" in shown
    assert "not found" in reana("--resume", "nothing.7", expect=1)


def test_a_failing_step_is_named_with_its_last_words(reana: Command, toy: Write) -> None:
    project = toy(combine="echo no event is left >&2; exit 1")
    shown = reana("--project", project, expect=1)
    assert f"{FIRST}: step combine failed; its last lines:\nno event is left\n" in shown
    assert f"--resume {FIRST}" in shown
    assert "restarting" not in shown  # it would say the same again


def test_all_steps_that_failed_are_named(reana: Command, toy: Write) -> None:
    shown = reana("--project", toy(generate="echo bad; exit 1"), expect=1)
    assert "failed; its last lines:\nbad\n" in shown
    assert "failed, too: generate_" in shown


def test_a_run_that_somebody_stops(site: Any, reana: Command, toy: Write) -> None:
    def stop() -> None:
        while not (site.cluster.runs and site.cluster.runs[0].engine_state()["jobs"]):
            time.sleep(0.05)
        site.run("reana-client", "stop", "-w", FIRST, "--force")

    stopper = threading.Thread(target=stop)
    stopper.start()
    shown = reana("--project", toy(configure="sleep 600"), expect=1)
    stopper.join()
    assert f"{FIRST}: the run was stopped, by you or by an administrator" in shown
    assert "restarting" not in shown
    # REANA restarts failed and finished runs only; that is said before anything is uploaded
    uploaded = site.cluster.faults.calls["upload_file"]
    shown = reana("--resume", FIRST, expect=1)
    assert "the run was stopped" in shown
    assert "without --resume" in shown
    assert site.cluster.faults.calls["upload_file"] == uploaded


def test_a_run_that_runs_is_not_restarted(site: Any, reana: Command, toy: Write) -> None:
    project = toy(configure="sleep 600")
    reana("--project", project, "--no-follow")
    assert "expected: one that has failed" in reana("--project", project, "--resume", FIRST, expect=1)


@pytest.mark.parametrize("limit", [1, 3000])
def test_the_quota_is_told_before_or_while_uploading(site: Any, reana: Command, limit: int) -> None:
    site.cluster.quota["disk"] = limit
    shown = reana(expect=1)
    assert "the quota is exceeded" in shown
    assert "reana-client quota-show" in shown


def test_the_quota_is_told_at_the_start(site: Any, reana: Command) -> None:
    site.cluster.quota["cpu"] = site.cluster.cpu_used = 1000
    shown = reana(expect=1)
    assert "cannot create the run: the quota is exceeded (User quota exceeded." in shown


def test_a_memory_kill_names_the_stage_and_the_key_of_the_study(
    site: Any, reana: Command, toy: Write, small_study: Write
) -> None:
    """With a step that really takes more than its limit."""
    hungry = "echo filling up && python -c 'import time; kept = bytearray(300 << 20); time.sleep(600)'"
    project = toy({"combine": [{"kubernetes_memory_limit": "100Mi"}]}, combine=hungry)
    shown = reana("--project", project, "--study", small_study(execution={"retries": 0}), expect=1)
    assert "step combine took more memory than it may and was killed; its last lines:\nfilling up" in shown
    assert "raise execution.resources.combine.memory (GiB)" in shown


def test_a_time_limit_names_the_stage_and_the_key_of_the_study(
    site: Any, reana: Command, toy: Write, small_study: Write
) -> None:
    project = toy({"generate": [{"kubernetes_job_timeout": 1}]}, generate="sleep 600")
    shown = reana("--project", project, "--study", small_study(execution={"retries": 0}), expect=1)
    assert "took longer than it may and was killed" in shown
    assert "raise execution.resources.generate.time_limit (minutes)" in shown


def test_an_image_that_cannot_be_pulled_is_named_and_not_tried_again(site: Any, reana: Command) -> None:
    site.cluster.faults.jobs.append(JobFault("configure", "image", starts=9))
    shown = reana(expect=1)
    assert "example.org/toy:1: the image of step configure cannot be pulled" in shown
    assert "make push" in shown
    assert "restarting" not in shown


def test_attempts_come_to_an_end(site: Any, reana: Command, small_study: Write) -> None:
    site.cluster.faults.jobs.append(JobFault("combine", "lost", starts=9))
    shown = reana("--study", small_study(execution={"retries": 1, "retry_delay": 0.0}), expect=1)
    assert shown.count("restarting") == 1
    assert f"{FIRST}.1: step combine failed without a word" in shown


def test_resources_that_the_engine_would_drop_are_refused_here(site: Any, reana: Command, toy: Write) -> None:
    shown = reana("--project", toy({"generate": [{"kubernetes_gpu": 1}]}), expect=1)
    assert "REANA's engine would drop kubernetes_gpu without a word" in shown
    assert "no GPUs" in shown
    assert not site.application.requests


@pytest.mark.parametrize(
    ("resources", "words"),
    [
        ({"memory": 128.0}, "execution.resources.generate.memory: asks for 128Gi"),
        ({"backend": "slurmcern"}, "execution.resources.generate.backend: asks for slurmcern"),
    ],
)
def test_resources_that_the_cluster_has_not_are_refused_before_creation(
    site: Any, reana: Command, small_study: Write, resources: dict[str, Any], words: str
) -> None:
    shown = reana("--study", small_study(execution={"resources": {"generate": resources}}), expect=1)
    assert words in shown
    assert not site.cluster.runs


def test_outputs_that_are_not_there_are_missed(reana: Command, toy: Write) -> None:
    """yadage takes a step that writes nothing for a success."""
    shown = reana("--project", toy(plot="true {events} {output}"), expect=1)
    assert "the run finished without ml/plot/report.html, ml/plot/figures" in shown


def test_files_that_are_not_what_the_stage_wrote_are_refused(site: Any, reana: Command, toy: Write) -> None:
    plot = f"{COMMANDS['plot']} && echo more >> {{output}}/report.html"
    shown = reana("--project", toy(plot=plot), expect=1)
    assert "report.html: the file is not what the stage wrote" in shown


def test_a_stage_of_ours_without_a_manifest_is_not_taken(site: Any, reana: Command, toy: Write) -> None:
    shown = reana("--project", toy(plot=f"{COMMANDS['plot']} && rm {{output}}/manifest.json"), expect=1)
    assert "there is no manifest.json to verify it with" in shown
    assert f"`assay reana follow {FIRST}`" in shown
    assert not (site.folder / "results" / "ml").exists()


def test_a_file_that_the_manifest_does_not_know_is_refused(site: Any, reana: Command, toy: Write) -> None:
    shown = reana("--project", toy(plot=f"{COMMANDS['plot']} && echo 3 > {{output}}/figures/c.svg"), expect=1)
    assert "ml/plot/figures/c.svg: the file is not what the stage wrote" in shown


@pytest.mark.parametrize("name", ["../figures", "/figures", "."])
def test_an_output_outside_of_the_folder_is_refused(name: str) -> None:
    with pytest.raises(ReanaError, match="a name that leads out of the folder"):
        download(cast(Server, None), FIRST, {"outputs": {"directories": [name]}}, Path("unused"), Watch(io.StringIO()))


def test_a_start_that_stays_impossible_says_how_to_go_on(site: Any, reana: Command) -> None:
    site.cluster.faults.answers.append(AnswerFault("start_workflow", 500, last=1000))
    shown = reana(expect=1)
    assert "a fault of its own (500" in shown
    assert f"`assay reana follow {FIRST}`" in shown


@pytest.mark.parametrize(("stopped", "words"), [("sleep", f"--resume {FIRST}"), ("download", f"follow {FIRST}`")])
def test_ctrl_c_in_a_pause_or_download_says_how_to_go_on(
    site: Any, reana: Command, monkeypatch: pytest.MonkeyPatch, stopped: str, words: str
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    site.cluster.faults.jobs.append(JobFault("combine", "lost", starts=1 if stopped == "sleep" else 0))
    monkeypatch.setattr(run, stopped, interrupted) if stopped == "download" else monkeypatch.setattr(
        run, "time", SimpleNamespace(sleep=interrupted)
    )
    assert words in reana(expect=130)


@pytest.mark.parametrize(
    "address",
    ["http://localhost:5000", "https://127.0.0.1", "http://[::1]:80", "http://0.0.0.0:1", "HTTP://LocalHost", "file:///x",
     "sqlite:///a.db", "mlruns", "http://", "http://[x"],
)  # fmt: skip
def test_a_tracking_server_that_the_cluster_cannot_reach_is_refused(site: Any, reana: Command, address: str) -> None:
    shown = reana("secrets", environment={"MLFLOW_TRACKING_URI": address}, expect=1)
    assert "MLFLOW_TRACKING_URI: not an address that the cluster can reach" in shown
    assert address == "http://" or address not in shown
    assert not site.cluster.secrets


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["--name", "a.b"], 'contains illegal character "."', 1),
        (["--name", "a.b", "--check"], 'contains illegal character "."', 1),
        (["--part", "ml"], "--events goes with --part ml", 2),
        (["--part", "ml", "--events", "nothing.h5"], "nothing.h5: event file not found", 2),
        (["--project", "nowhere"], "no reana.yml and workflow/ here", 1),
    ],
)
def test_wrong_options_are_told_before_a_server_is_asked(
    site: Any, reana: Command, arguments: list[str], words: str, status: int
) -> None:
    assert words in reana(*arguments, expect=status)
    assert not site.application.requests


def test_a_name_that_would_not_survive_the_command_lines_is_refused(
    site: Any, reana: Command, small_study: Write
) -> None:
    study = small_study()
    odd = study.rename(study.with_name("my study.yml"))
    assert "does not survive" in reana("--study", odd, expect=2)


def test_secrets_need_a_tracking_server(reana: Command) -> None:
    assert "MLFLOW_TRACKING_URI is not set" in reana("secrets", expect=1)


def test_the_token_is_not_in_what_a_failing_connection_says(site: Any, reana: Command) -> None:
    site.cluster = Cluster(site.folder / "unused", token="visible-if-it-leaks")  # noqa: S106
    shown = reana(environment={"REANA_SERVER_URL": "http://127.0.0.1:9"}, expect=2)
    assert "visible-if-it-leaks" not in shown
