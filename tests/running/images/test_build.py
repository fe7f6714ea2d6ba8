"""Building images: what the engine is asked for, and what a failure tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from assay.cli import images
from assay.errors import WorkflowError
from assay.running.images.build import BASE, BuildSettings, build
from assay.running.images.catalogue import IMAGES, Naming, find_images

pytestmark = pytest.mark.fast

NAMING = Naming("registry.example.org/us/", "9.9")


def built(engine: Any, project: Path, name: str, settings: BuildSettings, said: list[str] | None = None) -> Any:
    return build(engine, project, IMAGES[name], settings, (said if said is not None else []).append)


def test_the_engine_is_asked_for_the_dockerfile_with_arguments_name_and_labels(engine: Any, project: Path) -> None:
    said: list[str] = []
    done = built(engine, project, "physics", BuildSettings(NAMING, "base"), said)
    ((_, asked),) = engine.asked
    assert asked["tag"] == done.reference == "registry.example.org/us/assay-physics:9.9"
    assert asked["dockerfile"] == "images/physics/Dockerfile"
    assert asked["buildargs"] == {"BASE": "base"}
    assert asked["custom_context"]
    assert {key.rsplit(".", 1)[1] for key in asked["labels"]} == {"title", "version", "revision", "created", "licenses"}
    assert done.size == 450_000_000
    assert said == ["Step 1/2 : FROM base", " ---> 0123", "Successfully built 0123"]


@pytest.mark.parametrize(
    ("name", "settings", "expected"),
    [
        ("ml", {}, {"BASE": "base", "TORCH": "cpu"}),
        (
            "ml",
            {"torch": "cuda", "index": "simple"},
            {"BASE": "base", "TORCH": "cuda", "PIP_EXTRA_INDEX_URL": "simple"},
        ),
        ("madgraph", {}, {"BASE": "base", "PARENT": "registry.example.org/us/assay-physics:9.9"}),
    ],
)
def test_arguments_of_the_other_images(
    engine: Any, project: Path, name: str, settings: dict[str, Any], expected: dict[str, str]
) -> None:
    engine.here["registry.example.org/us/assay-physics:9.9"] = {"Size": 1}
    built(engine, project, name, BuildSettings(NAMING, "base", **settings))
    assert engine.asked[0][1]["buildargs"] == expected


def test_the_default_base_is_pinned_by_its_digest() -> None:
    assert BASE.startswith("python:3.11-slim-bookworm@sha256:")
    assert len(BASE.rpartition(":")[2]) == 64


def test_a_base_that_is_not_here_is_pulled(engine: Any, project: Path) -> None:
    engine.pullable = ("other",)
    built(engine, project, "physics", BuildSettings(NAMING, "other"))
    assert "other" in engine.here


def test_a_base_that_cannot_be_pulled_leads_to_the_script_that_makes_one(engine: Any, project: Path) -> None:
    with pytest.raises(WorkflowError, match=r"no such host[\s\S]*scripts/base-image"):
        built(engine, project, "physics", BuildSettings(NAMING, "elsewhere"))
    assert not engine.asked


def test_madgraph_wants_physics_first(engine: Any, project: Path) -> None:
    with pytest.raises(WorkflowError, match=r"assay-physics:9.9: not here[\s\S]*build it first"):
        built(engine, project, "madgraph", BuildSettings(NAMING, "base"))


def test_a_failure_shows_the_last_lines_of_the_log(engine: Any, project: Path) -> None:
    lines = [{"stream": f"line {i}\n"} for i in range(100)]
    engine.answers = [*lines, {"error": "The command returned a non-zero code: 1"}]
    with pytest.raises(WorkflowError) as caught:
        built(engine, project, "physics", BuildSettings(NAMING, "base"))
    assert "non-zero code: 1" in str(caught.value)
    assert "line 99" in str(caught.value)
    assert "line 60" in str(caught.value)
    assert "line 59" not in str(caught.value)


def test_a_missing_torch_leads_to_its_index(engine: Any, project: Path) -> None:
    engine.answers = [{"stream": "ERROR: No matching distribution found for torch==2.13.0+cpu\n"}, {"error": "code 1"}]
    with pytest.raises(WorkflowError, match=r"mend: give the index of torch's CPU builds"):
        built(engine, project, "ml", BuildSettings(NAMING, "base"))


def test_nothing_is_built_if_torch_cannot_be_found(
    engine: Any, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index and no wheel: physics is not built either; an index, the wheel or the CUDA build is enough."""
    monkeypatch.setattr(images, "connected", lambda: engine)
    (tmp_path / "torch-2.13.0-cp311-none-any.whl").touch()  # the general one
    call = ["build", "--project", str(project), "--base", "base", "--wheels", str(tmp_path)]
    refused = CliRunner().invoke(images.command, call)
    assert isinstance(refused.exception, WorkflowError)
    assert "make images INDEX=" in str(refused.exception)
    assert "TORCH=cuda" in str(refused.exception)
    assert not engine.asked
    for more in (["physics"], ["--index", "simple"], ["--torch", "cuda"]):
        CliRunner().invoke(images.command, [*call, *more], catch_exceptions=False)
    (tmp_path / "torch-2.13.0+cpu-cp311-none-any.whl").touch()
    CliRunner().invoke(images.command, call, catch_exceptions=False)
    assert len(engine.asked) == 1 + 3 * 2


def test_images_come_in_the_order_in_which_they_stand_on_each_other() -> None:
    assert [image.name for image in find_images(())] == ["physics", "ml"]
    assert [image.name for image in find_images(("madgraph", "physics"))] == ["physics", "madgraph"]
    with pytest.raises(WorkflowError, match=r"no image 'fysics'"):
        find_images(("fysics",))
