from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., str]
Write = Callable[..., Path]

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["input.yml", "madminer-tutorial.yml"])
def test_the_studies_that_come_along_are_valid(assay: Command, name: str) -> None:
    shown = assay("validate", ROOT / "input" / name)
    assert f"{name}: valid; 2 parameters" in shown


def test_every_problem_is_reported_at_once_with_its_line(small_study: Write, assay: Command) -> None:
    """Also those that only Pythia and the detector know."""
    study = small_study(
        luminosity=-1.0,
        process={"pdf": "NNPDF99", "name": "wbf_higgs_w_fusion"},
        parameters={"CWL2": {"lha_id": 999}},
        shower={"settings": ["PartonLevel:MIP = off"]},
        limits={"theta_true": "standard_model"},
        methods={"alice": {"kind": "alise"}},
    )
    (study.parent / "cards" / "detector.yml").write_text("name: mine\njets: {radius: -1}\n")
    shown = assay("validate", study, expect=2)
    for place, found in {
        "luminosity": "-1.0",
        "process.pdf": "NNPDF99",
        "parameters.CWL2": "999",
        "shower.settings": "PartonLevel:MIP",
        "limits.theta_true": "standard_model",
        "methods.alice.kind": "alise",
        "detector.card": "radius",
    }.items():
        (line,) = [line for line in shown.splitlines() if f": {place}" in line]
        assert found in line
        assert "input.yml:" in line
        assert "expected" in line
        assert "mend:" in line
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("changes", "place", "expected"),
    [
        ({"process": {"pdf": "CT99"}}, "process.pdf", "NNPDF23_lo_as_0130_qed"),
        ({"parameters": {"CWL2": {"lha_id": 999}}}, "parameters.CWL2", "CWL2"),
        ({"shower": {"settings": ["HadronLevel:all = perhaps"]}}, "shower.settings", "HadronLevel:all"),
    ],
)
def test_a_problem_tells_what_was_expected(
    small_study: Write, assay: Command, changes: dict[str, object], place: str, expected: str
) -> None:
    shown = assay("validate", small_study(**changes), expect=2)
    (line,) = [line for line in shown.splitlines() if f": {place}" in line]
    assert expected in line


@pytest.mark.parametrize("content", ["", "- 1\n", "{", "\x00", "name: [\n"])
def test_what_is_no_study_at_all(tmp_path: Path, assay: Command, content: str) -> None:
    path = tmp_path / "input.yml"
    path.write_text(content)
    shown = assay("validate", path, expect=2)
    assert "input.yml" in shown
    assert "Traceback" not in shown


def test_a_study_that_is_not_there(tmp_path: Path, assay: Command) -> None:
    assert "no such file" in assay("validate", tmp_path / "none.yml", expect=2)
    assert "a folder" in assay("validate", tmp_path, expect=2)
