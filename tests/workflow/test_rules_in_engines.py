"""The rules for specifications that yadage runs as they read, seen in its engines.

The real specifications run with a stand-in for `assay` (benchmarks/stand_in.py) by both versions of yadage that REANA
deploys: with its "prepublishing" (results worked out before a step has run; REANA's way) and without, and the latter
both as `assay run` starts it (see `assay.running.remembering`) and as it is.
"""

from __future__ import annotations

import io
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.errors import WorkflowError
from assay.running.launch import launch

pytestmark = pytest.mark.slow

FANS = {"generate": "batches", "simulate": "batches", "extract": "batches", "train": "methods", "evaluate": "methods"}

Spec = dict[str, Any]


FOLLOWING = (
    ("extract", "combine"),
    ("combine", "sample"),
    ("train", "toys"),
    ("train", "evaluate"),
    ("toys", "evaluate"),
)


def change(project: Path, name: str, old: str, new: str, count: int = 1) -> None:
    path = project / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, count))


def check_order(calls: list[Any]) -> None:
    """Every step has begun after all the steps that wrote what it was given had ended."""
    for call in calls:
        assert not call.missing, f"{call.step} began before its inputs were there"
        for other in calls:
            if any(Path(path).is_relative_to(other.options["output"]) for path in call.given):
                assert other.ended <= call.started, f"{call.step} began before {other.step} had ended"


def check_stages_are_whole(calls: list[Any]) -> None:
    """What follows a fan-out has begun after all of it: also what comes from the other part."""
    begin = {call.stage: min(other.started for other in calls if other.stage == call.stage) for call in calls}
    end = {call.stage: max(other.ended for other in calls if other.stage == call.stage) for call in calls}
    for before, after in (*FOLLOWING, ("evaluate", "plot")):
        assert end[before] <= begin[after], f"{after} began before {before} was done"


def check_fan_out(calls: list[Any], study: Spec) -> None:
    """Step number i of a fan-out has entry number i of every list, in the order in which they were published."""
    by_step = {call.step: call for call in calls}
    configured = yaml.safe_load((Path(by_step["configure"].options["output"]) / "published.yml").read_text())
    sampled = yaml.safe_load((Path(by_step["sample"].options["output"]) / "published.yml").read_text())
    for stage, what in FANS.items():
        fan = [by_step.get(f"{stage}_{number}") for number in range(len(study[what]) + 1)]
        assert fan.pop() is None
        for number, call in enumerate(fan):
            assert call is not None
            if what == "batches":
                assert call.options["jobs"] == configured["jobs"][number]
            else:
                assert call.options["job" if stage == "train" else "method"] == study["methods"][number]
                assert call.options["samples"] == sampled["samples"][number]
    assert [Path(path).name for path in by_step["combine"].files] == [
        f"extract_{number}" for number in range(len(study["batches"]))
    ]
    for number in range(len(study["batches"])):
        simulate, extract = by_step[f"simulate_{number}"].options, by_step[f"extract_{number}"].options
        assert simulate["events"] == extract["events"] == by_step[f"generate_{number}"].options["output"]
        assert extract["objects"] == simulate["output"]
    models = [f"{by_step[f'train_{number}'].options['output']}/model" for number in range(len(study["methods"]))]
    assert by_step["toys_0"].files == models
    for number in range(len(study["methods"])):
        assert by_step[f"evaluate_{number}"].files == [*models, by_step["toys_0"].options["output"]]


@pytest.fixture(scope="module")
def calls(engine: Any) -> list[Any]:
    """All calls of a whole run."""
    called: list[Any] = engine.launched("whole")
    return called


def test_every_step_is_run_once(engine: Any, calls: list[Any]) -> None:
    """Rule 1: the specifications run with both; every stage, whole."""
    python = engine.engine.with_name("python")
    found = subprocess.run(
        [python, "-c", "from importlib.metadata import version; print(version('yadage'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.strip() == engine.version
    steps = [call.step for call in calls]
    assert len(steps) == len(set(steps)) == 5 + 3 * 4 + 2 * 3 + 1


def test_the_engine_is_as_it_is_said_to_be(engine: Any) -> None:
    """One that remembers is what `assay run` starts; one that does not is yadage's own, as on REANA."""
    before, _, _ = engine.engine.read_text().partition("from yadage.steering")
    code = f"{before}\nimport assay.running.executor, adage.dagstate\nprint(adage.dagstate.upstream_failure.__module__)"
    python = engine.engine.with_name("python")
    found = subprocess.run([python, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True).stdout
    assert ("assay.running.remembering" in found) == engine.remembering


def test_steps_begin_when_their_inputs_are_there(calls: list[Any]) -> None:
    """Rules 3 and 4."""
    check_order(calls)
    check_stages_are_whole(calls)


def test_fan_outs_keep_the_order_of_their_lists(engine: Any, calls: list[Any]) -> None:
    """Rule 6."""
    study = yaml.safe_load((engine.run("other").inputs / "study.json").read_text())
    check_fan_out(calls, study)
    swapped = [
        replace(call, step={"train_0": "train_1", "train_1": "train_0"}.get(call.step, call.step)) for call in calls
    ]
    with pytest.raises(AssertionError):
        check_fan_out(swapped, study)


def test_parameters_arrive_as_they_are(engine: Any, calls: list[Any]) -> None:
    """Rule 5: paths and names, none of which yadage has replaced or split."""
    first = calls[0]
    assert first.options["study"] == str(engine.folder / "whole" / "study.json")
    for call in calls:
        for name, value in call.options.items():
            assert name in ("method", "job") or Path(value).is_absolute()
            assert not re.search(r"[\[\]{}*' ]|^None$|^False$", value), (call.step, name, value)


def test_an_empty_fan_out_is_no_success(engine: Any) -> None:
    """Rule 2: for yadage it is one, for the launcher only without declared outputs."""
    run = engine.run("empty", batches=[])
    with pytest.raises(WorkflowError, match="ended without this output"):
        launch(run, io.StringIO())
    assert "workflow completed successfully" in (run.folder / "yadage.log").read_text()
    assert {call.stage for call in engine.calls(run)} == {"configure", "prepare"}


def test_continuing_is_ours(engine: Any) -> None:
    """Rule 7: the engine has every step run again, so the steps themselves have to know what is complete."""
    run = engine.run("continued", fails="simulate_1")
    with pytest.raises(WorkflowError, match="step simulate_1 failed"):
        launch(run, io.StringIO())
    failed = engine.calls(run)
    assert {call.stage for call in failed} <= {"configure", "prepare", "generate", "simulate", "extract"}
    refused = subprocess.run(
        [engine.engine, run.folder, run.workflow, "-t", run.toplevel, "-p", "study=study.json"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert refused.returncode != 0
    launch(engine.run("continued"), io.StringIO())
    again = [call.step for call in engine.calls(run)[len(failed) :]]
    assert set(again) >= {call.step for call in failed}
    assert len(again) == 5 + 3 * 4 + 2 * 3 + 1


def test_resources_reach_the_steps(engine: Any, project: Path) -> None:
    """Rule 8: what REANA's engine honours, the local executors do, too; here the limit of time."""
    change(project, "steps/physics.yml", "resources:", "resources:\n    - kubernetes_job_timeout: 1")
    with pytest.raises(WorkflowError, match="step configure failed"):
        launch(engine.run("limited", project, seconds=30.0), io.StringIO())


def test_prepublishing_starts_a_step_early_without_an_input(engine: Any, project: Path) -> None:
    """Rule 4 broken: `combine` depends on `extract` in name alone, and the check of the order tells."""
    change(project, "workflow/physics.yml", "events: {stages: extract,", "events: {stages: generate,")
    calls = engine.launched("early", project, seconds=0.6)
    if engine.prepublishing:
        with pytest.raises(AssertionError, match="combine began before extract was done"):
            check_stages_are_whole(calls)
    else:
        check_stages_are_whole(calls)
