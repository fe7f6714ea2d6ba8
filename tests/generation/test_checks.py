"""What only the embedded generator knows of a study: processes, channels, operators, limits, parton densities."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from assay.generation.checks import GENERATION_CHECKS
from assay.study.load import load_study
from assay.study.problems import Problem, StudyErrors

pytestmark = pytest.mark.fast

Write = Callable[..., Path]
OTHERS: dict[str, Any] = {"sampling": {"min_effective_events": 10.0}, "limits": {}}
"""Without values for the parameters of the default study."""
WARSAW = {
    "parameters": {
        "cHW": {"lha_block": "SMEFT", "lha_id": 7, "range": [-1.0, 1.0]},
        "cHq3": {"lha_block": "SMEFT", "lha_id": 25, "range": [-1.0, 1.0]},
    },
    "benchmarks": {"sm": {"cHW": 0.0, "cHq3": 0.0}},
    **OTHERS,
}


@pytest.fixture
def problems(small_study: Write) -> Callable[..., dict[str, Problem]]:
    """Return the problems of a study by their paths; of the process alone, sections are changed, others replaced."""

    def find(process: dict[str, Any] | None = None, **sections: Any) -> dict[str, Problem]:
        path = small_study(process=process or {})
        content = yaml.safe_load(path.read_text())
        path.write_text(yaml.safe_dump({**content, **sections}, sort_keys=False))
        try:
            load_study(path, GENERATION_CHECKS)
        except StudyErrors as errors:
            return {problem.path: problem for problem in errors.problems}
        return {}

    return find


def test_the_default_study_is_fine(problems: Callable[..., dict[str, Problem]]) -> None:
    assert problems() == {}


@pytest.mark.parametrize(
    ("process", "path", "found", "mend"),
    [
        ({"name": "wbf_higs"}, "process.name", "'wbf_higs'", "write wbf_higgs"),
        ({"name": "wgamma", "model": "warsaw"}, "process", "not available in the Warsaw basis", ""),
        ({"channels": "g g > h"}, "process.channels", "g g > h", ""),
        ({"cuts": {"max_photon_pt": 100.0}}, "process.cuts.max_photon_pt", "has not", "remove it"),
        ({"pdf": "NNPDF99"}, "process.pdf", "NNPDF99", "choose an installed set"),
        ({"exclude": ["w"]}, "process.exclude", "no channel of wbf_higgs_w_fusion is left without w", "exclude fewer"),
        ({"name": "wgamma", "decay": "b b~"}, "process.decay", "wgamma, which has no Higgs boson", "remove it"),
        ({"name": "ww", "branching_ratio": 0.1}, "process.branching_ratio", "ww, which has no Higgs", "remove it"),
        ({"name": "wh", "s_channel": False}, "process.s_channel", "s_channel: false for wh", "remove it"),
        ({"name": "ee_ww", "beam_energy": 100.0}, "process.pdf", "a collision of leptons", "write `pdf: none`"),
    ],
)
def test_a_process_that_cannot_be_generated(
    problems: Callable[..., dict[str, Problem]], process: dict[str, Any], path: str, found: str, mend: str
) -> None:
    reported = problems(process=process)
    assert path in reported, reported
    assert found in reported[path].found
    assert mend in reported[path].mend


def test_partons_without_densities_are_allowed(problems: Callable[..., dict[str, Problem]]) -> None:
    assert problems(process={"pdf": "none"}) == {}


@pytest.mark.parametrize(
    "process",
    [{"name": "wh", "model": "warsaw"}, {"name": "zh", "model": "warsaw", "cuts": {"min_lepton_pair_mass": 20.0}}],
)
def test_operators_of_the_model_are_accepted(
    problems: Callable[..., dict[str, Problem]], process: dict[str, Any]
) -> None:
    assert problems(process=process, **WARSAW) == {}


def test_operators_of_another_model_are_refused_at_every_parameter(problems: Callable[..., dict[str, Problem]]) -> None:
    found = problems(process={"name": "wh", "model": "ewdim6"}, **WARSAW)
    assert set(found) == {"parameters.cHW", "parameters.cHq3"}
    assert "entry 7 of block SMEFT, which is no operator of the model ewdim6" in found["parameters.cHW"].found
    assert "dim6 2 (CWL2)" in found["parameters.cHW"].expected


def test_operators_without_effect_on_the_process_are_refused(problems: Callable[..., dict[str, Problem]]) -> None:
    parameters = {
        "CWL2": {"lha_id": 2, "range": [-1.0, 1.0]},
        "CWWWL2": {"lha_id": 1, "range": [-1.0, 1.0]},
        "several": {"lha": [{"id": 5}, {"id": 6}, {"id": 4}], "range": [-1.0, 1.0]},
    }
    point = dict.fromkeys(parameters, 0.0)
    found = problems(parameters=parameters, benchmarks={"sm": point}, **OTHERS)
    assert set(found) == {"parameters.CWWWL2", "parameters.several.lha[2].id"}
    assert "CWWWL2, on which the process wbf_higgs_w_fusion does not depend" in found["parameters.CWWWL2"].found
    assert "CPWWWL2" in found["parameters.several.lha[2].id"].found


def test_an_operator_with_the_entry_of_another_is_refused(problems: Callable[..., dict[str, Problem]]) -> None:
    parameters = {"CWL2": {"lha_id": 5, "range": [-1.0, 1.0]}, "CPWL2": {"lha_id": 2, "range": [-1.0, 1.0]}}
    found = problems(parameters=parameters, benchmarks={"sm": {"CWL2": 0.0, "CPWL2": 0.0}}, **OTHERS)
    assert "CWL2 with the entry dim6 5 (CPWL2)" in found["parameters.CWL2"].found
    assert found["parameters.CWL2"].expected.startswith("dim6 2")
    assert set(found) == {"parameters.CWL2", "parameters.CPWL2"}


def test_processes_of_samples_are_checked_too(problems: Callable[..., dict[str, Problem]]) -> None:
    samples = {
        "zh": {"process": {"name": "zzh"}},
        "ww": {"process": {"name": "ww", "pdf": "CT99"}},
        "background": {"process": {"name": "wgamma"}},  # on which the parameters have no effect that matters
    }
    found = problems(samples=samples)
    assert set(found) == {"samples.zh.process.name", "samples.ww.process.pdf"}


def test_members_of_densities_count_for_samples_on_which_they_act(problems: Callable[..., dict[str, Problem]]) -> None:
    pdf = {"kind": "pdf_hessian", "members": ["pdf_1..pdf_2"]}
    samples = {"ww": {"process": {"name": "ww"}}}
    assert "systematics.pdf.members" in problems(samples=samples, systematics={"pdf": {**pdf, "samples": ["ww"]}})


@pytest.mark.parametrize(
    ("process", "cut"),
    [
        ({"name": "wgamma", "cuts": {"min_photon_pt": 0.0}}, "min_photon_pt"),
        ({"name": "wgamma", "cuts": {"min_photon_separation": 0.0}}, "min_photon_separation"),
        ({"name": "zh"}, "min_lepton_pair_mass"),
        ({"name": "zh", "exclude": ["a"]}, None),
        ({"name": "zh", "cuts": {"min_lepton_pt": 5.0, "min_lepton_separation": 0.2}}, None),
        ({"name": "wbf_higgs", "cuts": {"min_jet_pt": 0.0}}, "min_jet_pt"),
        ({"cuts": {"min_jet_pt": 0.0}}, None),
    ],
)
def test_cross_sections_are_finite(
    problems: Callable[..., dict[str, Problem]], process: dict[str, Any], cut: str | None
) -> None:
    found = {path for path in problems(process=process) if ".cuts." in path}
    assert found == (set() if cut is None else {f"process.cuts.{cut}"})


def test_leptons_with_parton_densities_are_one_problem(problems: Callable[..., dict[str, Problem]]) -> None:
    parameters = {"CWL2": {"lha_id": 2, "range": [-1.0, 1.0]}}
    found = problems(
        process={"name": "ee_ww", "beam_energy": 100.0},
        parameters=parameters,
        benchmarks={"sm": {"CWL2": 0.0}},
        **OTHERS,
    )
    assert set(found) == {"process.pdf"}


@pytest.mark.parametrize(("power", "fine"), [(1, False), (2, True)])
def test_powers_count_the_square_of_the_amplitude(
    problems: Callable[..., dict[str, Problem]], power: int, fine: bool
) -> None:
    parameters = {"CWL2": {"lha_id": 2, "range": [-1.0, 1.0], "max_power": power}}
    found = problems(parameters=parameters, benchmarks={"sm": {"CWL2": 0.0}}, **OTHERS)
    assert set(found) == (set() if fine else {"parameters.CWL2.max_power"})


@pytest.mark.parametrize(
    ("powers", "overall", "fine"),
    [
        ({"cHW": 2, "cHbox": 2}, 2, False),
        ({"cHW": [2, 2], "cHbox": 2}, [2, 2], False),
        ({"cHW": [2, 2], "cHbox": [2, 2]}, [2, 2], True),
        ({"cHW": 4, "cHbox": 4}, 4, True),
    ],
)
def test_powers_count_the_decay_to_leptons(
    problems: Callable[..., dict[str, Problem]], powers: dict[str, Any], overall: Any, fine: bool
) -> None:
    ids = {"cHW": 7, "cHbox": 4}
    parameters = {
        name: {"lha_block": "SMEFT", "lha_id": ids[name], "range": [-1.0, 1.0], "max_power": power}
        for name, power in powers.items()
    }
    found = problems(
        process={"name": "wh", "model": "warsaw", "decay": "l+ l- l+ l-"},
        parameters=parameters,
        benchmarks={"sm": {"cHW": 0.0, "cHbox": 0.0}},
        morphing={"max_overall_power": overall},
        **OTHERS,
    )
    assert (found == {}) == fine, found
    if not fine:
        assert "parameters.cHbox.max_power" in found
        assert "write max_power: [2, 2]" in found["parameters.cHbox.max_power"].mend
