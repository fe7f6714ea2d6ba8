"""The real specifications with a stand-in for `assay` in their steps, run by the real engines."""

from __future__ import annotations

import importlib.util
import io
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from assay.running.launch import Run, launch

ROOT = Path(__file__).parents[2]
MODES = {"prepublishing": (True, True), "ignoring": (False, True), "ignoring-as-it-is": (False, False)}
"""Whether the engine prepublishes, and whether it remembers."""
ENVIRONMENTS = {"0.20.1": Path(sys.prefix), "0.21.2": ROOT / ".venv-yadage-next"}
STUDY = {
    "batches": [["e_0", "e_1"], ["a_0", "a_1"], ["d_0"], ["b_0"]],
    "methods": ["sally", "alices", "rate"],
    "seconds": 0.3,
}
"""Names and files that are not in order, so that an order by name shows."""


def stand_in() -> ModuleType:
    spec = importlib.util.spec_from_file_location("stand_in", ROOT / "benchmarks" / "stand_in.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Call:
    """A call of the stand-in; times in seconds."""

    stage: str
    step: str
    options: dict[str, str]
    files: list[str]
    missing: list[str]
    started: float
    ended: float

    @property
    def given(self) -> list[str]:
        """Everything that a step of another stage may have written."""
        return [*(value for name, value in self.options.items() if name not in ("output", "method")), *self.files]


@dataclass(frozen=True)
class StandIn:
    """One engine, in one mode, as `assay run` starts it or as it is, whose steps are the stand-in."""

    version: str
    prepublishing: bool
    remembering: bool
    engine: Path
    folder: Path

    def run(self, name: str, project: Path = ROOT, **study: Any) -> Run:
        """Describe a run of the whole study in a folder of its own."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "study.json").write_text(json.dumps({**STUDY, **study}))
        return Run(
            "workflow/workflow.yml",
            project,
            folder / "run",
            folder,
            {"study": "study.json"},
            ("ml/plot/report.html",),
            4,
            prepublishing=self.prepublishing,
            engine=self.engine,
        )

    def calls(self, run: Run) -> list[Call]:
        lines = (run.inputs / "calls.jsonl").read_text().splitlines()
        return [Call(**json.loads(line)) for line in lines]

    def launched(self, name: str, project: Path = ROOT, **study: Any) -> list[Call]:
        """Run to the end, and return what was called."""
        run = self.run(name, project, **study)
        launch(run, io.StringIO())
        return self.calls(run)


@pytest.fixture(
    scope="module",
    params=[(version, mode) for version in ENVIRONMENTS for mode in MODES],
    ids="-".join,
)
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    version, mode = request.param
    prepublishing, remembering = MODES[mode]
    environment = ENVIRONMENTS[version]
    assert (environment / "bin" / "yadage-run").is_file(), f"yadage {version} is not there: `make test` sets it up"
    folder = tmp_path_factory.mktemp("engine")
    module = stand_in()
    program = module.install(folder / "environment", environment, "" if remembering else module.FORGETFUL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT / "src"))  # the other environment has no Assay
        patch.delenv("ASSAY_RUN", raising=False)
        yield StandIn(version, prepublishing, remembering, program, folder)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the specifications, to be broken."""
    for name in ("workflow", "steps"):
        shutil.copytree(ROOT / name, tmp_path / "project" / name)
    return tmp_path / "project"
