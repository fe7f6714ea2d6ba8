"""A report of whatever methods a study has: none of them is needed for a figure of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assay.reporting.build import write_report
from assay.reporting.run import RunFiles
from assay.study.resolve import from_resolved, write_resolved

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("methods", [("histogram",), ("sally",)])
def test_no_method_is_needed(
    methods: tuple[str, ...], tmp_path: Path, write_run: Callable[[Path, int], RunFiles]
) -> None:
    """The trap: plots for which `sally` and `alices` have to be among the methods."""
    whole = write_run(tmp_path / "run", 2)
    study = from_resolved(whole.study)
    write_resolved(whole.study, study.model_copy(update={"methods": {name: study.methods[name] for name in methods}}))
    some = replace(
        whole,
        trainings={name: whole.trainings[name] for name in methods},
        evaluations={name: whole.evaluations[name] for name in methods},
    )
    report = write_report(some, tmp_path / "plot").read_text()
    for name in methods:
        assert name in report
    assert all(f"<td>{name}</td>" not in report for name in {"alices", "sally", "histogram"} - set(methods))
    assert (tmp_path / "plot" / "figures" / "contours_rate_CWL2_CPWL2.png").is_file()
