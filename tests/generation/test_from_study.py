from dataclasses import asdict

import pytest

from assay.errors import GenerationError
from assay.generation.cuts import Cuts
from assay.generation.from_study import benchmark_couplings, embedded_settings, process_variations, scale_variations
from assay.generation.jobs import jobs_of, read_batch, source_of, write_batches
from assay.generation.settings import EmbeddedSettings
from assay.study.load import load_study
from assay.study.model import (
    EmbeddedProcess,
    GenerationCuts,
    HessianSystematic,
    NormalisationSystematic,
    SampleSection,
    ScaleSection,
    ScaleSystematic,
)
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace

pytestmark = pytest.mark.fast


def scale(**changes):
    return ScaleSystematic(kind="scale", **{"scale": "muf", **changes})


def test_pairs_and_envelopes_of_scales():
    assert [v.name for v in scale_variations(scale())] == ["mur_1_muf_0.5", "mur_1_muf_2"]
    assert [v.name for v in scale_variations(scale(scale="mur", factors=(0.25, 4.0)))] == [
        "mur_0.25_muf_1",
        "mur_4_muf_1",
    ]
    assert [v.name for v in scale_variations(scale(scale="mu"))] == ["mur_0.5_muf_0.5", "mur_2_muf_2"]
    seven_point = scale_variations(scale(scale="mu", envelope=True))
    assert len(seven_point) == 6
    assert not any({v.renormalisation, v.factorisation} == {0.5, 2.0} for v in seven_point)


@pytest.fixture
def study(small_study):
    return load_study(small_study()).model_copy(
        update={
            "samples": {
                "continuum": SampleSection(events="b/c.lhe.gz", k_factor=1.3, cross_section=0.2),
                "more": SampleSection(events="m.lhe", benchmark="sm"),
                "fakes": SampleSection(events="f.h5"),
            },
            "systematics": {
                "muf": scale(samples=("signal",)),
                "wide": scale(factors=(0.5, 4.0)),
                "other": scale(factors=(0.1, 10.0), samples=("continuum",)),
                "pdf": HessianSystematic(kind="pdf_hessian", members=("pdf_1..pdf_2",)),
                "lumi": NormalisationSystematic(kind="normalisation", uncertainty=0.1),
            },
        }
    )


def test_the_process_has_each_weight_once(study):
    assert process_variations(study) == ("mur_1_muf_0.5", "mur_1_muf_2", "mur_1_muf_4", "pdf_1", "pdf_2")


def test_files_are_jobs_of_their_own(study, tmp_path):
    jobs = jobs_of(study, ["sm", "w"], {"signal": process_variations(study)})
    files = [job for job in jobs if job.source is not None]
    assert [(job.name, job.benchmark, job.sample, job.source) for job in files] == [
        ("continuum_0", None, "continuum", "continuum.lhe.gz"),
        ("more_0", "sm", "more", "more.lhe"),
    ]
    assert (files[0].k_factor, files[0].cross_section, files[0].variations) == (1.3, 0.2, ())
    assert all(job.variations == process_variations(study) for job in jobs if job.source is None)
    assert len({job.seed for job in jobs}) == len(jobs)
    (path,) = write_batches(tmp_path, [jobs])
    assert list(read_batch(path)) == jobs


def test_endings_of_files_stay():
    assert source_of("a", "x/y.lhe.gz") == "a.lhe.gz"
    assert source_of("a", "x/y.hdf5") == "a.hdf5"


def test_couplings_of_parameters_with_one_and_several_entries():
    parameters = (
        Parameter("CPWL2", "dim6", 5, (-1.0, 1.0), 2, "16.52*theta"),
        Parameter("both", "dim6", 2, (-1.0, 1.0), 2, "2*theta", None, (CardEntry("DIM6", 7, "-theta"),)),
    )
    space = ParameterSpace(parameters, (Benchmark("sm", (0.0, 0.0)), Benchmark("x", (1.0, 0.5))))
    assert benchmark_couplings(space) == {
        "sm": {"CPWL2": 0.0, "CWL2": 0.0, "CphiWL2": 0.0},
        "x": {"CPWL2": 16.52, "CWL2": 1.0, "CphiWL2": -0.5},
    }


@pytest.mark.parametrize("entry", [CardEntry("dim6", 9), CardEntry("dim6", 0), CardEntry("mass", 2)])
def test_entries_that_are_no_operator_are_refused(entry):
    parameter = Parameter("both", "dim6", 2, (-1.0, 1.0), 2, None, None, (entry,))
    with pytest.raises(GenerationError, match="is no operator of the model ewdim6"):
        benchmark_couplings(ParameterSpace((parameter,), (Benchmark("sm", (0.0,)),)))


def test_couplings_of_another_model_are_found_by_their_entries():
    parameters = (
        Parameter("anything", "SMEFT", 7, (-1.0, 1.0), 2),
        Parameter("q", "smeft", 25, (-1.0, 1.0), 2, "2*theta"),
    )
    space = ParameterSpace(parameters, (Benchmark("x", (0.5, 0.25)),))
    assert benchmark_couplings(space, "warsaw") == {"x": {"cHW": 0.5, "cHq3": 0.5}}
    with pytest.raises(GenerationError, match="entry 7 of block SMEFT is no operator of the model ewdim6"):
        benchmark_couplings(space)


def test_settings_are_those_of_the_section():
    cuts = {"min_jet_pt": 31.0, "max_jet_eta": None, "max_jet_pair_mass": 700.0, "max_missing_pt": 9.0}
    process = EmbeddedProcess(
        name="wh",
        model="warsaw",
        channels="p p > e+ ve h",
        exclude=("a",),
        s_channel=True,
        beam_energy=4000.0,
        pdf="none",
        scale=ScaleSection(choice="fixed", value=50.0),
        cuts=GenerationCuts(**cuts),
        decay="b b~",
        branching_ratio=0.5,
    )
    found = embedded_settings(process)
    wanted = EmbeddedSettings(
        "wh", "p p > e+ ve h", "warsaw", ("a",), True, 4000.0, "none", "fixed", 50.0, 1.0, Cuts(**cuts), "b b~", 0.5
    )
    assert found == wanted
    assert embedded_settings(EmbeddedProcess()) == EmbeddedSettings()


def test_every_cut_of_the_generator_is_one_of_the_study_with_the_same_default():
    assert GenerationCuts().model_dump() == asdict(Cuts())


def test_variations_are_those_of_the_sample(study):
    both = study.model_copy(
        update={"systematics": {"a": scale(samples=("zh",)), "b": scale(scale="mu", samples=("x",))}}
    )
    assert process_variations(both, "zh") == ("mur_1_muf_0.5", "mur_1_muf_2")
    assert process_variations(both) == ()
