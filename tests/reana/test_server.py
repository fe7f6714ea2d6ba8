"""The test server itself: what the real reana-client makes of it, and what it refuses."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from reana_site import Site
from server.application import Application, serving
from server.cluster import Cluster
from server.openapi import read_operations
from toy_project import write_project

pytestmark = pytest.mark.slow

Write = Callable[..., Path]
RUN = "toy.1"


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A site with a run that was created, uploaded, started and followed by reana-client alone."""
    folder = tmp_path_factory.mktemp("reana")
    application = Application(Cluster(folder / "cluster"))
    project = write_project(folder / "project", {}, {})
    (project / "input").mkdir()
    (project / "input" / "input.yml").write_text("name: toy\n")
    specification = (project / "reana.yml").read_text().replace("inputs:\n", "inputs:\n  files: [input/input.yml]\n")
    (project / "reana.yml").write_text(specification)
    with serving(application) as url:
        site = Site(url, application.cluster, application, project)
        shown = site.run("reana-client", "run", "-f", "reana.yml", "-w", "toy", "--follow")
        assert "toy.1 has finished" in shown, shown
        yield site
    assert not application.violations


def test_ping_and_info(ended: Any) -> None:
    shown = ended.run("reana-client", "ping")
    assert "Authenticated as: Jane Doe <jane.doe@example.org>" in shown
    assert "Status: Connected" in shown
    assert "kubernetes" in ended.run("reana-client", "info")


def test_list_and_status(ended: Any) -> None:
    (entry,) = json.loads(ended.run("reana-client", "list", "--json"))
    assert (entry["name"], entry["run_number"], entry["status"]) == ("toy", "1", "finished")
    (status,) = json.loads(ended.run("reana-client", "status", "-w", RUN, "--json", "--verbose"))
    assert status["progress"] == "5/5"
    assert status["duration"] >= 0


def test_files_with_their_sizes(ended: Any) -> None:
    files = {
        entry["name"]: int(entry["size"]) for entry in json.loads(ended.run("reana-client", "ls", "-w", RUN, "--json"))
    }
    assert files["physics/combine/combined.h5"] == 4
    assert {"input/input.yml", "steps/toy.yml", "ml/plot/report.html"} <= set(files)
    total = sum(path.stat().st_size for path in ended.cluster.find(RUN).workspace.rglob("*") if path.is_file())
    assert f"{total} Bytes" in ended.run("reana-client", "du", "-w", RUN, "--summarize", "--human-readable")
    assert json.loads(ended.run("reana-client", "ls", "-w", RUN, "--json", "nothing.h5")) == []


def test_logs_of_all_jobs_and_of_one_step(ended: Any) -> None:
    logs = json.loads(ended.run("reana-client", "logs", "-w", RUN, "--json"))
    assert "yadage" in logs["workflow_logs"]
    jobs = {job["job_name"]: job for job in logs["job_logs"].values()}
    assert set(jobs) == {"configure", "generate_0", "generate_1", "combine", "plot"}
    assert re.fullmatch(r"job: :\n generating b\n\n\nCompleted\n", jobs["generate_1"]["logs"])
    assert jobs["plot"]["docker_img"] == "example.org/toy:1"
    one = ended.run("reana-client", "logs", "-w", RUN, "--json", "--filter", "step=plot")
    assert [job["job_name"] for job in json.loads(one)["job_logs"].values()] == ["plot"]


def test_files_come_one_by_one_and_folders_as_archives(ended: Any) -> None:
    ended.run("reana-client", "download", "-w", RUN, "-o", "got", "ml/plot/report.html")
    assert (ended.folder / "got" / "report.html").read_text() == "a\nb\n"
    ended.run("reana-client", "download", "-w", RUN, "-o", "got", "ml/plot/figures")
    (archive,) = (ended.folder / "got").glob("*.zip")
    with zipfile.ZipFile(archive) as opened:
        assert {name: opened.read(name) for name in opened.namelist()} == {
            "ml/plot/figures/a.svg": b"1\n",
            "ml/plot/figures/b.svg": b"2\n",
        }


def test_quota_and_retention(ended: Any) -> None:
    assert "used" in ended.run("reana-client", "quota-show", "--resource", "disk")
    rules = json.loads(ended.run("reana-client", "retention-rules-list", "-w", RUN, "--json"))
    assert [(rule["workspace_files"], rule["retention_days"]) for rule in rules] == [("physics/generate_*/**", 7)]


def test_a_workspace_whose_retention_rules_are_at_work_is_not_restarted(ended: Any) -> None:
    (rule,) = ended.cluster.find(RUN).rules
    rule["status"] = "pending"
    assert "retention rules" in ended.run("reana-client", "restart", "-w", RUN, expect=1)
    rule["status"] = "active"


def test_secrets_by_the_client(ended: Any) -> None:
    ended.run("reana-client", "secrets-add", "--env", "A=1", "--env", "B=2")
    assert "already exist" in ended.run("reana-client", "secrets-add", "--env", "A=3", expect=1)
    assert {"A", "B"} <= set(ended.run("reana-client", "secrets-list").split())
    ended.run("reana-client", "secrets-delete", "A", "B")
    assert "do not exist" in ended.run("reana-client", "secrets-delete", "A", expect=1)


def test_a_restart_is_a_run_of_its_own_in_the_same_workspace(ended: Any) -> None:
    before = (ended.cluster.find(RUN).workspace / "physics" / "generate_0" / "events").read_text()
    ended.run("reana-client", "restart", "-w", RUN)
    again = ended.cluster.find("toy.1.1")
    assert again.workspace == ended.cluster.find(RUN).workspace
    again.engine.wait(timeout=120)
    assert ended.cluster.find("toy.1.1").status == "finished"
    after = (again.workspace / "physics" / "generate_0" / "events").read_text()
    assert after == before + before  # files are kept, and nothing but the step itself skips its work
    assert "cannot be started again" in ended.run("reana-client", "start", "-w", RUN, expect=1)


def test_pruning_keeps_inputs_and_outputs_and_deletion_nothing(ended: Any) -> None:
    ended.run("reana-client", "run", "-f", "reana.yml", "-w", "other", "--follow")
    workspace = ended.cluster.find("other.1").workspace
    ended.run("reana-client", "prune", "-w", "other.1")
    left = {str(path.relative_to(workspace)) for path in workspace.rglob("*") if path.is_file()}
    assert {"input/input.yml", "ml/plot/report.html", "ml/plot/figures/a.svg"} <= left
    assert not [name for name in left if name.startswith("physics/")]
    ended.run("reana-client", "delete", "-w", "other.1")
    assert not workspace.exists()
    assert "other" not in ended.run("reana-client", "list")


@pytest.mark.parametrize(
    ("method", "path", "arguments", "status"),
    [
        ("GET", "/api/workflows", {}, 400),  # `type` is required
        ("GET", "/api/workflows", {"type": "batch", "page": "x"}, 400),
        ("GET", "/api/workflows", {"type": "batch", "verbose": "perhaps"}, 400),
        ("GET", "/api/workflows", {"type": "batch", "color": "red"}, 400),
        ("PUT", "/api/workflows/toy.1/status", {"status": "nonsense"}, 400),
        ("GET", "/api/workflows/toy.9/status", {}, 404),
        ("GET", "/api/nothing", {}, 404),
        ("DELETE", "/api/you", {}, 405),
        ("POST", "/api/workflows/toy.1/workspace", {"file_name": "a"}, 400),  # not an octet stream
        ("GET", "/api/workflows/toy.1/diff/toy.1", {}, 400),
    ],
)
def test_requests_that_are_not_as_specified_are_refused(
    ended: Any, method: str, path: str, arguments: dict[str, str], status: int
) -> None:
    answer = requests.request(
        method, ended.url + path, params={**arguments, "access_token": ended.cluster.token}, timeout=60
    )
    if path.endswith("/diff/toy.1"):
        assert answer.status_code in (400, 500)
        return
    assert answer.status_code == status, answer.text


def test_files_stay_in_the_workspace(ended: Any) -> None:
    answer = requests.post(
        f"{ended.url}/api/workflows/toy.1/workspace",
        params={"file_name": "../../x", "access_token": ended.cluster.token},
        headers={"Content-Type": "application/octet-stream"},
        data=b"x",
        timeout=60,
    )
    assert answer.status_code == 400


def test_answers_are_checked() -> None:
    operation = read_operations()["get_workflow_status"]
    operation.check_answer(200, {"id": "a", "name": "b", "progress": {"current_command": None}})
    with pytest.raises(Exception, match="is not of type"):
        operation.check_answer(200, {"id": 1})
    with pytest.raises(AssertionError, match="never answers 418"):
        operation.check_answer(418, {})
