"""A background and two systematic uncertainties widen limits, and `systematics.json` says by how much each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.cli.work.evaluate import answer
from assay.cli.work.measuring import question_of
from assay.estimators.model_folder import save_estimator
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.events.eventfile import write_event_file
from assay.events.pool import Partition
from assay.events.table import EventTable, NuisanceWeights, ObservableInfo, Sample, Systematic
from assay.sampling.augment import draw_score_sample
from assay.study.load import load_study
from assay.study.model import HistogramMethod, RateMethod, ScoreMethod, Study, TruthMethod
from assay.study.resolve import resolve
from assay.theory.morphing import Morphing
from assay.theory.nuisance import NuisanceParameter
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

pytestmark = pytest.mark.fast
POINTS = {"sm": (0, 0), "a": (1, 0), "b": (0, 1), "c": (-1, 0.5), "d": (0.5, -1), "e": (0.8, 0.9)}
EACH, BACKGROUND = 800, 1200
NAMES = ("CWL2", "CPWL2")


@pytest.fixture
def study(small_study: Callable[..., Path]) -> Study:
    whole = resolve(load_study(small_study(limits={"include_rate": [True]})))
    observables = {name: whole.observables[name] for name in ("pt_j1", "delta_phi_jj")}
    methods = {
        "histogram": HistogramMethod(kind="histogram", observables=tuple(observables), bins=6),
        "rate": RateMethod(kind="rate"),
        "truth": TruthMethod(kind="truth"),
    }
    small = whole.model_copy(
        update={"observables": observables, "benchmarks": {"sm": whole.benchmarks["sm"]}, "methods": methods}
    )
    return small.model_copy(update={"luminosity": 400.0})


@pytest.fixture
def events(study: Study, tmp_path: Path) -> Path:
    """|1 + theta.x|^2 over a square, and a flat background; a scale tilts the signal, a luminosity moves all."""
    rng = np.random.default_rng(5)
    parameters = tuple(Parameter(name, "dim6", i, (-1.2, 1.2)) for i, name in enumerate(NAMES))
    space = ParameterSpace(parameters, tuple(Benchmark(n, tuple(map(float, p))) for n, p in POINTS.items()), "sm")
    n_signal = EACH * len(POINTS)
    x = rng.uniform(-0.5, 0.5, (n_signal + BACKGROUND, 2))
    weights = (1.0 + x @ space.benchmark_values.T) ** 2 + 0.1
    index = np.repeat(np.arange(len(POINTS)), EACH)
    weights[:n_signal] *= 1e-3 / weights[np.arange(n_signal), index].reshape(-1, EACH).sum(axis=1)[index][:, None]
    weights[n_signal:] = 1e-3 / BACKGROUND
    tilt = np.where(np.arange(len(x)) < n_signal, 1.0 + 0.25 * x[:, 0], 1.0)[:, None]
    columns = weights[:, :1] * np.hstack([tilt, 1 / tilt, np.full((len(x), 1), 1.06), np.full((len(x), 1), 1 / 1.06)])
    names = ("scale_up", "scale_down", "luminosity_up", "luminosity_down")
    nuisance = NuisanceWeights(
        names,
        columns,
        (
            NuisanceParameter("scale", "scale", "scale_up", "scale_down"),
            NuisanceParameter("luminosity", "luminosity", "luminosity_up", "luminosity_down"),
        ),
        (Systematic("scale", "weights", ""), Systematic("luminosity", "normalisation", "1.06")),
    )
    samples = (*(Sample(name, name, EACH, 1e-3) for name in POINTS), Sample("background", None, BACKGROUND, 1e-3))
    table = EventTable(
        space,
        Morphing.of_space(space, 2),
        tuple(ObservableInfo(name, section.expression) for name, section in study.observables.items()),
        samples,
        x,
        weights,
        np.concatenate([index, np.full(BACKGROUND, len(POINTS))]).astype(np.int32),
        nuisance=nuisance,
    )
    write_event_file(tmp_path / "events.h5", table)
    return tmp_path / "events.h5"


@pytest.mark.slow
@pytest.mark.parametrize("method", ["histogram", "truth", "rate"])
def test_every_effect_costs_something(study: Study, events: Path, method: str) -> None:
    question = question_of(study, method, study.methods[method], events)
    results = answer(question, [], Path("unused"), None)
    (effect,) = results.systematics
    assert effect.nuisance == ("scale", "luminosity")
    whole = np.array(effect.width("all").widths, dtype=float)
    found = {one.name: np.array(one.widths, dtype=float) for one in effect.widths}
    assert set(found) == {
        "all",
        "without scale",
        "without luminosity",
        "without systematics",
        "without background",
    }
    for name, widths in found.items():
        assert not (widths > whole * (1 + 1e-3)).any(), name
    if method != "rate":  # the rate's intervals are open
        assert (found["without scale"] < 0.98 * whole)[0]
    if method == "histogram":
        assert (found["without background"] < 0.98 * whole).all()
    if method == "truth":  # the record of an event says whether it is background
        assert np.allclose(found["without background"], whole, rtol=1e-3)
    if method != "rate":
        assert (found["without systematics"] <= found["without scale"] * (1 + 1e-6)).all()
    # limits, with their nuisance parameters profiled, agree with the widths
    for name, expected in zip(NAMES, whole, strict=True):
        segments = results.limits[0].interval(name, 0.68).segments
        if np.isfinite(expected):
            assert np.isclose(segments[0].upper - segments[0].lower, expected, rtol=0.02)


def test_of_a_trained_score_the_background_costs_something_too(study: Study, events: Path, tmp_path: Path) -> None:
    """The score of the mixture, with templates of the signal alone."""
    section = ScoreMethod(kind="sally", bins=6)
    question = question_of(study.model_copy(update={"methods": {"sally": section}}), "sally", section, events)
    rng = np.random.default_rng(1)
    train, validation, test = (
        draw_score_sample(question.pool.select(part), 2000, np.zeros(4), rng, nuisance=("scale", "luminosity"))
        for part in (Partition.TRAIN, Partition.VALIDATION, Partition.TEST)
    )
    settings = TrainingSettings(epochs=8, batch_size=128, learning_rate=1e-2, device="cpu")
    trained = train_estimator("sally", train, validation, NetworkSettings((16,)), settings).estimator
    save_estimator(tmp_path / "model", trained)
    test.save(tmp_path / "samples" / "test")
    results = answer(question, [tmp_path / "model"], tmp_path / "samples", None)
    (effect,) = results.systematics
    whole, bare = (np.array(effect.width(name).widths, dtype=float) for name in ("all", "without background"))
    assert (bare < 0.98 * whole).all()
    signal = question.of_signal()
    assert signal is not None
    # the events that are left are those of the signal: as many as the limits of a study without background expect
    assert signal.pool.cross_section([[0.0, 0.0]])[0] < 0.9 * question.pool.cross_section([[0.0, 0.0]])[0]


def test_information_is_profiled_and_says_what_the_limits_do(study: Study, events: Path) -> None:
    question = question_of(study, "histogram", study.methods["histogram"], events)
    information = answer(question, [], Path("unused"), None).information
    profiled, known = information.results[0], information.known[0]
    assert profiled.parameters == known.parameters == NAMES
    assert information.joint[0].parameters == (*NAMES, "scale", "luminosity")
    assert (np.linalg.eigvalsh(known.information - profiled.information) > -1e-9).all()
    assert profiled.information[0, 0] < 0.97 * known.information[0, 0]


def test_nuisance_parameters_may_be_fixed(study: Study, events: Path) -> None:
    fixed = study.model_copy(update={"limits": study.limits.model_copy(update={"nuisance": "fixed"})})
    free, held = (
        answer(question_of(one, "histogram", one.methods["histogram"], events), [], Path("unused"), None)
        for one in (study, fixed)
    )
    assert held.limits[0].nuisance is None
    assert free.limits[0].nuisance is not None
    found = held.limits[0].interval("CWL2", 0.68).segments[0]
    wide = free.limits[0].interval("CWL2", 0.68).segments[0]
    assert found.upper - found.lower < 0.98 * (wide.upper - wide.lower)
    (effect,) = held.systematics
    assert [one.name for one in effect.widths] == ["all", "without background"]


def test_observed_data_of_a_file(study: Study, events: Path, tmp_path: Path) -> None:
    """Pretended data at CWL2 = 0.5 exclude the Standard Model; the record of an event is never observed."""
    asked = question_of(study, "histogram", study.methods["histogram"], events)
    weights = asked.pool.event_weights([[0.45, 0.0]])[:, 0]
    rng = np.random.default_rng(1)
    n = rng.poisson(weights.sum() * 1000 * study.luminosity)
    drawn = asked.pool.x[rng.choice(len(weights), size=n, p=weights / weights.sum())]
    path = tmp_path / "data.csv"
    np.savetxt(path, drawn, delimiter=",", header=",".join(asked.pool.observables), comments="")
    (result,) = answer(asked, [], Path("unused"), path).limits
    assert result.theta_true is None
    assert result.n_events == n
    segment = result.interval("CWL2", 0.95).segments[-1]
    assert segment.lower < 0.45 < segment.upper + 0.05
    assert result.exclusion is not None
    assert result.exclusion.significance > 2.0
    with pytest.raises(Exception, match="no complete event record"):
        answer(replace(asked, method="truth", section=study.methods["truth"]), [], Path("unused"), path)
