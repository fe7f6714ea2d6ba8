"""ONNX is tried with the writer that trainings use."""

from __future__ import annotations

from typing import Any

import pytest

from assay.estimators.onnx_nodes import Graph
from assay.running.health.ml import onnx

pytestmark = pytest.mark.fast


def test_a_fault_of_the_projects_own_writer_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "agrees with torch" in onnx()
    right = Graph.standardised

    def wrong(self: Graph, value: str, centre: Any, scale: Any) -> str:
        return right(self, right(self, value, centre, scale), centre, scale)

    monkeypatch.setattr(Graph, "standardised", wrong)
    with pytest.raises(ValueError, match="onnxruntime differs from torch"):
        onnx()
