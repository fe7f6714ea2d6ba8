"""The folder that goes to REANA: the study with the files it names, the rendered workflow and steps, reana.yml.

reana-client would leave out what git ignores, and links, and takes names relative to the working folder; so the files
are copied into a folder of their own, and each is uploaded by name.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import yaml

from assay.errors import ReanaError, StudyError
from assay.files import write_text
from assay.running.inputs import files_of, link_or_copy
from assay.running.specification import write_specification
from assay.study.model import Study

Part = Literal["all", "physics", "ml"]
SPECIFICATION = "reana.yml"
EVENTS = "input/events.h5"

_PLAIN = re.compile(r"[A-Za-z0-9_.,+@=~/-]+")
_OUTPUTS: Mapping[Part, Mapping[str, list[str]]] = {"physics": {"files": ["physics/combine/combined.h5"]}}
"""What a part gives back, where that is not what the project's reana.yml says."""


@dataclass(frozen=True)
class Request:
    """What to run: a study, the part of it, the event file that the part `ml` starts from, and whose workflow."""

    study: Study
    study_path: Path
    project: Path
    part: Part = "all"
    events: Path | None = None


@dataclass(frozen=True)
class Staged:
    """A folder that is ready to go, and the specification in it."""

    folder: Path
    specification: dict[str, Any]

    @property
    def files(self) -> list[str]:
        """All files, relative to the folder."""
        return sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("*") if path.is_file())


def stage(request: Request, folder: Path) -> Staged:
    """Write everything that a run on REANA needs into a folder of its own; what was there is replaced.

    Raises
    ------
    StudyError
        If a file that the study needs cannot be brought along, or the event file is missing or not wanted.
    ReanaError
        If the project has no reana.yml or workflow.
    """
    template = _template(request.project)
    _check_events(request)
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    study = _copy_study(request, folder)
    parameters = {"study": study}
    if request.events is not None:
        link_or_copy(request.events, folder / EVENTS)
        parameters["events"] = EVENTS
    write_specification(request.project, folder, request.study)
    if request.part != "all":
        _keep_part(folder, request.part)
    specification = _specification(template, request.part, parameters, folder)
    write_text(folder / SPECIFICATION, yaml.safe_dump(specification, sort_keys=False))
    return Staged(folder, specification)


def _template(project: Path) -> dict[str, Any]:
    path = project / SPECIFICATION
    if not path.is_file() or not (project / "workflow" / "workflow.yml").is_file():
        raise ReanaError(
            f"no {SPECIFICATION} and workflow/ here",
            where=str(project),
            expected="the folder of reana.yml, workflow/ and steps/",
            mend="give it with --project",
        )
    content: dict[str, Any] = yaml.safe_load(path.read_text())
    return content


def _check_events(request: Request) -> None:
    if (request.part == "ml") != (request.events is not None):
        raise StudyError("--events goes with --part ml", expected="both or none of them")
    if request.events is not None and not request.events.is_file():
        raise StudyError(
            "event file not found", where=str(request.events), expected="an event file of Assay or MadMiner"
        )


def _copy_study(request: Request, folder: Path) -> str:
    """Bring the study and the files it names, which are in its folder; return the study's name there."""
    source, target = request.study_path.parent, Path("input")
    names = [request.study_path.name, *files_of(request.study)]
    for name in names:
        if not _PLAIN.fullmatch(name):
            raise StudyError(
                "a name that does not survive the way into the steps' command lines",
                where=str(source / name),
                expected="letters, digits and _ . , + @ = ~ / -",
                mend="choose another name",
            )
        link_or_copy(source / name, folder / target / name)
    return str(target / request.study_path.name)


def _keep_part(folder: Path, part: Part) -> None:
    """Leave one part in the top workflow, started from the parameters; what it leaves is where the whole leaves it."""
    path = folder / "workflow" / "workflow.yml"
    whole = yaml.safe_load(path.read_text())
    (kept,) = (entry for entry in whole["stages"] if entry["name"] == part)
    kept["dependencies"] = ["init"]
    parameters = kept["scheduler"]["parameters"]
    kept["scheduler"]["parameters"] = {name: {"step": "init", "output": name} for name in parameters}
    write_text(path, yaml.safe_dump({"stages": [kept]}, sort_keys=False))


def _specification(
    template: Mapping[str, Any], part: Part, parameters: Mapping[str, str], folder: Path
) -> dict[str, Any]:
    """Return the project's reana.yml with the inputs, parameters and outputs of this run."""
    files = sorted(str(path.relative_to(folder)) for path in (folder / "input").rglob("*") if path.is_file())
    specification = dict(template)
    specification["inputs"] = {
        "files": files,
        "directories": ["workflow", "steps"],
        "parameters": dict(parameters),
    }
    if part in _OUTPUTS:
        specification["outputs"] = dict(_OUTPUTS[part])
    if part != "all":
        specification.pop("tests", None)  # they are of the whole study
    return specification
