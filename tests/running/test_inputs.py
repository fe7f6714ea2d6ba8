"""The inputs of a run that are brought into its folder, and what containers see of their surroundings."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.cli import run as command
from assay.errors import ManifestError
from assay.files import sha256, write_json
from assay.running.inputs import EVENTS, bring_inputs, link_or_copy
from assay.study.load import load_study

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
Write = Callable[..., Path]


@pytest.fixture
def events(tmp_path: Path) -> Path:
    path = tmp_path / "elsewhere" / "mine.h5"
    path.parent.mkdir()
    path.write_bytes(b"events")
    return path


def test_the_study_its_files_and_the_events_are_there(small_study: Write, events: Path, tmp_path: Path) -> None:
    path, folder = small_study(detector={"card": "cards/detector.yml"}), tmp_path / "run" / "input"
    for _ in range(2):  # a second run brings them again
        bring_inputs(load_study(path), path, events, folder)
        found = {str(file.relative_to(folder)): file for file in folder.rglob("*") if file.is_file()}
        assert set(found) == {"input.yml", "cards/detector.yml", EVENTS}
        assert not any(file.is_symlink() for file in found.values())
        assert found[EVENTS].samefile(events)
        assert found["input.yml"].read_text() == path.read_text()
    bring_inputs(load_study(path), path, found[EVENTS], folder)  # from where they are
    assert found[EVENTS].read_bytes() == b"events"


def test_a_file_on_another_file_system_is_copied(events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise OSError("cross-device link")

    monkeypatch.setattr("os.link", refuse)
    target = tmp_path / "target.h5"
    target.write_bytes(b"old")
    link = tmp_path / "link.h5"
    link.symlink_to(events)
    link_or_copy(link, target)
    assert target.read_bytes() == b"events"
    assert not target.is_symlink()
    assert not target.samefile(events)


def test_events_that_were_changed_after_they_were_written(small_study: Write, events: Path, tmp_path: Path) -> None:
    output = {"path": events.name, "sha256": sha256(events), "size": 6}
    events.write_bytes(b"stneve")
    path = small_study()
    words = dict.fromkeys(("job", "version", "study", "study_hash", "key", "started"), "0")
    numbers = {"seed": 0, "wall_time": 0.0, "peak_memory": 0.0}
    manifest = {"stage": "combine", **words, **numbers, "inputs": [], "outputs": [output]}
    write_json(events.with_name("manifest.json"), manifest)
    with pytest.raises(ManifestError, match="not what the stage wrote"):
        bring_inputs(load_study(path), path, events, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_containers_see_the_runs_folder_alone(
    fake_docker: Any, small_study: Write, events: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The study and the events have nothing in common but a folder that may be a home, or the root."""
    step = {
        "environment": {"environment_type": "docker-encapsulated", "image": "none", "imagetag": "0"},
        "process": {"process_type": "string-interpolated-cmd", "cmd": "cat {study} {events} > {output}/report.html"},
        "publisher": {"publisher_type": "interpolated-pub", "publish": {"report": "{output}/report.html"}},
    }
    names = {name: {"step": "init", "output": name} for name in ("study", "events")}
    scheduler = {
        "scheduler_type": "singlestep-stage",
        "parameters": {**names, "output": "{workdir}"},
        "step": step,
    }
    flow = {"stages": [{"name": "plot", "dependencies": ["init"], "scheduler": scheduler}]}
    project = tmp_path / "project"
    (project / "workflow").mkdir(parents=True)
    for name in ("workflow.yml", "ml.yml"):
        (project / "workflow" / name).write_text(yaml.safe_dump(flow))
    study, run = small_study(), tmp_path / "run"
    monkeypatch.setattr(command, "load_for_part", lambda path, part, events: load_study(path))
    arguments = ["--study", study, "--part", "ml", "--events", events, "--project", project]
    command.command([*map(str, arguments), "--output", str(run), "--containers", "docker"], standalone_mode=False)
    assert (run / "plot" / "report.html").read_text() == study.read_text() + "events"
    calls = fake_docker.calls("run")
    volumes = [value for call in calls for option, value in itertools.pairwise(call) if option == "--volume"]
    assert {Path(volume.split(":")[0]) for volume in volumes} == {run / "plot", run / "input"}
