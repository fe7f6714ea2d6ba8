"""A step that is run again, as when a run is continued or restarted on a cluster: it looks, keeps, and ends at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import Result

import assay.reporting.build
import assay.tracking.replay
from assay.cli.stage import STAGES

pytestmark = pytest.mark.fast

HEAVY = {"awkward", "fastjet", "h5py", "matplotlib", "mlflow", "onnx", "pythia8mc", "scipy", "torch", "uproot"}
PROGRAM = f"""
import sys
from assay.cli.main import main
try:
    main()
except SystemExit as ending:
    print("imported:", *sorted({HEAVY} & {{*sys.modules}}))
    raise
"""
METHOD = "sally"


def again(*arguments: object) -> tuple[str, list[str]]:
    """Run a command in a process of its own; return what it says, and which heavy packages it has imported."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    shown, _, imported = done.stdout.rpartition("imported:")
    return shown, imported.split()


@pytest.fixture(scope="module")
def commands(chain: Any) -> dict[str, list[object]]:
    """The command of a step of every stage, with all of them complete; the report is empty."""
    folder, samples = chain.folder, chain.folder / "sample" / "score"
    train, toys, evaluate, plot = (folder / f"again_{name}" for name in ("train", "toys", "evaluate", "plot"))

    def write_report(files: object, output: Path) -> Path:
        (output / "report.html").write_text("report")
        return output / "report.html"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assay.reporting.build, "write_report", write_report)
        patch.setattr(assay.tracking.replay, "replay", lambda *_, **__: SimpleNamespace(missing=()))
        for result in (
            chain.train(train, METHOD, samples),
            chain.run("toys", toys.name, "--job", "none", "--events", chain.combined, train / "model"),
            chain.evaluate(evaluate, METHOD, samples, train / "model"),
            chain.run("plot", plot, "--events", chain.combined, train, evaluate),
        ):
            check(result)
    process, detector = folder / "prepare", folder / "configure" / "detector.yml"
    jobs = ["--jobs", chain.jobs[0]]
    events, objects = ["--events", chain.events(0)], ["--objects", chain.objects(0)]
    setup, combined = ["--setup", chain.setup], ["--events", chain.combined]
    method = ["--method", METHOD, "--samples", samples]
    arguments: dict[str, list[object]] = {
        "configure": [folder / "configure"],
        "prepare": [folder / "prepare", *setup],
        "generate": [chain.events(0), *jobs, "--process", process],
        "simulate": [chain.objects(0), *jobs, *events, "--detector", detector],
        "extract": [chain.extracted(0), *jobs, *events, *objects, *setup],
        "combine": [folder / "combine", *setup, *(chain.extracted(number) for number in range(len(chain.jobs)))],
        "sample": [folder / "sample", *combined],
        "train": [train, "--job", METHOD, "--samples", samples, *combined],
        "toys": [toys, "--job", "none", *combined, train / "model"],
        "evaluate": [evaluate, *method, *combined, train / "model"],
        "plot": [plot, *combined, train, evaluate],
    }
    study = {name: folder / "input.yml" if name == "configure" else chain.study for name in arguments}
    return {name: [name, "--study", study[name], "--output", *given] for name, given in arguments.items()}


def check(result: Result) -> None:
    if result.exception is not None:
        raise result.exception


def times(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("stage", STAGES)
def test_a_complete_step_is_kept_as_it_is_and_takes_no_heavy_package(
    commands: dict[str, list[object]], stage: str
) -> None:
    """The engine has written its records by then, as yadage does at the start of a step that it runs again."""
    command = commands[stage]
    folder = Path(str(command[4]))
    (folder / "_packtivity").mkdir(exist_ok=True)
    (folder / "_packtivity" / f"{stage}.step.log").write_text("starting")
    before = times(folder)
    shown, imported = again(*command)
    assert "complete and valid, kept" in shown
    assert shown.count("\n") == 1
    assert times(folder) == before
    assert imported == []


def test_a_step_that_has_work_takes_what_it_needs(commands: dict[str, list[object]], tmp_path: Path) -> None:
    """Else the test above would not see anything."""
    command = [*commands["combine"]]
    command[4] = tmp_path / "combine"
    shown, imported = again(*command)
    assert "combine: done" in shown
    assert "h5py" in imported
