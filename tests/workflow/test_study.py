"""Whole studies, small, from input.yml to report through the real yadage."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest

from assay.cli.stage import STAGES
from assay.events.eventfile import read_event_file
from assay.generation.jobs import read_batch
from assay.inference.information import read_fisher
from assay.inference.results import read_limits
from assay.manifest import Manifest

Command = Callable[..., str]
Write = Callable[..., Path]

pytestmark = pytest.mark.slow

METHODS = {"alice", "alices", "sally", "histogram_pt_j1", "histogram_2d", "rate"}


def manifests(run: Path) -> dict[str, Manifest]:
    """The manifests of all stages and jobs, by their folders."""
    return {str(path.parent.relative_to(run)): Manifest.read(path.parent) for path in run.glob("*/**/manifest.json")}


def stages(names: Iterable[str]) -> set[str]:
    """The stages of such folders."""
    return {re.sub(r"_\d+$", "", name.split("/")[1]) for name in names}


def test_the_default_study_ends_with_a_report_and_continues(small_study: Write, assay: Command, tmp_path: Path) -> None:
    study, run = small_study(), tmp_path / "run"
    shown = assay("run", "--study", study, "--output", run)
    plot = run / "ml" / "plot"
    assert f"report:   {plot / 'report.html'}" in shown
    assert "train_2          done" in shown
    before = manifests(run)
    assert stages(before) == set(STAGES)
    assert "physics/extract_5/basis_4_0" in before
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
    assert stages(name for name in after if after[name] != before[name]) == {"configure", "toys", "evaluate", "plot"}


def check_events(run: Path) -> None:
    table = read_event_file(run / "physics" / "combine" / "combined.h5")
    assert len(table.samples) == len(table.space.benchmarks) == 6
    assert all(sample.n_generated == 600 for sample in table.samples)
    assert {row.step for row in table.cut_flow} >= {"generated", "simulated", "pt_j1 > 30"}
    batches = [read_batch(path) for path in (run / "physics" / "configure" / "jobs").iterdir()]
    assert [len(batch) for batch in batches] == [1] * 6
    assert len({job.seed for (job,) in batches}) == 6


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
    assert stages(name for name in before if after[name] != before[name]) == {"configure", "extract"}
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


def test_batches_of_jobs_change_the_number_of_steps_alone(small_study: Write, assay: Command, tmp_path: Path) -> None:
    """Every event file is the same to the bit, so what follows is kept."""
    process, run = {"events_per_benchmark": 100, "jobs_per_benchmark": 2}, tmp_path / "run"
    assay("run", "--study", small_study(process=process), "--part", "physics", "--output", run)
    before = Manifest.read(run / "combine")
    written = (run / "combine" / "combined.h5").stat().st_mtime_ns
    batched = small_study(process=process, execution={"jobs_per_step": 5})
    shown = assay("run", "--study", batched, "--part", "physics", "--output", run)
    assert "12 steps done" in shown  # configure, prepare, 3 times 3, combine
    after = Manifest.read(run / "combine")
    assert (run / "combine" / "combined.h5").stat().st_mtime_ns == written
    assert [record.sha256 for record in after.inputs] == [record.sha256 for record in before.inputs]
    assert after == replace(before, inputs=after.inputs)
    # its manifest says where they are now
    paths = [Path(record.path.partition(":")[2]) for record in after.inputs]
    assert all(path.is_file() for path in paths)
    jobs = [path.relative_to(run).parts for path in paths if path.name == "events.h5"]
    assert [job[0] for job in jobs] == ["extract_0"] * 5 + ["extract_1"] * 5 + ["extract_2"] * 2
    assert [job[1] for job in jobs[:3]] == ["sm_0", "sm_1", "w_0"]
