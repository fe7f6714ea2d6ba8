"""Limits and information come from events that no estimator was trained on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from assay.cli.stage import StageRun
from assay.cli.work import evaluate
from assay.cli.work.pool import event_pool
from assay.cli.work.sample import draw_samples
from assay.errors import MismatchError
from assay.estimators.diagnostics import Diagnostics
from assay.events.eventfile import write_event_file
from assay.events.pool import Partition
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.sampling.from_study import SampleRequest
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.load import load_study
from assay.study.model import ScoreMethod, Study
from assay.study.resolve import resolve
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

POINTS = {"sm": (0, 0), "a": (1, 0), "b": (0, 1), "c": (-1, 0.5), "d": (0.5, -1), "e": (0.8, 0.9)}


@pytest.fixture
def study(small_study: Callable[..., Path]) -> Study:
    """Of two observables, and one of the benchmarks that its events have."""
    whole = resolve(load_study(small_study(sampling={"train_samples": 3000})))
    observables = {name: whole.observables[name] for name in ("pt_j1", "delta_phi_jj")}
    return whole.model_copy(update={"observables": observables, "benchmarks": {"sm": whole.benchmarks["sm"]}})


@pytest.fixture
def events(study: Study, tmp_path: Path) -> Path:
    """400 weighted events at each of six benchmarks: |1 + theta.x|^2 over a square."""
    rng = np.random.default_rng(5)
    parameters = tuple(Parameter(name, "dim6", i, (-1.2, 1.2)) for i, name in enumerate(("CWL2", "CPWL2")))
    space = ParameterSpace(parameters, tuple(Benchmark(n, tuple(map(float, p))) for n, p in POINTS.items()), "sm")
    x = rng.uniform(-0.5, 0.5, (400 * len(POINTS), 2))
    weights = (1.0 + x @ space.benchmark_values.T) ** 2 + 0.1
    index = np.repeat(np.arange(len(POINTS)), 400).astype(np.int32)
    weights *= 1e-3 / weights[np.arange(len(x)), index].reshape(-1, 400).sum(axis=1)[index][:, None]
    samples = tuple(Sample(name, name, 400, 1e-3) for name in POINTS)
    names = tuple(ObservableInfo(name, section.expression) for name, section in study.observables.items())
    write_event_file(
        tmp_path / "events.h5", EventTable(space, Morphing.of_space(space, 2), names, samples, x, weights, index)
    )
    return tmp_path / "events.h5"


def rows(x: Any) -> set[bytes]:
    return {row.tobytes() for row in np.asarray(x, dtype=np.float32)}


def question(study: Study, events: Path, method: str) -> evaluate.Question:
    return evaluate.question_of(study, method, study.methods[method], events, Path("unused"))


@dataclass
class Spy:
    """An estimator that remembers which events it was asked about."""

    observables: tuple[str, ...] = ("pt_j1", "delta_phi_jj")
    seen: set[bytes] = field(default_factory=set)
    ranges: tuple[tuple[float, float], ...] = ((-0.8, 0.8), (-0.8, 0.8))

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        self.seen |= rows(x)
        return np.asarray(theta @ x.T - 0.5 * (theta**2).sum(axis=1, keepdims=True))

    def score(self, x: np.ndarray, theta: np.ndarray | None = None) -> np.ndarray:
        self.seen |= rows(x)
        return np.asarray(x if theta is None else x - theta)


@pytest.mark.parametrize("normalise", [False, True])
def test_limits_of_a_ratio_see_no_event_of_its_training(
    study: Study, events: Path, monkeypatch: pytest.MonkeyPatch, normalise: bool
) -> None:
    nothing = Diagnostics((), (), np.zeros((0, 0)), np.zeros((0, 0)))
    monkeypatch.setattr(evaluate, "ratio_diagnostics", lambda *_: nothing)
    monkeypatch.setattr(RatioSample, "load", lambda *_: None)
    asked, spy = question(study, events, "alice"), Spy()
    evaluate._ratio(asked, spy, normalise)  # type: ignore[arg-type]
    validation = rows(asked.pool.select(Partition.VALIDATION).x) if normalise else set()
    assert spy.seen == rows(asked.test.x) | validation
    assert not spy.seen & rows(asked.training.x)


def test_templates_of_a_score_are_of_test_events_alone(
    study: Study, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "score_diagnostics", lambda *_: None)
    monkeypatch.setattr(ScoreSample, "load", lambda *_: None)
    filled: list[Any] = []
    for name in ("histogram_limits", "calibrated_fisher", "truth_fisher"):
        function, place = getattr(evaluate, name), -1 if name == "histogram_limits" else 1

        def recorded(*arguments: Any, function: Any = function, place: int = place) -> Any:
            filled.append(arguments[place])
            return function(*arguments)

        monkeypatch.setattr(evaluate, name, recorded)
    asked = question(study, events, "sally")
    section = study.methods["sally"]
    assert isinstance(section, ScoreMethod)
    evaluate._score(asked, section, Spy())  # type: ignore[arg-type]
    assert len(filled) == 3
    assert all(part is asked.test for part in filled)
    assert not rows(asked.test.x) & rows(asked.training.x)


def test_events_of_the_evaluation_were_never_drawn_for_training(study: Study, events: Path, tmp_path: Path) -> None:
    """The predecessor's evaluation drew from the training events: 52 % of its events had been trained on."""
    run = StageRun(tmp_path / "sample", 1, SimpleNamespace(dataset=lambda *_: None))  # type: ignore[arg-type]
    draw_samples(study, events, (SampleRequest("ratio"), SampleRequest("score")), run)
    tested = rows(question(study, events, "alice").test.x)
    for kind in ("ratio", "score"):
        drawn = {name: rows(np.load(run.folder / kind / name / "x.npy")) for name in ("train", "validation", "test")}
        assert len(drawn["train"]) > 500
        assert not tested & drawn["train"]
        assert not tested & drawn["validation"]
        assert drawn["test"] <= tested


@pytest.mark.parametrize("parameters", [("CPWL2", "CWL2"), ("CWL2",)])
def test_events_of_another_study_are_refused(study: Study, events: Path, parameters: tuple[str, ...]) -> None:
    other = study.model_copy(update={"parameters": {name: study.parameters[name] for name in parameters}})
    with pytest.raises(MismatchError, match=f"CWL2, CPWL2 in the file, {', '.join(parameters)} in the study"):
        event_pool(other, events)
