"""The Gherkin features of reana.yml: they are readable, known to REANA, and fail where they should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from feature_runner import Facts, FeatureError, holds, read_scenarios

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]
FEATURES = [ROOT / name for name in yaml.safe_load((ROOT / "reana.yml").read_text())["tests"]["files"]]
GOOD = Facts(
    status="finished",
    minutes=4.0,
    files=frozenset(
        {
            "ml/plot/report.html", "ml/plot/mlflow.db", "ml/plot/figures/a.svg", "ml/plot/data/a.h5",
            "physics/combine/combined.h5", "physics/combine/manifest.json",
        }
    ),
    outputs=("ml/plot/report.html", "ml/plot/figures"),
    engine_log="yadage.steering | INFO",
    jobs=(
        {"job_name": "configure", "logs": "", "started_at": "2026-11-22T10:00", "finished_at": "2026-11-22T10:01"},
        {"job_name": "prepare", "logs": "  cross section at sm: 0.3 pb"},
        {"job_name": "plot", "logs": "  report: /w/ml/plot/report.html"},
    ),
)  # fmt: skip


def sentences(path: Path) -> list[str]:
    return [sentence for scenario in read_scenarios(path.read_text()) for sentence in scenario.sentences]


def test_there_are_features_of_logs_files_and_duration() -> None:
    assert {path.stem for path in FEATURES} == {"log-messages", "run-duration", "workspace-files"}


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_every_sentence_holds_for_a_good_run(path: Path) -> None:
    assert [sentence for sentence in sentences(path) if not holds(sentence, GOOD)] == []


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, status="failed"),
        replace(GOOD, minutes=1e4),
        replace(GOOD, files=GOOD.files - {"ml/plot/report.html"}),
        replace(GOOD, files=GOOD.files - {"ml/plot/figures/a.svg"}),
        replace(GOOD, files=GOOD.files | {"ml/plot/.partial-x"}),
        replace(GOOD, engine_log=""),
        replace(GOOD, jobs=tuple({**job, "logs": ""} for job in GOOD.jobs)),
    ],
)
def test_some_sentence_fails_for_a_bad_run(bad: Facts) -> None:
    assert [sentence for path in FEATURES for sentence in sentences(path) if not holds(sentence, bad)]


def test_steps_and_sentences_that_are_not_known_are_errors() -> None:
    with pytest.raises(FeatureError, match="no step nothing"):
        holds('the job logs for the nothing step should contain "x"', GOOD)
    with pytest.raises(FeatureError, match="not a sentence"):
        holds("the weather should be fine", GOOD)
    with pytest.raises(FeatureError, match="not a line"):
        read_scenarios("Feature: x\nScenario: y\nWhen a\nPerhaps b\n")
    with pytest.raises(FeatureError, match="no scenarios"):
        read_scenarios("Feature: x\n")
