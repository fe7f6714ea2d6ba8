import pytest

from assay.events.cutflow import total_cut_flow
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
