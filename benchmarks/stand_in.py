#!/usr/bin/env python3
"""A program that stands in for `assay` in the steps of the real specifications, with no physics in it.

Called as a stage, it checks that its inputs exist, takes a little time, writes the outputs that the specifications
declare, and appends to the study's `calls.jsonl` what it was called with and when. So the order in which an engine runs
the specifications shows within seconds. `install` puts it in place of `assay` before an environment's yadage.

The study is JSON: `batches` (jobs of each step: lists of names), `methods`, `seconds` that a step takes, and `fails`,
the step (by the name of its folder) that fails.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sys
import time
from pathlib import Path

CALLS = "calls.jsonl"
FORGETFUL = "from assay.running import remembering\nremembering.remember = lambda: None"
"""Python that leaves yadage as it is."""
_OUTPUTS = {
    "configure": ("study.json", "setup.h5", "detector.yml"),
    "prepare": ("signal.npz",),
    "combine": ("combined.h5",),
    "train": ("model/model.json",),
    "toys": ("toys.h5",),
    "evaluate": ("limits_rate.json",),
    "plot": ("report.html",),
}


def install(folder: Path, environment: Path, before: str = "") -> Path:
    """Make a copy of a virtual environment, by links, whose `assay` is this program; return its `yadage-run`.

    `before` is Python that `yadage-run` executes before anything else.
    """
    programs = folder / "bin"
    programs.mkdir(parents=True)
    shutil.copy(environment / "pyvenv.cfg", folder)
    (folder / "lib").symlink_to((environment / "lib").resolve())
    (programs / "python").symlink_to((environment / "bin" / "python").resolve())
    shebang = f"#!{programs / 'python'}\n"
    engine = programs / "yadage-run"
    engine.write_text(f"{shebang}{before}\nfrom yadage.steering import main\n\nmain()\n")
    stand_in = programs / "assay"
    stand_in.write_text(f"#!{sys.executable} -IS\n" + Path(__file__).read_text().partition("\n")[2])
    for program in (engine, stand_in):
        program.chmod(0o755)
    return engine


def main() -> int:
    """Do what a stage would; return its exit status."""
    started = time.time()
    stage, options, files = parsed(sys.argv[1:])
    output = Path(options["output"])
    study = read_study(Path(options["study"]))
    # a folder is there before its step has run: what counts is its files
    given = [Path(path) for name, path in options.items() if name not in ("output", "method", "job")] + [
        *map(Path, files)
    ]
    missing = [str(path) for path in given if not (any(path.iterdir()) if path.is_dir() else path.is_file())]
    fails = output.name == study["fails"]
    if not (missing or fails):
        time.sleep(study["seconds"])
        write_outputs(stage, output, study, options)
    call = {"stage": stage, "step": output.name, "options": options, "files": files, "missing": missing}
    note(Path(study["folder"]) / CALLS, {**call, "started": started, "ended": time.time()})
    if missing:
        print("inputs are missing:", *missing)
    return 1 if missing or fails else 0


def parsed(words: list[str]) -> tuple[str, dict[str, str], list[str]]:
    """Return the stage, its options by name, and what is left."""
    stage, *rest = words
    options = {}
    while rest and rest[0].startswith("--"):
        options[rest[0][2:]] = rest[1]
        rest = rest[2:]
    return stage, options, rest


def read_study(path: Path) -> dict:
    """Return the study with its defaults, and the folder that the first of its files is in."""
    defaults = {"batches": [], "methods": [], "seconds": 0.0, "fails": None, "folder": str(path.parent)}
    return {**defaults, **json.loads(path.read_text())}


def write_outputs(stage: str, output: Path, study: dict, options: dict[str, str]) -> None:
    """Write what the specifications say that a stage publishes."""
    for name in _OUTPUTS.get(stage, ()):
        (output / name).parent.mkdir(exist_ok=True)
        (output / name).write_text(json.dumps(study))
    if stage in ("generate", "simulate", "extract"):
        for job in json.loads(Path(options["jobs"]).read_text()):
            (output / job["name"]).mkdir(exist_ok=True)
            (output / job["name"] / "outputs").write_text(job["name"])
    if stage == "configure":
        publish(
            output, {**{Path(name).stem: str(output / name) for name in _OUTPUTS[stage]}, "jobs": jobs(output, study)}
        )
    if stage == "sample":
        samples = []
        for method in study["methods"]:
            samples.append(str(output / method))
            (output / method).mkdir(exist_ok=True)
            (output / method / "train").write_text(method)
        methods = study["methods"]
        lists = {"methods": methods, "samples": samples, "trainings": methods, "training_samples": samples}
        publish(output, {**lists, "toys": ["none"]})


def jobs(output: Path, study: dict) -> list[str]:
    """Write the batches into files whose names have another order than the batches, and return the files."""
    files = []
    for number, batch in enumerate(study["batches"]):
        path = output / "jobs" / f"{(number * 7 + 3) % 1009:04d}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps([{"name": name} for name in batch]))
        files.append(str(path))
    return files


def publish(output: Path, content: dict) -> None:
    """Write published.yml (JSON is YAML)."""
    (output / "published.yml").write_text(json.dumps(content))


def note(path: Path, call: dict) -> None:
    """Append a line to the record of all calls."""
    with open(path, "a") as record:
        fcntl.flock(record, fcntl.LOCK_EX)
        record.write(json.dumps(call) + "\n")


if __name__ == "__main__":
    sys.exit(main())
