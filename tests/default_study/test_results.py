"""What the default study has to show, read from the run that `make run-yadage` has left in runs/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pytest

from assay.inference.information import FisherResult, read_fisher
from assay.inference.results import LimitResult, read_limits
from assay.manifest import Manifest

pytestmark = pytest.mark.default_study

RUN = Path(__file__).parents[2] / "runs" / "wbf-higgs-hww"
LEARNED = ("alice", "alices", "sally")
BASELINES = ("histogram_pt_j1", "histogram_2d", "rate")


@pytest.fixture(scope="module")
def evaluations() -> dict[str, Path]:
    """The evaluation's folder of every method."""
    folders = {Manifest.read(path.parent).job: path.parent for path in RUN.glob("ml/evaluate_*/manifest.json")}
    assert set(folders) == {*LEARNED, *BASELINES}, "run `make run-yadage` first"
    return folders


def fisher(folder: Path, method: str, include_rate: bool) -> FisherResult:
    return next(r for r in read_fisher(folder / "fisher") if (r.method, r.include_rate) == (method, include_rate))


def limits(folder: Path) -> list[LimitResult]:
    return [read_limits(path.with_suffix("")) for path in folder.glob("limits_*.json")]


@pytest.mark.parametrize("include_rate", [True, False])
@pytest.mark.parametrize("histogram", ["histogram_pt_j1", "histogram_2d"])
def test_sally_is_more_informative_than_histograms_in_every_direction(
    evaluations: dict[str, Path], histogram: str, include_rate: bool
) -> None:
    sally = fisher(evaluations["sally"], "sally", include_rate)
    baseline = fisher(evaluations[histogram], histogram, include_rate)
    error = np.hypot(sally.errors, baseline.errors).max()
    assert np.linalg.eigvalsh(sally.corrected - baseline.corrected).min() > 3.0 * error


def test_no_method_is_more_informative_than_the_event_record(evaluations: dict[str, Path]) -> None:
    truth = fisher(evaluations["sally"], "parton level", False)
    for method in LEARNED:
        learned = fisher(evaluations[method], method, False)
        error = np.hypot(truth.errors, learned.errors).max()
        assert np.linalg.eigvalsh(truth.information - learned.corrected).min() > -3.0 * error


def test_the_transverse_momentum_alone_is_blind_to_the_cp_odd_parameter(evaluations: dict[str, Path]) -> None:
    blind = fisher(evaluations["histogram_pt_j1"], "histogram_pt_j1", True)
    odd = blind.parameters.index("CPWL2")
    assert abs(blind.corrected[odd, odd]) < 0.1 + 3.0 * blind.errors[odd, odd]
    assert fisher(evaluations["sally"], "sally", True).information[odd, odd] > 50.0


@pytest.mark.parametrize("method", LEARNED)
def test_learned_contours_are_closed_resolved_and_contain_the_true_point(
    evaluations: dict[str, Path], method: str
) -> None:
    for result in limits(evaluations[method]):
        assert result.q_true is not None
        assert result.q_true < result.level(0.68)
        assert all(interval.closed for interval in result.intervals)
        assert result.points_inside[0] >= 20
        assert result.n_unphysical == 0


@pytest.mark.parametrize("method", LEARNED)
def test_no_check_of_an_estimator_fails(evaluations: dict[str, Path], method: str) -> None:
    verdicts = {
        check["name"]: check["verdict"] for check in json.loads((evaluations[method] / "checks.json").read_text())
    }
    assert verdicts
    assert "failed" not in verdicts.values(), verdicts


def test_the_report_says_so_and_mlflow_has_it_all() -> None:
    report = (RUN / "ml" / "plot" / "report.html").read_text()
    for word in ("sally", "histogram_2d", "blind", "CPWL2", "true point"):
        assert word in report
    client = mlflow.MlflowClient(f"sqlite:///{RUN / 'ml' / 'plot' / 'mlflow.db'}")
    (experiment,) = [found for found in client.search_experiments() if found.name != "Default"]
    runs = client.search_runs([experiment.experiment_id])
    nested = {run.info.run_name for run in runs if "mlflow.parentRunId" in run.data.tags}
    assert set(LEARNED) <= nested


@pytest.mark.parametrize("width", [1280, 390])
def test_the_report_is_sound_in_a_browser(chromium: Any, width: int) -> None:
    report = RUN / "ml" / "plot" / "report.html"
    facts = chromium.visit(report, width=width)
    facts.assert_sound()
    assert facts.figures == len(list((report.parent / "figures").glob("*.png")))
    assert report.stat().st_size < 5e6
