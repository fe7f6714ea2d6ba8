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
from assay.cli.work.information import information_of
from assay.cli.work.measuring import Question, normalised, pose, question_of
from assay.cli.work.pool import event_pool
from assay.cli.work.sample import draw_samples
from assay.errors import MismatchError
from assay.events.eventfile import write_event_file
from assay.events.pool import Partition
from assay.events.table import EventTable, ObservableInfo, Sample
from assay.inference.expected import method_limits
from assay.sampling.requests import SampleRequest
from assay.study.load import load_study
from assay.study.model import Study
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


def question(study: Study, events: Path, method: str, **changes: object) -> Question:
    section = study.methods[method].model_copy(update=changes)
    return question_of(study, method, section, events)


@dataclass
class ScoreSpy:
    """An estimator of the score that remembers which events it was asked about."""

    observables: tuple[str, ...] = ("pt_j1", "delta_phi_jj")
    seen: set[bytes] = field(default_factory=set)

    def score(self, x: np.ndarray) -> np.ndarray:
        self.seen |= rows(x)
        return np.asarray(x)


@dataclass
class RatioSpy:
    """The same of the ratio."""

    observables: tuple[str, ...] = ("pt_j1", "delta_phi_jj")
    seen: set[bytes] = field(default_factory=set)
    ranges: tuple[tuple[float, float], ...] = ((-0.8, 0.8), (-0.8, 0.8))

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        self.seen |= rows(x)
        return np.asarray(theta @ x.T - 0.5 * (theta**2).sum(axis=1, keepdims=True))

    def summed_log_ratio(self, x: np.ndarray, theta: np.ndarray, weights: np.ndarray) -> np.ndarray:
        return np.asarray(self.log_ratio(x, theta) @ weights)

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        self.seen |= rows(x)
        return np.asarray(x - theta)


@pytest.mark.parametrize("normalise", [False, True])
def test_limits_of_a_ratio_see_no_event_of_its_training(study: Study, events: Path, normalise: bool) -> None:
    asked, spy = question(study, events, "alice", normalise=normalise), RatioSpy()
    learned = normalised(asked, spy)  # type: ignore[arg-type]
    posed = pose(asked, learned)
    assert posed.events is asked.test
    method_limits(posed.measurement, posed.events, asked.wanted, "alice")
    information_of(asked, posed, learned)
    validation = rows(asked.pool.select(Partition.VALIDATION).x) if normalise else set()
    assert spy.seen == rows(asked.test.x) | validation
    assert not spy.seen & rows(asked.training.x)


def test_templates_of_a_score_are_of_test_events_alone(study: Study, events: Path) -> None:
    """Its bins are those of training events; what fills them, and its information, is not."""
    asked, spy = question(study, events, "sally"), ScoreSpy()
    posed = pose(asked, spy)
    assert posed.events is asked.test
    assert posed.histogram is not None
    filled = posed.histogram.templates.cross_sections(asked.reference).sum()
    assert np.isclose(filled, asked.test.cross_section(np.array(asked.reference))[0][0])
    spy.seen.clear()
    found = information_of(asked, posed, spy)
    assert spy.seen == rows(asked.test.x)
    assert [one.method for one in found.results] == ["sally", "sally", "parton level", "parton level"]
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
