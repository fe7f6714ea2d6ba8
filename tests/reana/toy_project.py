"""A project of the same shape as ours, with steps that are one-liners: two jobs, an event file, a report."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

IMAGE = "example.org/toy:1"
_SEAL = (
    'python -c "import sys; from pathlib import Path; from assay.manifest import Manifest, outputs_of; '
    "folder = Path(sys.argv[1]); Manifest(sys.argv[2], '', '0', 'toy', '0', 1, 'key', (), outputs_of(folder), 'now', "
    '1.0, 1.0).write(folder)" {output}'
)
"""Writes a stage's manifest."""
COMMANDS = {
    "configure": "mkdir -p {output} && echo 'jobs: [a, b]' > {output}/published.yml && cat {study} > {output}/study",
    "generate": "echo generating {job} && echo {job} >> {output}/events && echo $MLFLOW_TRACKING_URI > {output}/uri",
    "combine": f"cat {{events}} > {{output}}/combined.h5 && {_SEAL} combine",
    "plot": "mkdir -p {output}/figures && cp {events} {output}/report.html && echo 1 > {output}/figures/a.svg && "
    f"echo 2 > {{output}}/figures/b.svg && {_SEAL} plot && echo the report is done",
}
PUBLISHERS: dict[str, dict[str, Any]] = {
    "configure": {"publisher_type": "fromyaml-pub", "yamlfile": "published.yml"},
    "generate": {"publisher_type": "interpolated-pub", "publish": {"events": "{output}/events"}},
    "combine": {"publisher_type": "interpolated-pub", "publish": {"events": "{output}/combined.h5"}},
    "plot": {"publisher_type": "interpolated-pub", "publish": {"report": "{output}/report.html"}},
}


def write_project(
    folder: Path, resources: Mapping[str, list[dict[str, Any]]], commands: Mapping[str, str], image: str = IMAGE
) -> Path:
    """Write the project, with the resources and commands of some steps changed, and return its folder."""
    name, _, tag = image.rpartition(":")
    steps = {
        step: {
            "environment": {
                "environment_type": "docker-encapsulated",
                "image": name,
                "imagetag": tag,
                "resources": resources.get(step, [{"kubernetes_memory_limit": "1Gi"}]),
            },
            "process": {"process_type": "string-interpolated-cmd", "cmd": commands.get(step, command)},
            "publisher": PUBLISHERS[step],
        }
        for step, command in COMMANDS.items()
    }
    for path_name, content in {**_WORKFLOWS, "steps/toy.yml": steps, "reana.yml": _REANA}.items():
        path = folder / path_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
    return folder


def _parameters(references: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    return {key: {"step": step, "output": output} for key, (step, output) in references.items()}


def _stage(name: str, references: Mapping[str, tuple[str, str]], scatter: str | None = None) -> dict[str, Any]:
    scheduler: dict[str, Any] = {
        "scheduler_type": "multistep-stage" if scatter else "singlestep-stage",
        "parameters": {**_parameters(references), "output": "{workdir}"},
        "step": {"$ref": f"../steps/toy.yml#/{name}"},
    }
    if scatter:
        scheduler["scatter"] = {"method": "zip", "parameters": [scatter]}
    elif name == "combine":
        scheduler["parameters"]["events"] = {"stages": "generate", "output": "events"}
    return {"name": name, "dependencies": sorted({step for step, _ in references.values()}), "scheduler": scheduler}


def _part(name: str, references: Mapping[str, tuple[str, str]], after: str = "init") -> dict[str, Any]:
    scheduler = {
        "scheduler_type": "singlestep-stage",
        "parameters": _parameters(references),
        "workflow": {"$ref": f"workflow/{name}.yml"},
    }
    return {"name": name, "dependencies": [after], "scheduler": scheduler}


_WORKFLOWS = {
    "workflow/physics.yml": {
        "stages": [
            _stage("configure", {"study": ("init", "study")}),
            _stage("generate", {"job": ("configure", "jobs")}, scatter="job"),
            _stage("combine", {"events": ("generate", "events")}),
        ]
    },
    "workflow/ml.yml": {"stages": [_stage("plot", {"events": ("init", "events")})]},
    "workflow/workflow.yml": {
        "stages": [
            _part("physics", {"study": ("init", "study")}),
            _part("ml", {"events": ("physics[*].combine", "events")}, after="physics"),
        ]
    },
}
_REANA = {
    "version": "0.9.4",
    "inputs": {"directories": ["workflow", "steps"], "parameters": {"study": "input/input.yml"}},
    "workflow": {"type": "yadage", "file": "workflow/workflow.yml"},
    "workspace": {"retention_days": {"physics/generate_*/**": 7}},
    "outputs": {"files": ["ml/plot/report.html"], "directories": ["ml/plot/figures"]},
}
