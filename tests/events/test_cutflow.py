import pytest

from assay.events.cutflow import scaled, total_cut_flow
from assay.events.table import CutFlowRow, Sample

pytestmark = pytest.mark.fast


def test_runs_of_one_benchmark_add_up_and_others_stay_apart():
    samples = (
        Sample("sm_0", "sm", 10, 1.0),
        Sample("sm_1", "sm", 30, 1.0),
        Sample("a_0", "a", 20, 2.0),
        Sample("tt_0", None, 5, 3.0, process="tt"),
    )
    rows = [
        CutFlowRow("sm_0", "generated", 10, 0.25),
        CutFlowRow("sm_0", "cut", 4, 0.1),
        CutFlowRow("a_0", "generated", 20, 2.0),
        CutFlowRow("sm_1", "generated", 30, 0.75),
        CutFlowRow("sm_1", "cut", 20, 0.5),
        CutFlowRow("tt_0", "generated", 5, 3.0),
    ]
    assert total_cut_flow(samples, rows) == (
        CutFlowRow("sm", "generated", 40, 1.0),
        CutFlowRow("sm", "cut", 24, 0.6),
        CutFlowRow("a", "generated", 20, 2.0),
        CutFlowRow("tt", "generated", 5, 3.0),
    )


def test_nothing_adds_up_to_nothing():
    assert total_cut_flow((), ()) == ()


def test_cross_sections_at_all_benchmarks_are_added_where_all_runs_know_them() -> None:
    samples = (Sample("sm_0", "sm", 100, 1.0), Sample("sm_1", "sm", 300, 1.0))
    rows = (CutFlowRow("sm_0", "cut", 4, 0.1, (0.1, 0.3)), CutFlowRow("sm_1", "cut", 20, 0.5, (0.5, 0.25)))
    assert total_cut_flow(samples, rows) == (CutFlowRow("sm", "cut", 24, 0.6, (0.6, 0.55)),)
    (total,) = total_cut_flow(samples, (rows[0], CutFlowRow("sm_1", "cut", 20, 0.5)))
    assert (total.cross_section, total.at_benchmarks) == (0.6, ())


def test_scaling_changes_all_cross_sections_and_no_number_of_events() -> None:
    row = CutFlowRow("sm_0", "cut", 4, 0.5, (0.5, 0.25))
    assert scaled(row, 2.0) == CutFlowRow("sm_0", "cut", 4, 1.0, (1.0, 0.5))
