from dataclasses import replace

import numpy as np
import pytest

from assay.errors import LHEError
from assay.events.nuisance_columns import nuisance_weights
from assay.generation.lhe import LHESample
from assay.observables.event_weights import Origin, benchmark_weights, varied_weights, with_weights
from assay.study.model import (
    HessianSystematic,
    NormalisationSystematic,
    ReplicaSystematic,
    ScaleSystematic,
    WeightsSystematic,
)
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace
from assay.theory.systematics import Effect

pytestmark = pytest.mark.fast

SPACE = ParameterSpace((Parameter("c", "dim6", 2, (-1.0, 1.0)),), (Benchmark("sm", (0.0,)), Benchmark("w", (1.0,))))
NOMINAL = np.array([2.0, 1.0, -1.0, 0.0])
FACTORS = {"mur_1_muf_0.5": 0.8, "mur_1_muf_2": 1.3, "m1": 1.1, "m2": 0.95, "m3": 1.2, "m4": 0.7}


@pytest.fixture
def sample() -> LHESample:
    """Four events drawn at w, with benchmark weights 3 : 1 and variations of the weight at w."""
    weights = np.stack([NOMINAL / 3, NOMINAL, *(factor * NOMINAL for factor in FACTORS.values())], axis=1)
    empty = np.empty(0, dtype=np.int32)
    return LHESample(
        offsets=np.zeros(5, dtype=np.int64),
        pdg_id=empty,
        status=empty,
        mothers=empty.reshape(0, 2),
        colours=empty.reshape(0, 2),
        four_momenta=np.empty((0, 4)),
        masses=np.empty(0),
        spins=np.empty(0),
        event_number=np.arange(4),
        scales=np.ones(4),
        nominal_weights=NOMINAL,
        weights=weights,
        weight_names=("sm", "w", *FACTORS),
        cross_section=2.0,
        cross_section_error=0.0,
        alpha_qed=np.ones(4),
        alpha_qcd=np.ones(4),
    )


SCALE = Effect("muf", ScaleSystematic(kind="scale", scale="muf", samples=("signal",)))
LUMI = Effect("lumi", NormalisationSystematic(kind="normalisation", uncertainty=0.1))
SIGNAL, BACKGROUND = Origin("signal", "w", 2.0), Origin("continuum", None, 2.0)


def test_weights_of_signal_and_background(sample):
    signal = benchmark_weights(SPACE, sample, SIGNAL)
    np.testing.assert_allclose(signal, 2.0 * np.stack([NOMINAL / 3, NOMINAL], axis=1))
    np.testing.assert_allclose(benchmark_weights(SPACE, sample, BACKGROUND), 2.0 * np.stack([NOMINAL] * 2, axis=1))
    with pytest.raises(LHEError, match="benchmarks sm"):
        benchmark_weights(SPACE, replace(sample, weight_names=("x", *sample.weight_names[1:])), SIGNAL)


def test_variations_are_at_the_reference_benchmark(sample):
    found = with_weights(SPACE, (SCALE, LUMI), sample, SIGNAL)
    assert found.weight_names == ("sm", "w", "muf_up", "muf_down", "lumi_up")
    reference = 2.0 * NOMINAL / 3
    np.testing.assert_allclose(found.weight("muf_up"), 1.3 * reference)
    np.testing.assert_allclose(found.weight("muf_down"), 0.8 * reference)
    np.testing.assert_allclose(found.weight("lumi_up"), 1.1 * reference)
    assert np.all(np.isfinite(found.weights))


def test_systematics_leave_other_samples_alone(sample):
    found = with_weights(SPACE, (SCALE, LUMI), sample, BACKGROUND)
    np.testing.assert_allclose(found.weight("muf_up"), 2.0 * NOMINAL)
    np.testing.assert_allclose(found.weight("muf_down"), 2.0 * NOMINAL)
    np.testing.assert_allclose(found.weight("lumi_up"), 2.2 * NOMINAL)


def section_columns(section, sample, origin=BACKGROUND):
    effect = Effect("s", section)
    reference = benchmark_weights(SPACE, sample, origin)[:, 0]
    columns = varied_weights((effect,), sample, reference, origin)
    assert columns.shape[1] == len(effect.columns)
    return columns / origin.k_factor, effect


def test_members_of_sets(sample):
    members = tuple(FACTORS)[2:]
    one = np.array([1.1, 0.95, 1.2, 0.7])
    hessian = HessianSystematic(kind="pdf_hessian", members=members, confidence_level=0.9)
    columns, effect = section_columns(hessian, sample)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * (1 + (one - 1) / 1.6448536), rtol=1e-6)
    assert [p.benchmark_positive for p in effect.parameters] == ["s_1_up", "s_2_up"]
    assert effect.columns == ("s_1_up", "s_1_down", "s_2_up", "s_2_down")
    # m1 is the central member of another set than the nominal weights' own
    other = HessianSystematic(kind="pdf_hessian", members=members[1:3], central=members[0])
    columns, _ = section_columns(other, sample)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * (1 + (one[1:3] - 1.1) / 1.1), rtol=1e-6)
    columns, effect = section_columns(hessian.model_copy(update={"symmetric": True}), sample)
    assert effect.columns == ("s_1_up", "s_2_up", "s_3_up", "s_4_up")
    assert effect.parameters[0].benchmark_negative is None
    columns, effect = section_columns(ReplicaSystematic(kind="pdf_replicas", members=("m1..m4",), components=2), sample)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * one)
    assert effect.parameters == ()


def test_envelopes_and_pairs(sample):
    section = ScaleSystematic(kind="scale", scale="muf", envelope=True)
    columns, _ = section_columns(section, sample)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * [1.3, 0.8])
    columns, effect = section_columns(WeightsSystematic(kind="weights", up="m1", down="m4"), sample)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * [1.1, 0.7])
    columns, effect = section_columns(WeightsSystematic(kind="weights", up="m1"), sample)
    assert effect.parameters[0].benchmark_negative is None


def test_weights_under_another_name(sample):
    other = ("sm", "w", "1001", "1002", *tuple(FACTORS)[2:])
    aliases = {"mur_1_muf_0.5": "1001", "mur_1_muf_2": "1002"}
    renamed = replace(sample, weight_names=other, metadata={"aliases": aliases})
    columns, _ = section_columns(ScaleSystematic(kind="scale", scale="muf"), renamed)
    np.testing.assert_allclose(columns, NOMINAL[:, None] * [1.3, 0.8])
    with pytest.raises(LHEError, match=r"no weights mur_1_muf_0\.5"):
        section_columns(ScaleSystematic(kind="scale", scale="muf"), replace(renamed, metadata={}))


def test_nothing_without_systematics(sample):
    assert nuisance_weights((), np.empty((4, 0))) is None
    assert with_weights(SPACE, (), sample, SIGNAL).weight_names == ("sm", "w")
