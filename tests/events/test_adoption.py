from dataclasses import replace

import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events.adoption import Adoption, adopted
from assay.events.eventfile import Setup
from assay.events.pool import EventPool
from assay.events.table import NuisanceParameter, NuisanceWeights, ObservableInfo, Sample
from assay.study.model import NormalisationSystematic, ScaleSystematic
from assay.theory.morphing import Morphing
from assay.theory.parameters import Benchmark, ParameterSpace
from assay.theory.systematics import Effect

pytestmark = pytest.mark.fast

LUMI = Effect("lumi", NormalisationSystematic(kind="normalisation", uncertainty=0.1))
MUF = Effect("muf", ScaleSystematic(kind="scale", scale="muf", samples=("signal",)))
X, S = ObservableInfo("x", "j[0].pt"), ObservableInfo("s", "sin(7*x)")


@pytest.fixture
def signal(toy, rng):
    return toy.table([("sm", 300), ("a", 200)], rng)


@pytest.fixture
def background(toy, rng):
    """Two runs of one background, one of which has negative weights, each normalised to its own cross section."""
    space = ParameterSpace(toy.space.parameters, (*toy.space.benchmarks[1:], Benchmark("z", (0.1, 0.1))))
    index = np.repeat([0, 1], [100, 50]).astype(np.int32)
    weights = np.where(index == 0, 4.0 / 100, 4.0 / 50 * np.where(np.arange(150) % 5, 1.0, -1.0) / 0.6)
    table = toy.table([("sm", 150)], rng)
    samples = (Sample("one", None, 100, 4.0, 0.1, "z"), Sample("two", None, 50, 4.0, 0.1, "z"))
    morphing = Morphing.of_space(space, 2)
    return replace(
        table, space=space, morphing=morphing, samples=samples, sample_index=index,
        weights=np.repeat(weights[:, None], 6, axis=1), cut_flow=(),
    )  # fmt: skip


@pytest.fixture
def setup(toy):
    return Setup(toy.space, toy.morphing)


def test_background_takes_the_studys_benchmarks(background, setup, toy):
    found = adopted(background, setup, (S, X), (LUMI, MUF), Adoption("continuum", 1.5, 2.0))
    assert found.space is toy.space
    assert [sample.name for sample in found.samples] == ["continuum_0", "continuum_1"]
    assert {sample.group for sample in found.samples} == {("background", "continuum")}
    assert [sample.k_factor for sample in found.samples] == [1.5, 1.5]
    assert [sample.cross_section for sample in found.samples] == [3.0, 3.0]  # 2 pb and the k-factor
    np.testing.assert_array_equal(found.x, background.x[:, ::-1])
    np.testing.assert_allclose(found.weights, 0.75 * background.weights)
    assert found.nuisance is not None
    assert found.nuisance.benchmark_names == ("lumi_up", "muf_up", "muf_down")
    np.testing.assert_allclose(found.nuisance.weights, found.weights[:, :1] * [1.1, 1.0, 1.0])


def test_its_rate_is_the_same_everywhere(background, setup, signal):
    found = adopted(background, setup, (X, S), (), Adoption("continuum"))
    values, errors = EventPool.from_table(found).cross_section([[0.0, 0.0], [0.9, -0.8]])
    np.testing.assert_allclose(values, values[0])
    np.testing.assert_allclose(errors, errors[0])


def test_signal_keeps_its_weights(signal, setup):
    found = adopted(signal, setup, (X, S), (LUMI,), Adoption("more"))
    np.testing.assert_array_equal(found.weights, signal.weights)
    assert [sample.group for sample in found.samples] == [sample.group for sample in signal.samples]
    assert [row.sample for row in found.cut_flow[:2]] == ["more_0", "more_0"]


def test_weights_of_a_systematic_are_taken_from_the_file(signal, setup):
    names = ("muf_down", "muf_up")
    columns = signal.weights[:, :1] * [0.9, 1.2]
    varied = replace(signal, nuisance=NuisanceWeights(names, columns, (NuisanceParameter("muf", "muf", "muf_up"),)))
    found = adopted(varied, setup, (X, S), (MUF,), Adoption("signal", 2.0))
    assert found.nuisance is not None
    assert found.nuisance.benchmark_names == ("muf_up", "muf_down")
    np.testing.assert_allclose(found.nuisance.weights, found.weights[:, :1] * [1.2, 0.9])
    with pytest.raises(EventFileError, match="no weights muf_up, muf_down"):
        adopted(signal, setup, (X, S), (MUF,), Adoption("signal"))


def test_events_of_no_weight_at_the_reference_take_the_factors_too(signal, setup):
    weights = signal.weights.copy()
    weights[::5, 0] = 0.0
    nuisance = NuisanceWeights(("muf_up", "muf_down"), 1.0 + signal.weights[:, :2])
    found = adopted(replace(signal, weights=weights, nuisance=nuisance), setup, (X, S), (MUF,), Adoption("signal", 1.5))
    assert found.nuisance is not None
    np.testing.assert_allclose(found.nuisance.weights, 1.5 * nuisance.weights)


def test_cuts_have_to_be_the_studys_but_for_white_space(signal, setup):
    steps = tuple(dict.fromkeys(row.step for row in signal.cut_flow))
    assert steps == ("generated", "x > cut")
    dense = tuple(replace(row, step=row.step.replace(" ", "")) for row in signal.cut_flow)
    given = replace(signal, cut_flow=(*dense, replace(dense[0], step="s is finite")))
    found = adopted(given, setup, (X, S), (), Adoption("more", steps=steps))
    assert [row.step for row in found.cut_flow] == [*(row.step for row in signal.cut_flow), "s is finite"]
    with pytest.raises(EventFileError, match="selected by: generated, x>cut"):
        adopted(given, setup, (X, S), (), Adoption("more", steps=("generated", "x > 2")))
    none = adopted(replace(signal, cut_flow=()), setup, (X, S), (), Adoption("more", steps=steps))
    assert none.cut_flow == ()


def test_what_does_not_fit_is_refused(signal, background, setup):
    with pytest.raises(EventFileError, match="no observables y"):
        adopted(background, setup, (X, ObservableInfo("y", "1")), (), Adoption("c"))
    with pytest.raises(EventFileError, match="the observable x is"):
        adopted(background, setup, (ObservableInfo("x", "j[1].pt"),), (), Adoption("c"))
    other = Setup(background.space, background.morphing)
    with pytest.raises(EventFileError, match="signal events have weights at"):
        adopted(signal, other, (X, S), (), Adoption("c"))
    with pytest.raises(EventFileError, match="one cross section for sm, a"):
        adopted(signal, setup, (X, S), (), Adoption("c", cross_section=1.0))


def test_several_backgrounds_of_a_file_stay_apart(background, setup):
    samples = (background.samples[0], replace(background.samples[1], process="other"))
    found = adopted(replace(background, samples=samples), setup, (X, S), (), Adoption("c"))
    assert [sample.process for sample in found.samples] == ["c:z", "c:other"]
