"""The workflow's specification as a run uses it: the project's, with the resources that the study asks for."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from assay.errors import WorkflowError
from assay.files import write_text
from assay.running.resources import merge, notation
from assay.study.model import ResourcesSection, Study
from assay.study.model_process import MadGraphProcess
from assay.study.model_samples import processes_of

FOLDERS = ("workflow", "steps")
_TOP = Path("workflow") / "workflow.yml"
_GENERATING = ("prepare", "generate")
_PHYSICS, _MADGRAPH = "/assay-physics", "/assay-madgraph"
_HEADER = "# Written by Assay from {source}, with the resources of the study; changes here are lost.\n"


def write_specification(project: Path, folder: Path, study: Study) -> None:
    """Write a project's workflow and steps with a study's resources.

    References keep their meaning, since the files keep their names and places. An earlier copy in `folder` is replaced.

    Parameters
    ----------
    project
        Folder of `workflow/` and `steps/`.
    folder
        Where the copies of both go.
    study
        Its `execution.resources` override those of the steps, stage by stage and key by key. Stages that need MadGraph
        or Delphes are run in the image that has both.

    Raises
    ------
    WorkflowError
        If the project has no workflow, a file of it cannot be read, or `folder` is the project itself.
    """
    check_project(project)
    if folder.resolve() == project.resolve():
        raise WorkflowError("the project itself", where=str(folder), expected="another folder", mend="choose another")
    for name in FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for source in sorted((project / "workflow").glob("*.yml")):
        write_text(folder / "workflow" / source.name, source.read_text(encoding="utf-8"))
    for source in sorted((project / "steps").glob("*.yml")):
        steps = _with_resources(_read(source), study.execution.resources)
        _take_madgraph(steps, stages_with_madgraph(study))
        text = yaml.dump(steps, Dumper=_NoAliases, sort_keys=False, width=10_000, allow_unicode=True)
        write_text(folder / "steps" / source.name, _HEADER.format(source=f"steps/{source.name}") + "\n" + text)


def check_project(project: Path) -> None:
    """Check that a folder holds a workflow.

    Raises
    ------
    WorkflowError
        If it does not.
    """
    if not (project / _TOP).is_file():
        raise WorkflowError(
            "no workflow here",
            where=str(project),
            expected="the folder of workflow/ and steps/",
            mend="give it with --project",
        )


def images_of(toplevel: Path, workflow: str) -> tuple[str, ...]:
    """Return the images that the steps of a workflow name, each once.

    Parameters
    ----------
    toplevel
        Folder that references in the workflow's top file resolve against.
    workflow
        The top file, relative to `toplevel`.

    Raises
    ------
    WorkflowError
        If a file cannot be read, or a reference leads nowhere.
    """
    found = _environments(_read(toplevel / workflow), toplevel)
    return tuple(dict.fromkeys(f"{entry['image']}:{entry.get('imagetag', 'latest')}" for entry in found))


class _NoAliases(yaml.SafeDumper):
    """Writes everything out where it stands."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def with_madgraph(study: Study) -> bool:
    """Return whether MadGraph generates events of a study: of its process, or of a sample."""
    processes = processes_of(study.process, study.samples)
    return any(isinstance(process, MadGraphProcess) for process in processes.values())


def stages_with_madgraph(study: Study) -> tuple[str, ...]:
    """Return the stages of a study that need MadGraph, or Delphes, which is in the same image."""
    generating = _GENERATING if with_madgraph(study) else ()
    return (*generating, "simulate") if study.detector.kind == "delphes" else tuple(generating)


def _take_madgraph(steps: Mapping[str, Any], names: Iterable[str]) -> None:
    """Have stages run in the image with MadGraph, in place of the one it stands on."""
    for name in names:
        if name in steps:
            environment = steps[name]["environment"]
            environment["image"] = environment["image"].replace(_PHYSICS, _MADGRAPH)


def _with_resources(steps: Mapping[str, Any], wanted: Mapping[str, ResourcesSection]) -> dict[str, Any]:
    """Return steps, each with an environment of its own; what they shared under a name of its own is left out."""
    rendered = {}
    for name, step in steps.items():
        if "process" not in step:
            continue
        step = copy.deepcopy(step)
        resources = merge(step["environment"].get("resources", []))
        if name in wanted:
            resources |= notation(wanted[name])
        if resources:
            step["environment"]["resources"] = [{key: value} for key, value in resources.items()]
        rendered[name] = step
    return rendered


def _environments(node: Any, base: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the environments in a part of a specification, references followed."""
    if isinstance(node, list):
        for inner in node:
            yield from _environments(inner, base)
    elif isinstance(node, dict):
        if "$ref" in node:
            yield from _environments(*_follow(str(node["$ref"]), base))
        elif "image" in node:
            yield node
        else:
            for inner in node.values():
                yield from _environments(inner, base)


def _follow(reference: str, base: Path) -> tuple[Any, Path]:
    """Return what a reference `file#/key` points at, and the folder that references in it resolve against."""
    file, _, pointer = reference.partition("#")
    path = base / file
    node = _read(path)
    for key in filter(None, pointer.split("/")):
        if key not in node:
            raise WorkflowError(
                f"a reference to {pointer}, which is not there", where=str(path), mend="mend the workflow"
            )
        node = node[key]
    return node, path.parent


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WorkflowError(f"cannot be read ({error})", where=str(path), expected="a YAML file") from None
    if not isinstance(content, dict):
        raise WorkflowError("not a mapping", where=str(path), expected="stages or steps by name")
    return content
