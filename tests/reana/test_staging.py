"""What goes to REANA, and the checks of it before it goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.errors import ReanaError, StudyError
from assay.running.reana.checks import ENGINE_KEYS, check_cluster, check_name, load_specification
from assay.running.reana.staging import Request, Staged, stage
from assay.study.load import load_study

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]


@pytest.fixture
def staged(small_study: Write, tmp_path: Path) -> Callable[..., Staged]:
    """Stage the default study of the project, changed, for a part of the workflow."""

    def make(part: Any = "all", events: Path | None = None, **changes: Any) -> Staged:
        path = small_study(**changes)
        return stage(Request(load_study(path), path, ROOT, part, events), tmp_path / "staged")

    return make


def test_the_whole_has_the_outputs_retention_and_tests_of_the_project(staged: Callable[..., Staged]) -> None:
    ready = staged()
    project = yaml.safe_load((ROOT / "reana.yml").read_text())
    written = yaml.safe_load((ready.folder / "reana.yml").read_text())
    assert written == ready.specification
    for part in ("version", "workflow", "outputs", "workspace", "tests"):
        assert written[part] == project[part]
    assert written["inputs"] == {
        "files": ["input/cards/detector.yml", "input/input.yml"],
        "directories": ["workflow", "steps"],
        "parameters": {"study": "input/input.yml"},
    }
    assert {"steps/ml.yml", "steps/physics.yml", "workflow/workflow.yml", "reana.yml"} < set(ready.files)
    assert not [path for path in ready.folder.rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("part", ["physics", "ml"])
def test_a_part_is_a_workflow_of_its_own(staged: Callable[..., Staged], tmp_path: Path, part: str) -> None:
    events = tmp_path / "mine.h5"
    events.write_bytes(b"events")
    ready = staged(part, events if part == "ml" else None)
    specification = load_specification(ready)
    (only,) = specification["workflow"]["specification"]["stages"]
    assert only["name"] == part
    assert only["dependencies"]["expressions"] == ["init"]
    parameters = {entry["key"]: entry["value"] for entry in only["scheduler"]["parameters"]}
    assert set(parameters) == set(ready.specification["inputs"]["parameters"])
    assert {value["step"] for value in parameters.values()} == {"init"}
    assert "tests" not in ready.specification
    if part == "ml":
        assert (ready.folder / ready.specification["inputs"]["parameters"]["events"]).read_bytes() == b"events"
        assert ready.specification["outputs"]["files"][0] == "ml/plot/report.html"
    else:
        assert ready.specification["outputs"] == {"files": ["physics/combine/combined.h5"]}


def test_what_an_earlier_staging_left_is_gone(staged: Callable[..., Staged], tmp_path: Path) -> None:
    (tmp_path / "staged" / "input").mkdir(parents=True)
    (tmp_path / "staged" / "input" / "old.yml").touch()
    assert "input/old.yml" not in staged().files


def test_resources_of_the_study_are_in_the_specification(staged: Callable[..., Staged]) -> None:
    options = {"slurm_partition": "inf-short", "kerberos": True}
    wanted = {"memory": 3.5, "cores": 2, "time_limit": 90.0, "backend": "slurmcern", "options": options}
    specification = load_specification(staged(execution={"resources": {"train": wanted}}))
    train = next(
        stage
        for stage in specification["workflow"]["specification"]["stages"][1]["scheduler"]["workflow"]["stages"]
        if stage["name"] == "train"
    )
    resources = train["scheduler"]["step"]["environment"]["resources"]
    assert all(len(entry) == 1 and set(entry) <= ENGINE_KEYS for entry in resources)
    assert {"kubernetes_memory_limit": "3584Mi"} in resources
    assert {"compute_backend": "slurmcern"} in resources
    with pytest.raises(ReanaError, match=r"execution\.resources\.train\.backend: asks for slurmcern"):
        check_cluster(specification, {"compute_backends": {"value": ["kubernetes"]}})
    check_cluster(specification, {"compute_backends": {"value": ["kubernetes", "slurmcern"]}})
    check_cluster(specification, {})  # a cluster that tells nothing is believed to have everything


@pytest.mark.parametrize(
    ("info", "words"),
    [
        ({"kubernetes_max_memory_limit": {"value": "4Gi"}}, r"\.memory: asks for 8Gi"),
        ({"maximum_kubernetes_jobs_timeout": {"value": "3600"}}, r"\.time_limit: asks for 7200 s"),
    ],
)
def test_limits_of_the_cluster(staged: Callable[..., Staged], info: dict[str, Any], words: str) -> None:
    resources = {"plot": {"memory": 8.0, "time_limit": 120.0}}
    # what steps/*.yml ask for themselves counts, too
    for name in ("sample", "train", "toys", "evaluate"):
        resources[name] = {"memory": 1.0}
    specification = load_specification(staged(execution={"resources": resources}))
    with pytest.raises(ReanaError, match=f"execution.resources.plot{words}"):
        check_cluster(specification, info)


def test_a_wrong_workflow_is_told_without_a_server(staged: Callable[..., Staged]) -> None:
    ready = staged()
    path = ready.folder / "workflow" / "physics.yml"
    path.write_text(path.read_text().replace("singlestep-stage", "no-such-stage"))
    with pytest.raises(ReanaError, match="not a specification that REANA accepts"):
        load_specification(ready)


def test_what_reana_would_ignore_is_told(staged: Callable[..., Staged]) -> None:
    ready = staged()
    path = ready.folder / "reana.yml"
    path.write_text(path.read_text() + "retention: 3\n")
    with pytest.raises(ReanaError, match="REANA would ignore a part of it"):
        load_specification(ready)


def test_events_and_part_go_together(staged: Callable[..., Staged], tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="--events goes with --part ml"):
        staged("physics", tmp_path / "events.h5")
    with pytest.raises(StudyError, match="event file not found"):
        staged("ml", tmp_path / "events.h5")


def test_names_of_runs() -> None:
    assert check_name("wbf-higgs_2") == "wbf-higgs_2"
    with pytest.raises(ReanaError, match="illegal character"):
        check_name("wbf.2")
