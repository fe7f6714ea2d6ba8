"""Whole studies, small, from input.yml to report through the real yadage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import mlflow
import pytest

from assay.events.eventfile import read_event_file
from assay.inference.information import read_fisher
from assay.inference.results import read_limits
from assay.manifest import Manifest

Command = Callable[..., str]
Write = Callable[..., Path]

pytestmark = pytest.mark.slow

METHODS = {"alice", "alices", "sally", "histogram_pt_j1", "histogram_2d", "rate"}


def manifests(run: Path) -> dict[str, Manifest]:
    return {str(path.parent.relative_to(run)): Manifest.read(path.parent) for path in run.glob("*/*/manifest.json")}


def test_the_default_study_ends_with_a_report_and_continues(small_study: Write, assay: Command, tmp_path: Path) -> None:
    study, run = small_study(), tmp_path / "run"
    shown = assay("run", "--study", study, "--output", run)
    plot = run / "ml" / "plot"
    assert f"report:   {plot / 'report.html'}" in shown
    assert "train_2          done" in shown
    before = manifests(run)
    assert {name.split("/")[1].rpartition("_")[0] or name.split("/")[1] for name in before} >= {
        "generate",
        "simulate",
        "extract",
        "train",
        "evaluate",
    }
    check_events(run)
    check_results(run)
    check_tracking(plot)

    # again: every stage is complete, nothing is written anew
    assay("run", "--study", study, "--output", run)
    assert manifests(run) == before

    # other limits: only what depends on them is done again
    changed = small_study(luminosity=100.0)
    assay("run", "--study", changed, "--output", run)
    after = manifests(run)
    done_again = {name.split("/")[1].rstrip("_0123456789") for name in after if after[name] != before[name]}
    assert done_again == {"configure", "evaluate", "plot"}


def check_events(run: Path) -> None:
    table = read_event_file(run / "physics" / "combine" / "combined.h5")
    assert len(table.samples) == len(table.space.benchmarks) == 6
    assert all(sample.n_generated == 600 for sample in table.samples)
    assert {row.step for row in table.cut_flow} >= {"generated", "simulated", "pt_j1 > 30"}
    seeds = {json.loads(path.read_text())["seed"] for path in (run / "physics" / "configure" / "jobs").iterdir()}
    assert len(seeds) == 6


def check_results(run: Path) -> None:
    for number, method in enumerate(json.loads((run / "physics" / "configure" / "study.json").read_text())["methods"]):
        folder = run / "ml" / f"evaluate_{number}"
        assert Manifest.read(folder).job == method
        for kind in ("rate",) if method == "rate" else ("rate", "shape"):
            limits = read_limits(folder / f"limits_{kind}")
            assert limits.method == method
            assert limits.parameters == ("CWL2", "CPWL2")
            assert limits.include_rate == (kind == "rate")
        assert {result.method for result in read_fisher(folder / "fisher")} >= {method}


def check_tracking(plot: Path) -> None:
    client = mlflow.MlflowClient(f"sqlite:///{plot / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    runs = client.search_runs([experiment.experiment_id])
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    nested = {run.info.run_name: run for run in runs if "mlflow.parentRunId" in run.data.tags}
    assert len(parents) == 1
    assert {"alice", "alices", "sally"} <= set(nested)
    losses = client.get_metric_history(nested["alices"].info.run_id, "validation_loss")
    assert [metric.step for metric in losses] == [1, 2, 3]


def test_a_third_parameter_is_an_edit_of_the_study(small_study: Write, assay: Command, tmp_path: Path) -> None:
    third = {
        "lha_block": "dim6",
        "lha_id": 7,
        "transform": "16.52*theta",
        "range": [-0.4, 0.4],
        "label": r"C_{\phi W} v^2",
    }
    point = {"CWL2": 0.0, "CPWL2": 0.0, "CphiWL2": 0.0}
    study = small_study(
        parameters={"CphiWL2": third},
        benchmarks={"sm": point, "w": {**point, "CWL2": 1.2}},
        sampling={"prior": {"CphiWL2": {"flat": [-0.2, 0.2]}}},
        limits={
            "grid": {
                name: {"range": [-width, width], "points": 7}
                for name, width in (("CWL2", 0.48), ("CPWL2", 0.48), ("CphiWL2", 0.1))
            }
        },
    )
    run = tmp_path / "run"
    assay("run", "--study", study, "--output", run)
    assert len(read_event_file(run / "physics" / "combine" / "combined.h5").space.benchmarks) == 10
    limits = read_limits(run / "ml" / "evaluate_1" / "limits_rate")
    assert limits.parameters == ("CWL2", "CPWL2", "CphiWL2")
    assert len(limits.pair_profiles) == 3
    report = (run / "ml" / "plot" / "report.html").read_text()
    assert "CphiWL2" in report
    assert not re.search(r"<(img|script|link)[^>]*(src|href)=[\"']https?:", report)


def test_a_wrong_study_ends_with_status_2_before_anything_runs(
    small_study: Write, assay: Command, tmp_path: Path
) -> None:
    study = small_study(limits={"theta_true": "standard_model"}, luminosity=-1.0)
    shown = assay("run", "--study", study, "--output", tmp_path / "run", expect=2)
    assert "limits.theta_true" in shown
    assert "luminosity" in shown
    assert not (tmp_path / "run").exists()


def test_a_failing_step_stops_the_run_with_its_name_and_last_lines(
    small_study: Write, assay: Command, tmp_path: Path
) -> None:
    study = small_study(cuts=["pt_j1 > 4000"])
    shown = assay("run", "--study", study, "--output", tmp_path / "run", expect=1)
    assert "step combine failed" in shown
    assert "no event of any file is left after cuts" in shown
    assert "loosen the cuts" in shown
    # events and objects are complete: with the fault mended, the run goes on from them
    before = manifests(tmp_path / "run")
    assay("run", "--study", small_study(), "--output", tmp_path / "run")
    after = manifests(tmp_path / "run")
    done_again = {name.rstrip("_0123456789") for name in before if after[name] != before[name]}
    assert done_again == {"physics/configure", "physics/extract"}
    assert {"physics/combine", "ml/plot"} <= set(after)


def test_physics_and_learning_run_alone(small_study: Write, assay: Command, tmp_path: Path) -> None:
    study = small_study(methods={"alices": {"kind": "alices"}})
    physics, learning = tmp_path / "physics", tmp_path / "learning"
    shown = assay("run", "--study", study, "--part", "physics", "--output", physics)
    events = physics / "combine" / "combined.h5"
    assert f"events:   {events}" in shown
    shown = assay("run", "--study", study, "--part", "ml", "--events", events, "--output", learning)
    assert f"report:   {learning / 'plot' / 'report.html'}" in shown
    assert (learning / "plot" / "report.html").is_file()
