"""What the workflow engine costs: fan-outs over many steps that do nothing, and the real specifications in batches.

    .venv/bin/python benchmarks/fan_out.py --output fan_out.json

Prints a table and writes JSON with a description of the machine. The figures in docs/scale.md are from here.
"""

from __future__ import annotations

import io
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import click
import stand_in
import yaml
from common import machine
from rich.console import Console
from rich.table import Table

from assay.running.launch import Run, launch

ROOT = Path(__file__).parents[1]
PACKAGES = ("yadage", "adage", "packtivity", "yadage-schemas", "jq")
PHYSICS = ((100, 1), (100, 10), (100, 50), (1000, 10), (1000, 50))


@dataclass(frozen=True)
class Measurement:
    """A run: its seconds of wall time, and of processor time of launcher, engine and steps together."""

    what: str
    jobs: int
    steps: int
    prepublishing: bool
    remembering: bool
    wall: float
    cpu: float

    @property
    def wall_per_step(self) -> float:
        return self.wall / self.steps

    @property
    def cpu_per_step(self) -> float:
        return self.cpu / self.steps


def trivial(folder: Path, jobs: int) -> Run:
    """Write a workflow of a list, a fan-out over it and a reduce, whose steps do next to nothing."""

    def step(name: str, command: str, parameters: dict[str, object], **more: object) -> dict[str, object]:
        publisher = {"publisher_type": "interpolated-pub", "publish": {"file": "{output}/file"}}
        process = {"process_type": "string-interpolated-cmd", "cmd": command}
        environment = {"environment_type": "docker-encapsulated", "image": "none", "imagetag": "0"}
        fan_out = {"scheduler_type": "multistep-stage", "scatter": {"method": "zip", "parameters": ["name"]}}
        scheduler = {
            "parameters": {**parameters, "output": "{workdir}"},
            "step": {"process": process, "environment": environment, "publisher": more.get("publisher", publisher)},
            **(fan_out if "name" in parameters else {"scheduler_type": "singlestep-stage"}),
        }
        return {"name": name, "dependencies": more["after"], "scheduler": scheduler}

    folder.mkdir()
    (folder / "list").write_text(yaml.safe_dump({"names": [f"job_{number}" for number in range(jobs)]}))
    study = {"step": "init", "output": "study"}
    listed = {"publisher_type": "fromyaml-pub", "yamlfile": "list"}
    stages = [
        step("list", "cp {study} {output}/list", {"study": study}, after=["init"], publisher=listed),
        step("job", "echo {name} > {output}/file", {"name": {"step": "list", "output": "names"}}, after=["list"]),
        step("reduce", "cat {files} > {output}/file", {"files": {"stages": "job", "output": "file"}}, after=["job"]),
    ]
    (folder / "workflow.yml").write_text(yaml.safe_dump({"stages": stages}))
    return Run("workflow.yml", folder, folder / "run", folder, {"study": "list"}, ("reduce/file",))


def specifications(folder: Path, jobs: int, batch: int) -> Run:
    """Return a run of the real physics stages with the stand-in in their steps."""
    folder.mkdir()
    names = [f"job_{number}" for number in range(jobs)]
    batches = [names[first : first + batch] for first in range(0, jobs, batch)]
    (folder / "study.json").write_text(json.dumps({"batches": batches}))
    study = {"study": "study.json"}
    return Run("physics.yml", ROOT / "workflow", folder / "run", folder, study, ("combine/combined.h5",))


def cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def measured(what: str, jobs: int, run: Run, remembering: bool) -> Measurement:
    wall, cpu = time.monotonic(), cpu_seconds()
    states = launch(run, io.StringIO())
    wall, cpu = time.monotonic() - wall, cpu_seconds() - cpu
    return Measurement(what, jobs, len(states), run.prepublishing, remembering, round(wall, 2), round(cpu, 2))


def measurements(
    folder: Path, trivial_jobs: Sequence[int], physics: Sequence[tuple[int, int]], engines: Mapping[bool, Path]
) -> Iterator[Measurement]:
    """Run one fan-out after the other."""
    number = iter(range(10_000))
    for remembering, engine in engines.items():
        for prepublishing in (False, True):
            how = {"processes": os.cpu_count() or 1, "prepublishing": prepublishing, "engine": engine}
            for jobs in trivial_jobs:
                run = trivial(folder / str(next(number)), jobs)
                yield measured("trivial steps", jobs, replace(run, **how), remembering)
            for jobs, batch in physics:
                run = specifications(folder / str(next(number)), jobs, batch)
                yield measured(f"physics, {batch} per step", jobs, replace(run, **how), remembering)


def shown(results: Sequence[Measurement]) -> Table:
    table = Table("what", "jobs", "steps", "prepublishing", "remembering", "wall/s", "CPU/s", "wall/step", "CPU/step")
    for result in results:
        table.add_row(
            result.what,
            f"{result.jobs}",
            f"{result.steps}",
            "yes" if result.prepublishing else "no",
            "yes" if result.remembering else "no",
            f"{result.wall:.1f}",
            f"{result.cpu:.1f}",
            f"{1000 * result.wall_per_step:.0f} ms",
            f"{1000 * result.cpu_per_step:.0f} ms",
        )
    return table


@click.command()
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=Path("fan_out.json"))
@click.option("--jobs", "trivial_jobs", type=int, multiple=True, default=(10, 100, 500), show_default=True)
@click.option("--physics", type=(int, int), multiple=True, default=PHYSICS, help="Jobs, and jobs per step.")
@click.option(
    "--engine", type=click.Choice(["both", "remembering", "as-it-is"]), default="both", help="Yadage with its memory."
)
def main(output: Path, trivial_jobs: tuple[int, ...], physics: tuple[tuple[int, int], ...], engine: str) -> None:
    """Measure the engine's cost, print a table, write JSON."""
    results = []
    with tempfile.TemporaryDirectory(prefix="assay-fan-out-") as name:
        folder, environment = Path(name), Path(sys.prefix)
        engines = {
            kind == "remembering": stand_in.install(folder / kind, environment, before)
            for kind, before in (("remembering", ""), ("as-it-is", stand_in.FORGETFUL))
            if engine in ("both", kind)
        }
        for result in measurements(folder, trivial_jobs, physics, engines):
            click.echo(f"{result}", err=True)
            results.append(result)
    runs = [asdict(result) for result in results]
    output.write_text(json.dumps({"machine": machine(PACKAGES), "runs": runs}, indent=2))
    Console(width=120).print(shown(results))


if __name__ == "__main__":
    main()
