from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., str]
Write = Callable[..., Path]

pytestmark = pytest.mark.fast

UNKNOWN_OPERATOR = {
    "parameters": {"CXX": {"lha_block": "dim6", "lha_id": 99, "range": [-1.0, 1.0]}},
    "benchmarks": {"sm": {"CXX": 0.0}, "w": {"CXX": 0.0}},
}
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["input.yml", "madminer-tutorial.yml", "wh.yml", "wgamma.yml", "wbf-systematics.yml"])
def test_the_studies_that_come_along_are_valid(invoke: Command, name: str) -> None:
    shown = invoke("validate", ROOT / "input" / name)
    assert f"{name}: valid; 2 parameters" in shown


def test_every_problem_is_reported_at_once_with_its_line(small_study: Write, invoke: Command) -> None:
    """Also those that only Pythia and the detector know."""
    study = small_study(
        luminosity=-1.0,
        process={"pdf": "NNPDF99", "name": "wbf_higgs_w_fusion"},
        **UNKNOWN_OPERATOR,
        shower={"settings": ["PartonLevel:MIP = off"]},
        limits={"theta_true": "standard_model"},
        methods={"alice": {"kind": "alise"}},
    )
    (study.parent / "cards" / "detector.yml").write_text("name: mine\njets: {radius: -1}\n")
    shown = invoke("validate", study, expect=2)
    for place, found in {
        "luminosity": "-1.0",
        "process.pdf": "NNPDF99",
        "parameters.CXX": "CXX",
        "shower.settings": "PartonLevel:MIP",
        "limits.theta_true": "standard_model",
        "methods.alice.kind": "alise",
        "detector.card": "the detector card is wrong",
    }.items():
        (line,) = [line for line in shown.splitlines() if f": {place}" in line]
        assert found in line
        assert "input.yml:" in line
    assert "jets.radius: Input should be greater than 0" in shown
    assert shown.count("; expected ") == shown.count("; mend: ") == 7
    assert "7 problems; nothing has been run" in shown


@pytest.mark.parametrize(
    ("changes", "place", "expected"),
    [
        ({"process": {"pdf": "CT99"}}, "process.pdf", "NNPDF23_lo_as_0130_qed"),
        (UNKNOWN_OPERATOR, "parameters.CXX", "CphiWL2"),
        ({"shower": {"settings": ["HadronLevel:all = perhaps"]}}, "shower.settings", "HadronLevel:all"),
    ],
)
def test_a_problem_tells_what_was_expected(
    small_study: Write, invoke: Command, changes: dict[str, object], place: str, expected: str
) -> None:
    shown = invoke("validate", small_study(**changes), expect=2)
    (line,) = [line for line in shown.splitlines() if f": {place}" in line]
    assert expected in line


@pytest.mark.parametrize("content", ["", "- 1\n", "{", "\x00", "name: [\n"])
def test_what_is_no_study_at_all(tmp_path: Path, invoke: Command, content: str) -> None:
    path = tmp_path / "input.yml"
    path.write_text(content)
    shown = invoke("validate", path, expect=2)
    assert "input.yml" in shown
    assert "Traceback" not in shown


def test_a_study_that_is_not_there(tmp_path: Path, invoke: Command) -> None:
    assert "no such file" in invoke("validate", tmp_path / "none.yml", expect=2)
    assert "a folder" in invoke("validate", tmp_path, expect=2)


def test_json_has_every_problem_with_its_line(small_study: Write, invoke: Command) -> None:
    assert json.loads(invoke("validate", small_study(), "--json")) == {"valid": True, "problems": []}
    study = small_study(luminosity=-1.0, limits={"theta_true": "standard_model"})
    found = json.loads(invoke("validate", study, "--json", expect=2))
    assert not found["valid"]
    assert {problem["path"] for problem in found["problems"]} == {"luminosity", "limits.theta_true"}
    lines = study.read_text().splitlines()
    (luminosity,) = [problem for problem in found["problems"] if problem["path"] == "luminosity"]
    assert lines[luminosity["line"] - 1].startswith("luminosity:")
