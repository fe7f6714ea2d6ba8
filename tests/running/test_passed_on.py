"""What a container sees of its caller's environment: what decides on last digits, where to track, and nothing else."""

from __future__ import annotations

import pytest

from assay.running.layers.program import passed_on

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    "variable",
    ["OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "MKL_CBWR", "ATEN_CPU_CAPABILITY", "ASSAY_RUN", "MLFLOW_TRACKING_URI"],
)
def test_what_results_depend_on_goes_in(variable: str) -> None:
    assert passed_on({variable: "1"}) == {variable: "1"}


@pytest.mark.parametrize("variable", ["HOME", "PATH", "LD_PRELOAD", "PYTHONPATH", "REANA_ACCESS_TOKEN"])
def test_nothing_else_does(variable: str) -> None:
    assert passed_on({variable: "1"}) == {}
