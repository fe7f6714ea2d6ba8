"""Preparing a process, with the stand-in: the cards that MadGraph gets, what is packed, what goes wrong."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.madgraph.archive import read_head
from assay.generation.madgraph.prepare import prepare_process

pytestmark = pytest.mark.fast


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_process_is_written_once_and_integrated_at_every_benchmark(prepared) -> None:
    (output,) = prepared.notes("output")
    assert output["definition"] == [
        "import model EWdim6-full",
        "generate u d > u d h / a z QCD=0 QED=99 NP=2, h > a a QCD=0 QED=99 NP=0",
    ]
    assert [survey["point"] for survey in prepared.notes("survey")] == ["sm", "w"]


def test_cards_are_filled(prepared) -> None:
    sm, w = prepared.notes("survey")
    assert w["parameters"] == {str(k): {2: 19.824}.get(k, 0.0) for k in range(1, 9)}
    assert w["width"] == 4.07e-3
    assert w["run"]["ptj"] == "20.0", "the card's own"
    assert (w["run"]["gridpack"], w["run"]["event_norm"], w["run"]["use_syst"]) == ("True", "sum", "True")
    assert w["run"]["systematics_program"] == "none"
    assert int(sm["run"]["iseed"]) != int(w["run"]["iseed"])
    assert "--accuracy=0.02" in w["options"]


def test_the_library_of_the_reweighting_is_built(prepared) -> None:
    (reweighting,) = prepared.notes("reweight")
    assert not reweighting["library"]
    assert prepared.notes("generate")[0]["n_events"] == 10
    with tarfile.open(prepared.archive) as tar:
        assert "reweighting/rw_me/rwgt.pkl" in tar.getnames()


def test_what_jobs_need_is_packed_and_nothing_else_is_left(archive) -> None:
    assert left(archive.parent) == ["signal.tar.gz"]
    head = read_head(archive)
    assert head.cross_sections == {"sm": (0.001039, 2.031e-05), "w": (0.0008821, 1.989e-05)}
    assert list(head.couplings) == ["sm", "w", "b1"], "the order of the study"
    assert head.couplings["b1"] == {"dim6 2": -9.912, "dim6 5": 14.868}
    assert head.version == "3.5.7"
    with tarfile.open(archive) as tar:
        names = tar.getnames()
    assert "common/madevent/SubProcesses/P1_qq_qqh_h_aa/same.inc" in names
    assert [name for name in names if name.endswith("P1_qq_qqh_h_aa/madevent")] == [
        f"own/{number}/madevent/SubProcesses/P1_qq_qqh_h_aa/madevent" for number in (0, 1)
    ]
    assert "common/madevent/Events" in names
    assert not [name for name in names if name.endswith(".f")]


def test_madgraph_2_9(notes, settings, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_VERSION", "2.9.24")
    assert prepare_process(tmp_path / "signal.tar.gz", settings(), 7).version == "2.9.24"


def test_an_integration_that_is_less_accurate_than_asked_for_is_repeated(notes, settings, tmp_path) -> None:
    asked = settings(accuracy=0.01, generated=("sm",), points={"sm": settings().points["sm"]})
    assert prepare_process(tmp_path / "a.tar.gz", asked, 7).cross_sections == {"sm": (0.001039, 2.031e-05)}
    surveys = notes("survey")
    assert [survey["options"][2] for survey in surveys] == ["--points=5000", "--points=10000", "--points=20000"]
    assert len({survey["run"]["iseed"] for survey in surveys}) == 3


def test_a_background_has_one_point_and_no_reweighting(notes, settings, tmp_path) -> None:
    changed = settings(points={"": {("dim6", (2,)): 0.0}}, generated=("",), name="continuum")
    prepared = prepare_process(tmp_path / "continuum.tar.gz", changed, 7)
    assert prepared.cross_sections == {"": (0.001039, 2.031e-05)}
    assert notes("reweight") == []


@pytest.mark.parametrize(
    ("fails", "what"),
    [
        ("output no_diagrams", "the process has no diagrams, in the writing of signal"),
        ("output missing_model", "does not have the model"),
        ("output no_fortran_compiler", "no Fortran compiler"),
        ("survey refused_parameters", "refuses the parameter card, in the integration at sm of signal"),
        ("survey no_lhapdf", "needs LHAPDF"),
        ("generate zero_cross_section", "too few events pass the cuts"),
        ("reweight no_numpy", "library of its reweighting, in the reweighting of signal"),
        ("reweight generation", "has not built the library"),
    ],
)
def test_failures(fails, what, notes, settings, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("STAND_IN_FAILS", fails)
    folder = tmp_path / "prepare"
    with pytest.raises(GenerationError, match=what):
        prepare_process(folder / "signal.tar.gz", settings(), 7)
    assert left(folder) == ["signal.log"], "the log stays, temporary folders do not"


def test_a_zero_cross_section(notes, settings, tmp_path, monkeypatch) -> None:
    recorded = tmp_path / "recorded"
    recorded.mkdir()
    stand_in = Path(__file__).with_name("mg5_aMC").read_text().replace('("0.001039", "2.031e-05")', '("0", "0")')
    (recorded / "mg5_aMC").write_text(stand_in)
    (recorded / "mg5_aMC").chmod(0o755)
    monkeypatch.setenv("ASSAY_MG5", str(recorded / "mg5_aMC"))
    with pytest.raises(GenerationError, match="cross section is zero, in the integration at sm"):
        prepare_process(tmp_path / "prepare" / "signal.tar.gz", settings(), 7)


def test_a_parameter_that_the_model_lacks(notes, settings, tmp_path) -> None:
    with pytest.raises(GenerationError, match="no parameter smeft 5"):
        prepare_process(tmp_path / "a.tar.gz", settings(points={"sm": {("smeft", (5,)): 1.0}}, generated=("sm",)), 7)


def test_negative_seeds(notes, settings, tmp_path) -> None:
    with pytest.raises(GenerationError, match="the seed is -1"):
        prepare_process(tmp_path / "a.tar.gz", settings(), -1)
