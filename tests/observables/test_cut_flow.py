from __future__ import annotations

import numpy as np
import pytest

from assay.observables.cut_flow import CutFlow

pytestmark = pytest.mark.fast


def test_steps_are_added_without_changing_those_before() -> None:
    weights = np.array([[1.0, 10.0], [2.0, 20.0], [-4.0, 40.0]])
    first = CutFlow().after("all", np.ones(3, dtype=bool), weights)
    second = first.after("cut", np.array([True, False, True]), weights)
    assert len(first) == 1
    assert [(step.name, step.n_events, step.cross_sections.tolist()) for step in second] == [
        ("all", 3, [-1.0, 70.0]),
        ("cut", 2, [-3.0, 50.0]),
    ]


def test_rows_are_those_of_the_samples_own_benchmark() -> None:
    flow = CutFlow().after("all", np.array([True, False]), np.array([[1.0, 10.0], [2.0, 20.0]]))
    (row,) = flow.rows("signal", 1, 2)
    assert (row.sample, row.step, row.n_events, row.cross_section) == ("signal", "all", 1, 10.0)
    assert row.at_benchmarks == (1.0, 10.0)
    assert flow.rows("signal", 0, 1)[0].at_benchmarks == (1.0,)  # the second is of a systematic
