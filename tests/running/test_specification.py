from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yadageschemas
import yaml

from assay.errors import WorkflowError
from assay.running.specification import images_of, write_specification
from assay.study.load import load_study
from assay.study.model import DetectorSection, Study
from assay.study.model_process import MadGraphCards, MadGraphProcess
from assay.study.model_samples import SampleSection

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
IMAGES = [
    f"{environment['image']}:{environment['imagetag']}"
    for environment in (
        yaml.safe_load((ROOT / "steps" / name).read_text())["environment"] for name in ("physics.yml", "ml.yml")
    )
]
PARTS = (("workflow/workflow.yml", "."), ("physics.yml", "workflow"), ("ml.yml", "workflow"))


def loaded(workflow: str, toplevel: Path) -> dict[str, Any]:
    """Load and validate a workflow as yadage does, references resolved."""
    options = {"schemadir": yadageschemas.schemadir, "schema_name": "yadage/workflow-schema"}
    specification: dict[str, Any] = yadageschemas.load(
        workflow, {**options, "toplevel": str(toplevel), "load_as_ref": False}, validate=True, validopts=options
    )
    return specification


def steps_of(specification: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    for stage in specification["stages"]:
        scheduler = stage["scheduler"]
        if scheduler.get("workflow"):
            found |= steps_of(scheduler["workflow"])
        else:
            found[stage["name"]] = scheduler["step"]
    return found


def resources(step: dict[str, Any]) -> dict[str, Any]:
    return {key: value for entry in step["environment"]["resources"] for key, value in entry.items()}


@pytest.fixture
def study(small_study: Callable[..., Path]) -> Callable[..., Study]:
    return lambda **resources: load_study(small_study(execution={"resources": resources}))


@pytest.mark.parametrize(("workflow", "toplevel"), PARTS)
def test_without_wishes_the_workflow_stays_as_it_is(
    workflow: str, toplevel: str, study: Callable[..., Study], tmp_path: Path
) -> None:
    write_specification(ROOT, tmp_path / "copy", study())
    assert loaded(workflow, tmp_path / "copy" / toplevel) == loaded(workflow, ROOT / toplevel)


def test_a_stages_resources_override_those_of_its_step_and_no_others(
    study: Callable[..., Study], tmp_path: Path
) -> None:
    wanted = study(
        train={"memory": 12.5, "cores": 4, "backend": "slurmcern", "options": {"slurm_partition": "gpu"}},
        generate={"time_limit": 30},
    )
    write_specification(ROOT, tmp_path, wanted)
    before, after = (steps_of(loaded("workflow/workflow.yml", folder)) for folder in (ROOT, tmp_path))
    assert resources(after["train"]) == {
        "kubernetes_memory_limit": "12800Mi",
        "kubernetes_cpu_limit": "4",
        "compute_backend": "slurmcern",
        "slurm_partition": "gpu",
    }
    assert resources(after["generate"]) == {**resources(before["generate"]), "kubernetes_job_timeout": 1800}
    for name in set(before) - {"train", "generate"}:
        assert after[name] == before[name]
    for name in ("train", "generate"):  # nothing else of them
        before[name].pop("environment"), after[name].pop("environment")
        assert after[name] == before[name]


def test_resources_are_a_list_of_one_key_each_as_reanas_engine_reads_them(
    study: Callable[..., Study], tmp_path: Path
) -> None:
    write_specification(ROOT, tmp_path, study(train={"memory": 1, "cores": 2, "time_limit": 3}))
    step = yaml.safe_load((tmp_path / "steps" / "ml.yml").read_text())["train"]
    assert [len(entry) for entry in step["environment"]["resources"]] == [1, 1, 1]


def test_delphes_runs_in_the_image_that_has_it(study: Callable[..., Study], tmp_path: Path) -> None:
    delphes = study().model_copy(update={"detector": DetectorSection(kind="delphes", card="card.tcl")})
    write_specification(ROOT, tmp_path, delphes)
    steps = steps_of(loaded(PARTS[1][0], tmp_path / PARTS[1][1]))
    images = {name: step["environment"]["image"] for name, step in steps.items()}
    assert images["simulate"].endswith("/assay-madgraph")
    assert all(image.endswith("/assay-physics") for name, image in images.items() if name != "simulate")


def test_madgraph_runs_in_the_image_that_has_it(study: Callable[..., Study], tmp_path: Path) -> None:
    process = MadGraphProcess(generator="madgraph", cards=MadGraphCards(proc="proc.dat", run="run.dat"))
    of_process = study().model_copy(update={"process": process})
    of_sample = study().model_copy(update={"samples": {"continuum": SampleSection(process=process)}})
    for given in (of_process, of_sample):
        write_specification(ROOT, tmp_path, given)
        steps = steps_of(loaded(PARTS[1][0], tmp_path / PARTS[1][1]))
        images = {name: step["environment"]["image"] for name, step in steps.items()}
        assert {name for name, image in images.items() if image.endswith("/assay-madgraph")} == {"prepare", "generate"}
        assert images["simulate"].endswith("/assay-physics")


def test_an_earlier_copy_is_replaced(study: Callable[..., Study], tmp_path: Path) -> None:
    write_specification(ROOT, tmp_path, study(train={"memory": 1}))
    (tmp_path / "workflow" / "old.yml").write_text("stages: []")
    (tmp_path / "mine.txt").write_text("stays")
    write_specification(ROOT, tmp_path, study())
    assert not (tmp_path / "workflow" / "old.yml").exists()
    assert (tmp_path / "mine.txt").exists()
    assert loaded("workflow/workflow.yml", tmp_path) == loaded("workflow/workflow.yml", ROOT)


def test_the_project_itself_is_not_written_to(study: Callable[..., Study], tmp_path: Path) -> None:
    project = tmp_path / "project"
    for name in ("workflow", "steps"):
        shutil.copytree(ROOT / name, project / name)
    with pytest.raises(WorkflowError, match="the project itself"):
        write_specification(project, tmp_path / "project" / ".." / "project", study())
    assert (project / "steps" / "ml.yml").read_text() == (ROOT / "steps" / "ml.yml").read_text()


def test_a_folder_without_a_workflow(study: Callable[..., Study], tmp_path: Path) -> None:
    with pytest.raises(WorkflowError, match="no workflow here"):
        write_specification(tmp_path, tmp_path / "copy", study())
    assert not (tmp_path / "copy").exists()


def test_images_of_a_whole_workflow_and_of_its_parts() -> None:
    found = [images_of(ROOT / toplevel, workflow) for workflow, toplevel in PARTS]
    assert found == [tuple(IMAGES), (IMAGES[0],), (IMAGES[1],)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages: [{step: {$ref: 'steps.yml#/none'}}]", "a reference to /none"),
        ("stages: [{step: {$ref: 'absent.yml#/a'}}]", "absent.yml: cannot be read"),
        ("stages: [", "flow.yml: cannot be read"),
        ("- a list", "not a mapping"),
    ],
)
def test_images_of_a_broken_workflow(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "flow.yml").write_text(text)
    (tmp_path / "steps.yml").write_text("some: {image: a, imagetag: b}")
    with pytest.raises(WorkflowError, match=message):
        images_of(tmp_path, "flow.yml")
