"""A fan-out over hundreds of steps in the real engine; what it costs is in docs/scale.md."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace

import pytest

from assay.running.launch import Run, launch
from assay.running.status import read_status

pytestmark = pytest.mark.slow

JOBS = 500


@pytest.mark.parametrize("prepublishing", [False, True])
def test_a_fan_out_over_hundreds_of_steps_is_completed(toy: Callable[..., Run], prepublishing: bool) -> None:
    names = [f"job_{(7 * number) % JOBS}" for number in range(JOBS)]
    run = replace(toy(names), prepublishing=prepublishing)
    shown = io.StringIO()
    states = launch(run, shown)
    assert len(states) == JOBS + 2
    assert (run.folder / "combine" / "combined.h5").read_text().split() == names
    counted = {stage.name: stage.jobs for stage in read_status(run.folder).stages}
    assert counted["generate"] == {"done": JOBS}
    assert shown.getvalue().count("generate_") >= JOBS
