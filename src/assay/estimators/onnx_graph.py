"""The ONNX form of a network.

The graph is written node by node in place of `torch.onnx.export`: a perceptron is a dozen standard operators, the
writing takes milliseconds where tracing takes seconds, the opset stays the same whatever torch is installed, and the
result is one file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from assay.estimators.description import ModelDescription
from assay.estimators.doubly_network import DoublyParameterisedNetwork
from assay.estimators.monomial_features import Monomials
from assay.estimators.morphing_networks import CoefficientNetwork, MorphingAwareNetwork, QuadraticNetwork
from assay.estimators.networks import Features, Perceptron, RatioNetwork, ScoreNetwork
from assay.estimators.pointwise_network import PointwiseNetwork
from assay.estimators.preprocessing import Preprocessing
from assay.estimators.settings import ActivationName

_OPSET = 20  # the first with Gelu
_IR_VERSION = 9

_SINGLE_NODE: dict[ActivationName, str] = {
    "elu": "Elu",
    "gelu": "Gelu",
    "leaky_relu": "LeakyRelu",
    "relu": "Relu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "tanh": "Tanh",
}


def onnx_graph(network: nn.Module, description: ModelDescription) -> Any | None:
    """Return the ONNX model of a network, in the callers' units; None for densities.

    Inputs are `x` (n, O) and, but for scores and point-by-point ratios, `theta` (n, P) (`theta0` and `theta1` where
    both are free); the output is `score` (n, P), `log_ratio` (n, 1), or `log_ratio` (n, K) at K points.
    """
    graph = _Graph(description.network.activation)
    n_x, n_theta = len(description.observables), len(description.parameters)
    if isinstance(network, RatioNetwork):
        _finish(graph, graph.ratio(network, graph.features("x", network.x), "theta"))
        return graph.model({"x": n_x, "theta": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, DoublyParameterisedNetwork):
        _finish(graph, _doubly(graph, network))
        return graph.model({"x": n_x, "theta0": n_theta, "theta1": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, CoefficientNetwork):
        _finish(graph, _coefficients(graph, network))
        return graph.model({"x": n_x, "theta": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, PointwiseNetwork):
        _finish(graph, _pointwise(graph, network))
        return graph.model({"x": n_x}, "log_ratio", ["n", len(network.points)])
    if isinstance(network, ScoreNetwork):
        scaled = graph.node("Mul", graph.perceptron(network, "x"), graph.constant(network.score.scale))
        graph.node("Add", scaled, graph.constant(network.score.centre), result="score")
        return graph.model({"x": n_x}, "score", ["n", n_theta])
    return None


def _finish(graph: _Graph, value: str) -> None:
    graph.node("Identity", value, result="log_ratio")


def _doubly(graph: _Graph, network: DoublyParameterisedNetwork) -> str:
    features = graph.features("x", network.x)
    forward = graph.node("Concat", "theta0", "theta1", axis=1)
    backward = graph.node("Concat", "theta1", "theta0", axis=1)
    parts = [graph.ratio(network.pairs, features, theta) for theta in (forward, backward)]
    return graph.node("Sub", *parts)


def _pointwise(graph: _Graph, network: PointwiseNetwork) -> str:
    value = graph.node("Unsqueeze", graph.features("x", network.x), graph.integers([0]))
    width = network.x.n_features
    last = len(network.weights) - 1
    for number, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        following = graph.node("Add", graph.node("MatMul", value, graph.constant(weight)), graph.constant(bias))
        if number < last:
            following = graph.activated(following)
        same = weight.shape[2] == width
        value = graph.node("Add", value, following) if network.residual and same else following
        width = int(weight.shape[2])
    return graph.node("Transpose", graph.node("Squeeze", value, graph.integers([2])), perm=[1, 0])


def _coefficients(graph: _Graph, network: CoefficientNetwork) -> str:
    outputs = graph.perceptron(network, "x")
    theta = graph.standardised("theta", network.theta.centre, network.theta.scale)
    own = graph.columns(theta, range(network.n_parameters))
    coefficients = graph.columns(outputs, range(network.n_terms))
    monomials = graph.monomials(own, _monomials(network.monomials))
    if isinstance(network, QuadraticNetwork):
        density = _squares(graph, network, coefficients, monomials)
    else:
        assert isinstance(network, MorphingAwareNetwork)  # noqa: S101 - there is no third one
        density = _bent(graph, graph.summed(graph.node("Mul", coefficients, monomials)))
    n_nuisance = network.theta.n_columns - network.n_parameters
    if n_nuisance:
        nuisance = graph.columns(theta, range(network.n_parameters, network.theta.n_columns))
        both = graph.node("Concat", nuisance, graph.node("Mul", nuisance, nuisance), axis=1)
        varying = graph.columns(outputs, range(network.n_terms, network.n_terms + 2 * n_nuisance))
        density = graph.node("Add", density, graph.summed(graph.node("Mul", varying, both)))
    raw = graph.node("Div", "theta", graph.constant(network.theta.scale))
    rate = graph.monomials(graph.columns(raw, range(network.n_parameters)), network.log_rate.monomials)
    rate = graph.node("MatMul", rate, graph.constant(network.log_rate.coefficients[:, None]))
    return graph.node("Sub", density, graph.node("Log", rate))


def _squares(graph: _Graph, network: QuadraticNetwork, coefficients: str, monomials: str) -> str:
    n = network.n_monomials
    spread = graph.node("MatMul", coefficients, graph.constant(network.spread))
    factors = graph.node("Add", spread, graph.constant(network.constant))
    matrix = graph.node("Reshape", factors, graph.integers([-1, n, n]))
    parts = graph.node("MatMul", matrix, graph.node("Unsqueeze", monomials, graph.integers([2])))
    squares = graph.node("ReduceSumSquare", parts, graph.integers([1]), keepdims=0)
    return graph.node("Log", squares)


def _bent(graph: _Graph, terms: str) -> str:
    smallest = graph.number(0.01)
    value = graph.node("Add", terms, graph.number(1.0))
    below = graph.node("Div", graph.node("Min", value, smallest), smallest)
    logarithm = graph.node("Log", graph.node("Max", value, smallest))
    return graph.node("Add", logarithm, graph.node("Sub", below, graph.number(1.0)))


def _monomials(module: nn.Module) -> Monomials:
    assert isinstance(module, Monomials)  # noqa: S101 - typed as a module for torch
    return module


class _Graph:
    """Nodes and constants in the order of their making; every method returns the name of its result."""

    def __init__(self, activation: ActivationName) -> None:
        self.activation = activation
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def _keep(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def constant(self, value: Tensor) -> str:
        return self._keep(value.detach().cpu().numpy())

    def number(self, value: float) -> str:
        return self._keep(np.array(value, dtype=np.float32))

    def integers(self, values: Any) -> str:
        return self._keep(np.array(list(values), dtype=np.int64))

    def node(self, operator: str, *inputs: str, result: str | None = None, **attributes: Any) -> str:
        name = result or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def columns(self, value: str, chosen: Any) -> str:
        return self.node("Gather", value, self.integers(chosen), axis=1)

    def summed(self, value: str) -> str:
        return self.node("ReduceSum", value, self.integers([1]), keepdims=1)

    def standardised(self, value: str, centre: Tensor, scale: Tensor) -> str:
        return self.node("Div", self.node("Sub", value, self.constant(centre)), self.constant(scale))

    def features(self, value: str, x: Features) -> str:
        if not isinstance(x, Preprocessing):
            return self.standardised(value, x.centre, x.scale)
        parts: list[str] = []
        extra: list[str] = []
        for kind, span in x.spans.items():
            if span.stop == span.start:
                continue
            own = self.columns(value, x.order[span])
            anchor = x.anchor[list(x.order)][span]
            centre, scale = x.standard.centre[span], x.standard.scale[span]
            if kind == "periodic":
                parts.append(self.node("Sin", own))
                extra.append(self.node("Cos", own))
            elif kind == "mask":
                missing = self.node("Equal", own, self.constant(anchor))
                exists = self.node("Cast", self.node("Not", missing), to=TensorProto.FLOAT)
                parts.append(self.node("Mul", self.standardised(own, centre, scale), exists))
                extra.append(exists)
            else:
                parts.append(self.standardised(self._transformed(kind, own, anchor), centre, scale))
        return self.node("Concat", *parts, *extra, axis=1)

    def _transformed(self, kind: str, value: str, anchor: Tensor) -> str:
        if kind == "log":
            return self.node("Log", self.node("Max", value, self.constant(anchor)))
        if kind == "signed_log":
            size = self.node("Div", self.node("Abs", value), self.constant(anchor))
            logarithm = self.node("Log", self.node("Add", size, self.number(1.0)))
            return self.node("Mul", self.node("Sign", value), logarithm)
        return value

    def monomials(self, value: str, module: Monomials) -> str:
        columns = [self.columns(value, [p]) for p in range(module.powers.shape[1])]
        ones = self.node("Add", self.node("Mul", columns[0], self.number(0.0)), self.number(1.0))
        terms = []
        for powers in module.powers.tolist():
            term = ones
            for column, power in zip(columns, powers, strict=True):
                for _ in range(power):
                    term = self.node("Mul", term, column)
            terms.append(term)
        return self.node("Concat", *terms, axis=1)

    def linear(self, value: str, layer: nn.Linear) -> str:
        constants = [self.constant(layer.weight)]
        if layer.bias is not None:
            constants.append(self.constant(layer.bias))
        return self.node("Gemm", value, *constants, transB=1)

    def activated(self, value: str) -> str:
        if self.activation == "silu":
            return self.node("Mul", value, self.node("Sigmoid", value))
        return self.node(_SINGLE_NODE[self.activation], value)

    def perceptron(self, network: Perceptron, x: str) -> str:
        return self.layers(self.linear(self.features(x, network.x), network.from_x), network)

    def ratio(self, network: RatioNetwork, features: str, theta: str) -> str:
        of_theta = self.linear(self.standardised(theta, network.theta.centre, network.theta.scale), network.from_theta)
        return self.layers(self.node("Add", self.linear(features, network.from_x), of_theta), network)

    def layers(self, value: str, network: Perceptron) -> str:
        value = self.activated(value)
        for layer in network.hidden:
            assert isinstance(layer, nn.Linear)  # noqa: S101
            following = self.activated(self.linear(value, layer))
            residual = network.residual and layer.in_features == layer.out_features
            value = self.node("Add", value, following) if residual else following
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
