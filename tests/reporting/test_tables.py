import numpy as np
import pytest

from assay.events.pool import EventPool
from assay.inference.profiles import Interval, Segment
from assay.manifest import Manifest
from assay.reporting.numbers import duration, joined, signed, with_error
from assay.reporting.tables import (
    cross_section_table,
    cut_flow_table,
    fisher_table,
    interval_text,
    limit_table,
    stage_table,
)

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.3456, 0.1234, "12.35 ± 0.12"),
        (154.2, 2.0, "154.2 ± 2.0"),
        (1234.0, 56.0, "1234 ± 56"),
        (0.00123, 0.00045, "0.00123 ± 0.00045"),
        (1.0, 0.0, "1"),
        (float("nan"), 1.0, "nan ± 1"),
        (1.5e-9, 2e-10, "(1.50 ± 0.20) × 10^-9"),
        (3e7, 2e6, "(3.00 ± 0.20) × 10^7"),
    ],
)
def test_values_are_rounded_to_their_errors(value, error, text):
    assert with_error(value, error) == text


def test_other_numbers_as_text():
    assert [duration(s) for s in (1.23, 59.7, 200, 7500)] == ["1.2 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
    assert (signed(-0.0001), signed(0.1234)) == ("+0.000", "+0.123")
    assert (joined(["a"]), joined(["a", "b", "c"]), joined([])) == ("a", "a, b and c", "")


def test_open_ends_of_intervals_are_marked():
    closed = Interval("a", 0.68, (Segment(-0.1, 0.2, False, False),))
    open_below = Interval("a", 0.68, (Segment(-0.6, -0.2, True, False), Segment(0.1, 0.3, False, False)))
    assert interval_text(closed) == "[-0.100, +0.200]"
    assert interval_text(open_below) == "(< -0.600, -0.200] ∪ [+0.100, +0.300]"
    assert interval_text(Interval("a", 0.68, ())) == "empty"


def test_limits_are_tabulated_per_parameter_and_level(limit_result):
    table = limit_table([limit_result(centre=(0.1, -0.2)), limit_result(include_rate=False)])
    assert table.columns == ("method", "kind", "parameter", "best fit", "68 % CL", "95 % CL")
    assert [row[:4] for row in table.rows[:2]] == [
        ("alices", "with rate", "CWL2", "+0.100"),
        ("alices", "with rate", "CPWL2", "-0.200"),
    ]
    assert table.rows[2][1] == "shape"
    assert len(table.rows) == 4


def test_information_is_tabulated_with_errors_and_deviations(fisher_result):
    table = fisher_table(
        [fisher_result("sally", ((100.0, 0.0), (0.0, 25.0))), fisher_result("pt", ((100.0, 0.0), (0.0, 0.0)))]
    )
    first, second = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert first["I(CWL2, CWL2)"] == "100.0 ± 2.0"
    assert (first["σ(CWL2)"], first["σ(CPWL2)"]) == ("0.1", "0.2")
    assert second["σ(CWL2)"] == "blind"
    assert "300 fb⁻¹" in table.caption


def test_cross_sections_are_those_of_the_events(event_table):
    events = event_table(2, 200)
    pool = EventPool.from_table(events)
    table = cross_section_table(events, pool, 300.0)
    values, _ = pool.cross_section(events.space.benchmark_values)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["benchmark"] == "sm"
    assert float(row["after cuts [fb]"].split(" ± ")[0]) == pytest.approx(1000 * values[0], rel=0.02)
    assert float(row["events expected"]) == pytest.approx(1000 * values[0] * 300, rel=1e-3)
    assert int(row["events generated"]) == 400


def test_the_cut_flow_has_a_row_per_step_and_a_column_per_sample(event_table):
    events = event_table(1, 100)
    table = cut_flow_table(events.cut_flow)
    assert table.columns == ("step", *events.space.benchmark_names)
    assert [row[0] for row in table.rows] == ["generated", "pt_j1 > 30"]
    assert table.rows[0][1].startswith("200 (")
    assert np.all([cell.endswith(" fb)") for row in table.rows for cell in row[1:]])


def test_stages_add_up_over_jobs():
    def manifest(stage, seconds, memory):
        return Manifest(stage, "", "0.1.0", "toy", "hash", 1, "key", (), (), "2026-11-22", seconds, memory)

    jobs = [manifest("generate", 50.0, 300.0), manifest("generate", 70.0, 500.0), manifest("plot", 5.0, 100.0)]
    assert stage_table(jobs).rows == (
        ("generate", "2", "2 min 0 s", "1 min 10 s", "500 MiB"),
        ("plot", "1", "5.0 s", "5.0 s", "100 MiB"),
    )
