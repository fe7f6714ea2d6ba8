from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper


@pytest.fixture
def onnx_model():
    """Write a model folder with the network y = x W, three inputs and one output."""

    def write(folder: Path) -> Path:
        weight = numpy_helper.from_array(np.ones((3, 1), dtype=np.float32), "W")
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["x", "W"], ["y"])],
            "network",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["events", 3])],
            [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["events", 1])],
            [weight],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
        folder.mkdir(parents=True, exist_ok=True)
        onnx.save(model, folder / "model.onnx")
        return folder

    return write
