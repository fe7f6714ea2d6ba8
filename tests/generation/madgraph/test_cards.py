"""Cards: what the study sets is replaced, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assay.errors import GenerationError
from assay.generation.madgraph.cards import param_card, proc_commands, reweight_card, run_card, run_value

pytestmark = pytest.mark.fast

RECORDED = Path(__file__).parents[2] / "data" / "madgraph" / "param_card.dat"


def entry(card: str, block: str, number: int) -> str:
    body = re.search(rf"(?ims)^block {block}\b(.*?)^(?:block|decay)", card)
    assert body is not None
    found = re.search(rf"(?m)^\s*{number}\s+(\S+)", body[1])
    assert found is not None
    return found[1]


class TestProcCard:
    def test_its_commands_without_comments(self) -> None:
        assert proc_commands("# a\nimport model sm # b\n\ngenerate p p > t t~\n", "x") == [
            "import model sm",
            "generate p p > t t~",
        ]

    @pytest.mark.parametrize("line", ["output madevent here", "launch", "exit"])
    def test_what_assay_does_is_refused(self, line: str) -> None:
        with pytest.raises(GenerationError, match="Assay writes the process") as error:
            proc_commands(f"generate p p > t t~\n{line}\n", "signal")
        assert line in str(error.value)

    def test_a_process_is_needed(self) -> None:
        with pytest.raises(GenerationError, match="generates nothing"):
            proc_commands("import model sm\n", "signal")


class TestRunCard:
    CARD = (
        "# nevents = in a comment\n  10000 = nevents ! Number = of events\n 20.0 = ptj ! GeV\n"
        "['--mur=0.5,1,2'] = systematics_arguments\n"
    )

    def test_values_are_replaced_in_place_and_added(self) -> None:
        lines = run_card(self.CARD, {"nevents": 7, "gridpack": True}).splitlines()
        assert lines[0].startswith("#")
        assert lines[1] == "  7 = nevents"
        assert lines[2] == " 20.0 = ptj ! GeV"
        assert lines[-1] == "  True = gridpack"

    def test_a_value_that_stands_twice_is_left_once(self) -> None:
        assert run_card("1 = iseed\n2 = iseed\n", {"iseed": 5}) == "  5 = iseed\n"

    def test_values_with_equals_signs(self) -> None:
        assert run_value(self.CARD, "systematics_arguments") == "['--mur=0.5,1,2']"
        assert run_value(self.CARD, "nevents") == "10000"
        assert run_value(self.CARD, "absent") is None


class TestParamCard:
    def test_template_and_study_replace_entries_of_the_model(self) -> None:
        template = "block DIM6\n 1 0.0 # CWWWL2\n 2 3.0\nDECAY 25 4.07e-03\n"
        card = param_card(RECORDED.read_text(), {("dim6", (2,)): -16.52}, template)
        assert [entry(card, "dim6", number) for number in (1, 2, 3)] == ["0.0", "-1.652000e+01", "1.000000e+00"]
        assert re.search(r"(?m)^DECAY 25 4.07e-03 # WH$", card)
        assert entry(card, "mass", 25) == entry(RECORDED.read_text(), "mass", 25)

    def test_numbers_have_the_digits_that_madgraph_keeps(self) -> None:
        card = param_card(RECORDED.read_text(), {("dim6", (5,)): -19.2606683})
        assert entry(card, "dim6", 5) == "-1.926067e+01"

    def test_an_entry_that_the_model_lacks_would_be_ignored_in_silence(self) -> None:
        with pytest.raises(GenerationError, match="no parameter dim6 9") as error:
            param_card(RECORDED.read_text(), {("dim6", (9,)): 1.0})
        assert "-full" in str(error.value)

    def test_of_a_template_only_zeros_may_be_unknown(self) -> None:
        param_card(RECORDED.read_text(), {}, "Block other\n 1 0.0\n")
        with pytest.raises(GenerationError, match="no parameter other 1"):
            param_card(RECORDED.read_text(), {}, "Block other\n 1 0.1\n")

    def test_a_background_may_be_of_another_model(self) -> None:
        card = param_card("Block mass\n 25 1.25e+02\n", {("dim6", (2,)): 1.0}, complete=False)
        assert "dim6" not in card


class TestReweightCard:
    def test_a_weight_per_point(self) -> None:
        points = {"w": {("dim6", (2,)): 19.824, ("dim6", (5,)): 0.0}, "b": {("dim6", (2,)): 1.0}}
        assert reweight_card("change helicity False # why\n", "/library", points).splitlines() == [
            "change rwgt_dir /library",
            "change helicity False",
            "launch --rwgt_name=w",
            "set param_card dim6 2 1.982400e+01",
            "set param_card dim6 5 0.000000e+00",
            "launch --rwgt_name=b",
            "set param_card dim6 2 1.000000e+00",
        ]

    @pytest.mark.parametrize("line", ["launch", "set param_card dim6 2 1", "change rwgt_dir here"])
    def test_a_template_starts_nothing(self, line: str) -> None:
        with pytest.raises(GenerationError, match="starts reweightings itself"):
            reweight_card(line, "/library", {})
