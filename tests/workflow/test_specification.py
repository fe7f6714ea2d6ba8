"""The workflow's specification against what yadage and REANA do with it (without running anything).

yadage ends with success on specifications that leave work out, and REANA ignores what it does not know, both silently.
"""

from __future__ import annotations

import json
import re
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest
import yadageschemas
import yaml
from reana_commons.validation.utils import validate_reana_yaml

import assay
from assay.cli.main import cli
from assay.cli.run import _OUTPUTS
from assay.cli.stage import STAGES
from assay.running.launch import _SPECIAL

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
PARTS = ("physics", "ml")
HONOURED = {
    "compute_backend",
    "kubernetes_cpu_limit",
    "kubernetes_cpu_request",
    "kubernetes_job_timeout",
    "kubernetes_memory_limit",
    "kubernetes_memory_request",
    "kubernetes_uid",
}
"""Resources that the engine of REANA 0.9 passes on; it drops all others silently."""

Spec = dict[str, Any]


def load(name: str, toplevel: Path) -> Spec:
    options = {"schema_name": "yadage/workflow-schema", "schemadir": None}
    loading = {**options, "toplevel": str(toplevel), "load_as_ref": False}
    loaded: Spec = yadageschemas.load(name, loading, validate=True, validopts=options)
    return loaded


@dataclass(frozen=True)
class Stage:
    """A stage of a sub-workflow, as yadage has it with all defaults and references."""

    part: str
    spec: Spec

    @property
    def name(self) -> str:
        return str(self.spec["name"])

    @property
    def step(self) -> Spec:
        step: Spec = self.spec["scheduler"]["step"]
        return step

    @property
    def command(self) -> str:
        return str(self.step["process"]["cmd"])

    @property
    def dependencies(self) -> list[str]:
        return list(self.spec["dependencies"]["expressions"])

    @property
    def parameters(self) -> Spec:
        return {parameter["key"]: parameter["value"] for parameter in self.spec["scheduler"]["parameters"]}

    @property
    def references(self) -> dict[str, tuple[str, str]]:
        """Parameter -> stage and output that it comes from."""
        return {
            key: (value.get("step") or value.get("stages"), value["output"])
            for key, value in self.parameters.items()
            if isinstance(value, dict)
        }

    @property
    def is_scattered(self) -> bool:
        return self.spec["scheduler"]["scheduler_type"] == "multistep-stage"

    @property
    def published(self) -> set[str]:
        """Names that the publisher knows before the step has run."""
        return set(self.step["publisher"].get("publish", {}))


def stages_of(part: str) -> list[Stage]:
    return [Stage(part, spec) for spec in load(f"{part}.yml", ROOT / "workflow")["stages"]]


STAGES_OF = {part: {stage.name: stage for stage in stages_of(part)} for part in PARTS}
ALL = [stage for part in PARTS for stage in STAGES_OF[part].values()]
# what the steps with fromyaml-pub write into published.yml: tested with the stages themselves
LISTED = {
    "configure": {"study", "setup", "detector", "jobs"},
    "sample": {"methods", "samples", "trainings", "training_samples", "toys"},
}
LISTS = {("configure", "jobs"), *(("sample", name) for name in LISTED["sample"])}

of_every_stage = pytest.mark.parametrize("stage", ALL, ids=lambda stage: stage.name)


def test_all_stages_are_there_in_order() -> None:
    assert [stage.name for stage in ALL] == list(STAGES)


def test_the_whole_is_made_of_the_parts() -> None:
    whole = load("workflow/workflow.yml", ROOT)
    assert [stage["name"] for stage in whole["stages"]] == list(PARTS)
    for stage in whole["stages"]:
        inside = stage["scheduler"]["workflow"]["stages"]
        assert [spec["name"] for spec in inside] == list(STAGES_OF[stage["name"]])
        # the wildcard is in the values alone: a dependency on it would start on an incomplete sub-workflow
        assert not [name for name in stage["dependencies"]["expressions"] if "[" in name]
        referred = {
            value["step"].split("[")[0]: value["output"]
            for value in (parameter["value"] for parameter in stage["scheduler"]["parameters"])
        }
        assert set(stage["dependencies"]["expressions"]) == set(referred)


def test_what_crosses_from_one_part_to_the_next_is_published() -> None:
    (ml,) = (spec for spec in load("workflow/workflow.yml", ROOT)["stages"] if spec["name"] == "ml")
    for parameter in ml["scheduler"]["parameters"]:
        part, _, name = parameter["value"]["step"].partition("[*].")
        stage = STAGES_OF[part][name]
        assert parameter["value"]["output"] in stage.published | LISTED.get(name, set())
    needed = {
        output for stage in STAGES_OF["ml"].values() for step, output in stage.references.values() if step == "init"
    }
    assert needed == {parameter["key"] for parameter in ml["scheduler"]["parameters"]}


@of_every_stage
def test_environments_hold_only_what_reana_honours(stage: Stage) -> None:
    environment = stage.step["environment"]
    assert environment["environment_type"] == "docker-encapsulated"
    assert environment["image"] == f"ghcr.io/assay-hep/assay-{stage.part}"
    assert environment["imagetag"] == assay.__version__
    for ignored in ("envscript", "env", "workdir", "par_mounts"):
        assert not environment.get(ignored), ignored
    assert environment["resources"]
    for resource in environment["resources"]:
        assert len(resource) == 1
        assert set(resource) <= HONOURED


@of_every_stage
def test_every_dependency_is_an_input_and_every_input_a_dependency(stage: Stage) -> None:
    """`dependencies` alone does not order steps: one that uses no output may start before the one it depends on."""
    used = {source for source, _ in stage.references.values()}
    assert set(stage.dependencies) - {"init"} <= used
    assert used <= set(stage.dependencies)


@of_every_stage
def test_inputs_are_outputs_of_stages_before(stage: Stage) -> None:
    names = list(STAGES_OF[stage.part])
    for source, output in stage.references.values():
        if source == "init":
            assert output in {"study", "events"}
            continue
        assert names.index(source) < names.index(stage.name)
        before = STAGES_OF[stage.part][source]
        assert output in before.published | LISTED.get(source, set())


@of_every_stage
def test_publishers_do_not_look_for_files(stage: Stage) -> None:
    """A glob's order is the file system's, and one that finds nothing gives an empty list, and no step."""
    publisher = stage.step["publisher"]
    assert publisher["publisher_type"] == ("fromyaml-pub" if stage.name in LISTED else "interpolated-pub")
    assert not publisher.get("glob")


@of_every_stage
def test_fan_outs_follow_lists_that_a_step_wrote(stage: Stage) -> None:
    if not stage.is_scattered:
        assert not stage.spec["scheduler"].get("scatter")
        return
    scatter = stage.spec["scheduler"]["scatter"]
    assert scatter["method"] == "zip"
    origins = {origin(stage, parameter) for parameter in scatter["parameters"]}
    assert len({source for source, _ in origins}) == 1  # lists of one step, so that they are aligned
    assert origins <= LISTS
    # a list that is not scattered over is given whole to every step: of trainings and toys each picks its own
    whole = set(stage.references) - set(scatter["parameters"])
    assert {key for key in whole if is_list(stage, key)} <= {"models", "toys"}


def is_list(stage: Stage, parameter: str) -> bool:
    source, output = stage.references[parameter]
    return (source, output) in LISTS or (source != "init" and STAGES_OF[stage.part][source].is_scattered)


def origin(stage: Stage, parameter: str) -> tuple[str, str]:
    """The list that a parameter follows, through stages that fan out over it."""
    source, output = stage.references[parameter]
    before = STAGES_OF[stage.part][source]
    if not before.is_scattered:
        return source, output
    return origin(before, before.spec["scheduler"]["scatter"]["parameters"][0])


@of_every_stage
def test_parameters_are_references_or_the_steps_folder(stage: Stage) -> None:
    assert {value for value in stage.parameters.values() if isinstance(value, str)} == {"{workdir}"}
    assert set(stage.parameters) == set(fields(stage.command))


def fields(command: str) -> list[str]:
    """The parameters in a command; braces of any other kind raise."""
    found = []
    for _, name, form, conversion in string.Formatter().parse(command):
        if name is not None:
            assert name.isidentifier()
            assert not form
            assert conversion is None
            found.append(name)
    return found


@of_every_stage
def test_commands_are_what_the_command_line_takes(stage: Stage) -> None:
    program, name, *words = stage.command.split()
    assert (program, name) == ("assay", stage.name)
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    options = {option: parameter for parameter in command.params for option in parameter.opts}
    given = {words[place]: words[place + 1] for place in range(len(words) - 1) if words[place].startswith("--")}
    assert set(given) <= set(options)
    required = {
        parameter.opts[0] for parameter in command.params if parameter.required and parameter.opts[0][:2] == "--"
    }
    assert required <= set(given)
    assert all(value == "{" + option[2:] + "}" for option, value in given.items())
    # what is left goes to the arguments; a fan-in is a list, so it can only go there
    left = [word for word in words if not word.startswith("--") and word not in given.values()]
    takes_many = any(isinstance(parameter, click.Argument) and parameter.nargs == -1 for parameter in command.params)
    assert bool(left) == takes_many
    scattered = stage.spec["scheduler"].get("scatter") or {"parameters": []}
    lists = {key for key in stage.references if is_list(stage, key)} - set(scattered["parameters"])
    assert {word.strip("{}") for word in left} == lists


@of_every_stage
def test_commands_hold_nothing_for_the_shell(stage: Stage) -> None:
    assert not _SPECIAL.search(re.sub(r"\{\w+\}|\s", "", stage.command))


@of_every_stage
def test_published_files_are_named_as_the_stage_writes_them(stage: Stage) -> None:
    source = (ROOT / "src" / "assay" / "cli" / f"{stage.name}.py").read_text()
    if stage.name == "plot":
        source += (ROOT / "src" / "assay" / "reporting" / "build.py").read_text()
    for value in stage.step["publisher"].get("publish", {}).values():
        head, _, name = value.partition("/")
        assert head == "{output}"
        assert not name or f'"{name}"' in source


def reana() -> Spec:
    content: Spec = yaml.safe_load((ROOT / "reana.yml").read_text())
    return content


def test_reana_accepts_the_specification() -> None:
    assert validate_reana_yaml(reana()) == {}
    client = Path(sys.executable).with_name("reana-client")
    done = subprocess.run(
        [client, "validate", "-f", "reana.yml"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    shown = done.stdout + done.stderr
    assert done.returncode == 0, shown
    assert "Valid REANA specification file" in shown
    assert "ERROR" not in shown


def test_what_reana_uploads_exists_and_is_not_ignored() -> None:
    """reana-client leaves out git-ignored folders silently."""
    inputs = reana()["inputs"]
    files, folders = inputs["files"], inputs["directories"]
    assert all((ROOT / name).is_file() for name in files)
    assert all((ROOT / name).is_dir() for name in folders)
    uploaded = [*files, *folders, *(str(path.relative_to(ROOT)) for folder in folders for path in walk(ROOT / folder))]
    assert not [name for name in uploaded if (ROOT / name).is_symlink()]
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *uploaded], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ignored.returncode == 1, ignored.stdout + ignored.stderr
    referred = [path for name in ("workflow", "steps") for path in walk(ROOT / name)]
    assert {str(path.relative_to(ROOT)) for path in referred} <= set(uploaded)
    assert reana()["workflow"]["file"] in uploaded


def walk(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def test_reana_has_all_that_the_study_reads() -> None:
    inputs = reana()["inputs"]
    study = inputs["parameters"]["study"]
    assert study in inputs["files"]
    card = yaml.safe_load((ROOT / study).read_text())["detector"].get("card")
    assert card is None or any((ROOT / study).parent / card in walk(ROOT / name) for name in inputs["directories"])
    # a stage with the name of an uploaded folder would write into it
    uploaded = {name.split("/")[0] for name in (*inputs["files"], *inputs["directories"])}
    assert not uploaded & {*PARTS, *STAGES}


def test_parameters_survive_yadage() -> None:
    """It replaces the empty text by a folder, a wildcard by a list, and trips over braces."""
    parameters = reana()["inputs"]["parameters"]
    assert set(parameters) == {output for step, output in ALL[0].references.values() if step == "init"}
    for value in parameters.values():
        assert isinstance(value, str)
        assert value
        assert not _SPECIAL.search(value)


def test_what_reana_gives_back_is_what_the_report_stage_writes() -> None:
    outputs = reana()["outputs"]
    assert set(outputs["files"]) == {_OUTPUTS["all"], "ml/plot/mlflow.db"}
    assert set(outputs["directories"]) == {"ml/plot/figures", "ml/plot/data"}
    source = (ROOT / "src" / "assay" / "cli" / "plot.py").read_text()
    for name in ("mlflow.db", "figures", "data"):
        assert f'"{name}"' in source
    assert _OUTPUTS == {
        "all": "ml/plot/report.html",
        "physics": "combine/combined.h5",
        "ml": "plot/report.html",
    }


def test_versions_agree() -> None:
    assert (
        f"ARG PARENT=ghcr.io/assay-hep/assay-physics:{assay.__version__}\n"
        in (ROOT / "images" / "madgraph" / "Dockerfile").read_text()
    )
    assert f"version: {assay.__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f'version = "{assay.__version__}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda spec: spec["stages"][0].pop("name"), "name"),
        (lambda spec: spec["stages"][0]["scheduler"].update(scheduler_type="nonsense"), "nonsense"),
        (lambda spec: spec["stages"][1]["scheduler"].pop("step"), "step"),
    ],
)
def test_a_wrong_specification_is_refused(tmp_path: Path, fault: Callable[[Spec], object], message: str) -> None:
    """The schema is really applied."""
    spec = json.loads(json.dumps({"stages": [stage.spec for stage in STAGES_OF["physics"].values()]}))
    (tmp_path / "right.yml").write_text(yaml.safe_dump(spec))
    load("right.yml", tmp_path)
    fault(spec)
    (tmp_path / "wrong.yml").write_text(yaml.safe_dump(spec))
    with pytest.raises(Exception, match=message):
        load("wrong.yml", tmp_path)
