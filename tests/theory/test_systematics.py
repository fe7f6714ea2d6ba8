import pytest

from assay.study.load import load_study
from assay.study.model import (
    EfficiencySystematic,
    HessianSystematic,
    NormalisationSystematic,
    ReplicaSystematic,
    SampleSection,
    ScaleSystematic,
    WeightsSystematic,
)
from assay.study.model_samples import weight_names
from assay.theory.systematics import Effect, effects_of

pytestmark = pytest.mark.fast

SECTIONS = {
    "scale": (ScaleSystematic(kind="scale", scale="muf"), 1, 2, "0.5,1,2"),
    "norm": (NormalisationSystematic(kind="normalisation", uncertainty=0.025), 1, 1, "1.025"),
    "efficiency": (EfficiencySystematic(kind="efficiency", factor=0.9, uncertainty="0.1*eta"), 1, 1, "0.9 +- 0.1*eta"),
    "factor": (EfficiencySystematic(kind="efficiency", factor="0.9"), 0, 0, "0.9 +- None"),
    "pair": (WeightsSystematic(kind="weights", up="u", down="d"), 1, 2, "u,d"),
    "single": (WeightsSystematic(kind="weights", up="u"), 1, 1, "u"),
    "hessian": (HessianSystematic(kind="pdf_hessian", members=("1..4",), confidence_level=0.9), 2, 4, "0.9"),
    "symmetric": (HessianSystematic(kind="pdf_hessian", members=("1..4",), symmetric=True), 4, 4, "0.682689"),
    "replicas": (ReplicaSystematic(kind="pdf_replicas", members=("1..9",)), 0, 9, "5"),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_columns_and_parameters(name):
    section, n_parameters, n_columns, value = SECTIONS[name]
    effect = Effect(name, section)
    assert (len(effect.parameters), len(effect.columns), effect.value) == (n_parameters, n_columns, value)
    used = {b for p in effect.parameters for b in (p.benchmark_positive, p.benchmark_negative)} - {None}
    assert used == set(effect.columns) or not effect.parameters
    assert all(p.systematic == name for p in effect.parameters)


def test_names_with_those_of_components():
    section = ReplicaSystematic(kind="pdf_replicas", members=("1..3",), components=2)
    assert Effect("pdf", section).names == (
        "pdf_1", "pdf_2",
        "pdf_member_1", "pdf_member_2", "pdf_member_3",
        "pdf_1_up", "pdf_1_down", "pdf_2_up", "pdf_2_down",
    )  # fmt: skip
    assert Effect("lumi", SECTIONS["norm"][0]).names == ("lumi", "lumi_up")


def test_samples():
    everywhere = Effect("lumi", SECTIONS["norm"][0])
    assert everywhere.acts_on("signal")
    assert everywhere.acts_on("anything")
    chosen = Effect("lumi", SECTIONS["norm"][0].model_copy(update={"samples": ("signal",)}))
    assert chosen.acts_on("signal")
    assert not chosen.acts_on("anything")


def test_a_samples_own_normalisation_is_a_systematic(small_study):
    study = load_study(small_study()).model_copy(
        update={
            "samples": {
                "bkg": SampleSection(events="a.lhe", normalisation_uncertainty=0.2),
                "other": SampleSection(events="b.lhe"),
            },
            "systematics": {"muf": SECTIONS["scale"][0]},
        }
    )
    muf, own = effects_of(study)
    assert (muf.name, own.name) == ("muf", "bkg_normalisation")
    assert own.acts_on("bkg")
    assert not own.acts_on("signal")
    assert own.columns == ("bkg_normalisation_up",)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (("7..9",), ("7", "8", "9")),
        (("pdf_9..pdf_11",), ("pdf_9", "pdf_10", "pdf_11")),
        (("rwgt_08..10", "x"), ("rwgt_08", "rwgt_09", "rwgt_10", "x")),
    ],
)
def test_ranges_of_weights(members, expected):
    assert weight_names(members) == expected


@pytest.mark.parametrize("member", ["9..7", "a1..b3", "a..b", "1.."])
def test_wrong_ranges(member):
    with pytest.raises(ValueError, match=r"range|number"):
        weight_names((member,))
