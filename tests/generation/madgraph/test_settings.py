"""What a study says, as MadGraph is told it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.madgraph.settings import madgraph_settings
from assay.study.model_process import MadGraphCards, MadGraphProcess
from assay.theory.parameters import Benchmark, CardEntry, Parameter, ParameterSpace

pytestmark = pytest.mark.fast

SPACE = ParameterSpace(
    (
        Parameter("cw", "DIM6", 2, (-1.0, 1.0), 2, "16.52*theta"),
        Parameter("both", "dim6", 5, (-1.0, 1.0), 2, None, None, (CardEntry("dim6", 6, "theta**2"),)),
    ),
    (Benchmark("sm", (0.0, 0.0)), Benchmark("w", (1.2, -3.0))),
    "w",
)
PROCESS = MadGraphProcess(
    generator="madgraph", cards=MadGraphCards(proc="cards/proc.dat", run="cards/run.dat"), accuracy=0.01
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "proc.dat").write_text("generate p p > h")
    (tmp_path / "cards" / "run.dat").write_text("1 = lpp1")
    return tmp_path


def test_benchmarks_become_entries_of_the_parameter_card(folder: Path) -> None:
    found = madgraph_settings("signal", PROCESS, folder, SPACE, ("w",))
    assert list(found.points) == ["sm", "w"]
    assert found.points["w"] == {("dim6", (2,)): 16.52 * 1.2, ("dim6", (5,)): -3.0, ("dim6", (6,)): 9.0}
    assert found.generated == ("w",)


def test_cards_are_read_beside_the_study(folder: Path) -> None:
    found = madgraph_settings("signal", PROCESS, folder, SPACE, ("w",))
    assert (found.proc, found.run, found.param, found.reweight) == ("generate p p > h", "1 = lpp1", "", "")
    assert found.accuracy == 0.01


def test_a_background_is_at_the_reference(folder: Path) -> None:
    found = madgraph_settings("continuum", PROCESS, folder, SPACE, ())
    assert found.generated == ("",)
    assert found.points == {"": madgraph_settings("signal", PROCESS, folder, SPACE, ("w",)).points["w"]}


def test_missing_cards(folder: Path) -> None:
    (folder / "cards" / "run.dat").unlink()
    with pytest.raises(GenerationError, match=r"cards/run\.dat: the card cannot be read"):
        madgraph_settings("signal", PROCESS, folder, SPACE, ("w",))
