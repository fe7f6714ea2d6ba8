"""`assay run` with what the study says about its execution."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.slow

Assay = Callable[..., str]
Study = Callable[..., Path]
Project = Callable[..., Path]
FLAKY = "echo x >> {output}/count; test $(wc -l < {output}/count) -ge 2 || exit 5; echo {name} > {output}/a.txt"


@pytest.mark.parametrize(("retries", "status"), [(1, 0), (0, 1)])
def test_a_steps_second_attempt(
    retries: int, status: int, assay: Assay, small_study: Study, toy_project: Project, tmp_path: Path
) -> None:
    study = small_study(execution={"retries": retries, "retry_delay": 0.1})
    shown = assay(
        *("run", "--study", study, "--part", "physics", "--project", toy_project(["a", "b"], FLAKY)),
        *("--output", tmp_path / "run", "--processes", 2),
        expect=status,
    )
    counts = [len((tmp_path / "run" / f"generate_{number}" / "count").read_text().split()) for number in range(2)]
    assert counts == [1 + retries] * 2
    assert ("attempt 2" in shown) == (retries == 1)


def test_the_run_uses_the_projects_workflow_with_the_studys_resources(
    assay: Assay, small_study: Study, toy_project: Project, tmp_path: Path
) -> None:
    """And its folder holds what it has used."""
    project, run = toy_project([], "unused"), tmp_path / "run"
    text = (project / "workflow" / "physics.yml").read_text()
    step = {
        "environment": {"environment_type": "docker-encapsulated", "image": "none", "imagetag": "0"},
        "process": {"process_type": "string-interpolated-cmd", "cmd": "sleep 600"},
        "publisher": {"publisher_type": "constant-pub", "publish": {}},
    }
    (project / "steps").mkdir()
    (project / "steps" / "physics.yml").write_text(yaml.safe_dump({"combine": step}))
    flow = yaml.safe_load(text)
    flow["stages"] = [
        {
            "name": "combine",
            "dependencies": ["init"],
            "scheduler": {
                "scheduler_type": "singlestep-stage",
                "parameters": {"study": {"step": "init", "output": "study"}},
                "step": {"$ref": "../steps/physics.yml#/combine"},
            },
        }
    ]
    (project / "workflow" / "physics.yml").write_text(yaml.safe_dump(flow))
    study = small_study(execution={"retries": 0, "resources": {"combine": {"time_limit": 0.02}}})
    shown = assay("run", "--study", study, "--part", "physics", "--project", project, "--output", run, expect=1)
    assert "step combine failed" in shown
    assert "took longer than its time limit of 0.0333 minutes" in shown
    used = yaml.safe_load((run / "specification" / "steps" / "physics.yml").read_text())
    assert used["combine"]["environment"]["resources"] == [{"kubernetes_job_timeout": 2}]
    assert "resources" not in (project / "steps" / "physics.yml").read_text()


@pytest.mark.fast
def test_a_project_without_a_workflow(assay: Assay, small_study: Study, tmp_path: Path) -> None:
    shown = assay("run", "--study", small_study(), "--project", tmp_path, "--output", tmp_path / "run", expect=1)
    assert "no workflow here" in shown
    assert not (tmp_path / "run").exists()
