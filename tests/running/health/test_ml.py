"""ONNX is tried with the writer that trainings use."""

from __future__ import annotations

from typing import Any

import pytest

from assay.estimators import onnx_graph
from assay.running.health.ml import onnx

pytestmark = pytest.mark.fast


def test_a_fault_of_the_projects_own_writer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "agrees with torch" in onnx()
    right = onnx_graph._Graph.standardised

    def wrong(self: Any, value: str, scaling: Any) -> str:
        return right(self, right(self, value, scaling), scaling)

    monkeypatch.setattr(onnx_graph._Graph, "standardised", wrong)
    with pytest.raises(ValueError, match="onnxruntime differs from torch"):
        onnx()
