from dataclasses import replace

import pytest

from assay.events.partition import Partition
from assay.events.pool import EventPool
from assay.inference.profiles import Interval, Segment
from assay.manifest import Manifest
from assay.reporting.numbers import count, duration, joined, signed, significant, with_error
from assay.reporting.tables import (
    cross_section_table,
    cut_flow_table,
    fisher_table,
    interval_text,
    limit_table,
    partition_table,
    sample_table,
    stage_table,
)

pytestmark = pytest.mark.fast
SPACE = "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (12.3456, 0.1234, "12.35 ± 0.12"),
        (154.2, 2.0, "154.2 ± 2.0"),
        (1234.0, 56.0, "1234 ± 56"),
        (0.00123, 0.00045, "0.00123 ± 0.00045"),
        (1.0, 0.0, "1"),
        (float("nan"), 1.0, "nan ± 1"),
        (1.5e-9, 2e-10, "(1.50 ± 0.20) × 10⁻⁹"),
        (3e7, 2e6, "(3.00 ± 0.20) × 10⁷"),
        (-0.5, 0.02, "−0.500 ± 0.020"),
        (-0.0001, 0.02, "0.000 ± 0.020"),
    ],
)
def test_values_are_rounded_to_their_errors(value, error, text):
    assert with_error(value, error) == text


def test_other_numbers_as_text():
    assert [duration(s) for s in (1.23, 59.7, 200, 7500)] == ["1.2 s", "1 min 0 s", "3 min 20 s", "2 h 5 min"]
    assert (signed(-0.0001), signed(0.1234), signed(-0.5)) == ("+0.000", "+0.123", "−0.500")
    numbers = [significant(v, 3) for v in (0.11, -1.2, 0.0, 12345.6, 2.953e-6, 100.0)]
    assert numbers == ["0.110", "−1.20", "0", "12346", "2.95 × 10⁻⁶", "100"]
    assert count(1234567.2) == "1 234 567".replace(" ", "\N{NARROW NO-BREAK SPACE}")
    assert (joined(["a"]), joined(["a", "b", "c"]), joined([])) == ("a", "a, b and c", "")


def test_open_ends_of_intervals_are_marked():
    closed = Interval("a", 0.68, (Segment(-0.1, 0.2, False, False),))
    open_below = Interval("a", 0.68, (Segment(-0.6, -0.2, True, False), Segment(0.1, 0.3, False, False)))
    assert interval_text(closed) == "[−0.100, +0.200]"
    assert interval_text(open_below) == "(< −0.600, −0.200] ∪ [+0.100, +0.300]"
    assert interval_text(Interval("a", 0.68, ())) == "empty"


def test_limits_are_tabulated_per_parameter_and_level(limit_result):
    table = limit_table([limit_result(centre=(0.1, -0.2)), limit_result(include_rate=False)])
    assert table.columns == ("method", "data used", "parameter", "best fit", "68 % CL", "95 % CL")
    assert [row[:4] for row in table.rows[:2]] == [
        ("alices", "with rate", "CWL2", "+0.100"),
        ("alices", "with rate", "CPWL2", "−0.200"),
    ]
    assert table.rows[2][1] == "shape"
    assert len(table.rows) == 4


def test_information_is_tabulated_with_errors_and_deviations(fisher_result):
    table = fisher_table(
        [fisher_result("sally", ((100.0, 0.0), (0.0, 25.0))), fisher_result("pt", ((100.0, 0.0), (0.0, 0.0)))]
    )
    first, second = (dict(zip(table.columns, row, strict=True)) for row in table.rows)
    assert first["I(CWL2, CWL2)"] == "100.0 ± 2.0"
    assert (first["σ(CWL2)"], first["σ(CPWL2)"]) == ("0.100", "0.200")
    assert (second["σ(CWL2)"], second["σ(CPWL2)"]) == ("0.100", "blind")
    assert "300 fb⁻¹" in table.caption


def test_information_is_tabulated_less_its_bias_and_never_below_zero(fisher_result):
    table = fisher_table([fisher_result("pt", ((104.0, 0.0), (0.0, 0.5)), error=0.1, bias=4.0)])
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["I(CWL2, CWL2)"] == "100.00 ± 0.10"
    assert row["I(CPWL2, CPWL2)"] == "0 ± 4.0"
    assert row["σ(CPWL2)"] == "blind"


def test_sample_sizes_are_counted_and_add_up(event_table):
    events = event_table(2, 200)
    pool = EventPool.from_table(events)
    table = sample_table(events, pool)
    assert table.rows[0][:3] == ("sm", "400", "200")
    assert 0 < int(table.rows[0][3].replace(SPACE, "")) <= pool.n_events
    assert table.rows[-1][:3] == ("all", f"2{SPACE}400", f"1{SPACE}200")
    uses = partition_table(pool, {Partition.TRAIN: 1000, Partition.VALIDATION: 20, Partition.TEST: 30})
    assert sum(int(row[1].replace(SPACE, "")) for row in uses.rows) == pool.n_events
    assert [row[3] for row in uses.rows] == [f"1{SPACE}000", "20", "30"]


def test_cross_sections_are_means_over_the_runs_of_a_benchmark(event_table):
    events = event_table(1, 100)
    first = events.samples[0]
    again = replace(first, name="again", cross_section=2.0 * first.cross_section)
    doubled = replace(events, samples=(*events.samples, again))
    pool = EventPool.from_table(events)
    (before, *_), (after, *_) = (cross_section_table(table, pool, 300.0).rows for table in (events, doubled))
    one, two = (float(row[2].split(" ± ")[0]) for row in (before, after))
    assert two == pytest.approx(1.5 * one, rel=1e-3)


def test_cross_sections_are_those_of_the_events(event_table):
    events = event_table(2, 200)
    pool = EventPool.from_table(events)
    table = cross_section_table(events, pool, 300.0)
    values, _ = pool.cross_section(events.space.benchmark_values)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["benchmark"] == "sm"
    assert float(row["after cuts [fb]"].split(" ± ")[0]) == pytest.approx(1000 * values[0], rel=0.02)
    assert float(row["events expected"]) == pytest.approx(1000 * values[0] * 300, rel=1e-3)


def test_the_cut_flow_has_a_row_per_step_and_a_column_per_sample(event_table):
    events = event_table(1, 100)
    table = cut_flow_table(events.cut_flow)
    assert table.columns == ("step", *events.space.benchmark_names)
    assert [row[0] for row in table.rows] == ["generated", "pt_j1 > 30"]
    assert table.rows[0][1].startswith("200 (")
    assert "in fb" in table.caption


def test_stages_add_up_over_jobs():
    def manifest(stage, seconds, memory):
        return Manifest(stage, "", "0.1.0", "toy", "hash", 1, "key", (), (), "2026-11-22", seconds, memory)

    jobs = [manifest("generate", 50.0, 300.0), manifest("generate", 70.0, 500.0), manifest("plot", 5.0, 100.0)]
    assert stage_table(jobs).rows == (
        ("generate", "2", "2 min 0 s", "1 min 10 s", "500 MiB"),
        ("plot", "1", "5.0 s", "5.0 s", "100 MiB"),
    )
