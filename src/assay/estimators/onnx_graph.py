"""The ONNX form of a network.

The graph is written node by node in place of `torch.onnx.export`: a perceptron is a dozen standard operators, the
writing takes milliseconds where tracing takes seconds, the opset stays the same whatever torch is installed, and the
result is one file.
"""

from __future__ import annotations

from typing import Any

import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from assay.estimators.networks import RatioNetwork, ScoreNetwork, Standardisation
from assay.estimators.settings import ActivationName

_OPSET = 20  # the first with Gelu
_IR_VERSION = 9

_SINGLE_NODE: dict[ActivationName, str] = {
    "elu": "Elu",
    "gelu": "Gelu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "tanh": "Tanh",
}


class _Graph:
    """Nodes and constants in the order of their making; every method returns the name of its result."""

    def __init__(self, activation: ActivationName) -> None:
        self.activation = activation
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, value: Tensor) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value.detach().cpu().numpy(), name))
        return name

    def node(self, operator: str, *inputs: str, result: str | None = None, **attributes: int) -> str:
        name = result or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def standardised(self, value: str, scaling: Standardisation) -> str:
        centred = self.node("Sub", value, self.constant(scaling.centre))
        return self.node("Div", centred, self.constant(scaling.scale))

    def linear(self, value: str, layer: nn.Linear) -> str:
        constants = [self.constant(layer.weight)]
        if layer.bias is not None:
            constants.append(self.constant(layer.bias))
        return self.node("Gemm", value, *constants, transB=1)

    def activated(self, value: str) -> str:
        if self.activation == "silu":
            return self.node("Mul", value, self.node("Sigmoid", value))
        return self.node(_SINGLE_NODE[self.activation], value)

    def layers(self, value: str, network: RatioNetwork | ScoreNetwork) -> str:
        value = self.activated(value)
        for layer in network.hidden:
            assert isinstance(layer, nn.Linear)  # noqa: S101
            value = self.activated(self.linear(value, layer))
        return self.linear(value, network.output)

    def model(self, inputs: dict[str, int], output: str, shape: list[str | int]) -> Any:
        graph = helper.make_graph(
            self.nodes,
            "assay",
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", width]) for name, width in inputs.items()],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)],
            self.constants,
        )
        opset = helper.make_opsetid("", _OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=_IR_VERSION, producer_name="assay")
        onnx.checker.check_model(model)
        return model


def ratio_graph(network: RatioNetwork, activation: ActivationName) -> Any:
    """Return the ONNX model from `x` (n, O) and `theta` (n, P) to `log_ratio` (n, 1), in the callers' units."""
    graph = _Graph(activation)
    of_x = graph.linear(graph.standardised("x", network.x), network.from_x)
    of_theta = graph.linear(graph.standardised("theta", network.theta), network.from_theta)
    result = graph.layers(graph.node("Add", of_x, of_theta), network)
    graph.node("Identity", result, result="log_ratio")
    widths = {"x": len(network.x.centre), "theta": len(network.theta.centre)}
    return graph.model(widths, "log_ratio", ["n", 1])


def score_graph(network: ScoreNetwork, activation: ActivationName) -> Any:
    """Return the ONNX model from `x` (n, O) to `score` (n, P), in the callers' units."""
    graph = _Graph(activation)
    raw = graph.layers(graph.linear(graph.standardised("x", network.x), network.from_x), network)
    scaled = graph.node("Mul", raw, graph.constant(network.score.scale))
    graph.node("Add", scaled, graph.constant(network.score.centre), result="score")
    return graph.model({"x": len(network.x.centre)}, "score", ["n", len(network.score.centre)])
