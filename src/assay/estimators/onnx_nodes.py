"""Nodes and constants of ONNX graphs, and the layers of our networks as such."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from assay.estimators.monomial_features import Monomials
from assay.estimators.networks import Features, Perceptron, RatioNetwork
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


class Graph:
    """Nodes and constants in the order of their making; every method returns the name of its result."""

    INTEGER, SINGLE, DOUBLE = TensorProto.INT64, TensorProto.FLOAT, TensorProto.DOUBLE

    def __init__(self, activation: ActivationName) -> None:
        self.activation = activation
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def _keep(self, value: Any) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def constant(self, value: Tensor) -> str:
        """Keep a tensor."""
        return self._keep(value.detach().cpu().numpy())

    def array(self, value: NDArray[np.float64]) -> str:
        """Keep an array in double precision."""
        return self._keep(np.asarray(value, dtype=np.float64))

    def number(self, value: float) -> str:
        """Keep a number in single precision."""
        return self._keep(np.array(value, dtype=np.float32))

    def integers(self, values: Any) -> str:
        """Keep whole numbers, as axes and shapes are."""
        return self._keep(np.array(list(values), dtype=np.int64))

    def integer(self, value: int) -> str:
        """Keep one whole number."""
        return self._keep(np.array(value, dtype=np.int64))

    def split(self, value: str, widths: list[int]) -> list[str]:
        """Return parts of the last of three axes."""
        edges = np.cumsum([0, *widths])
        return [
            self.node("Slice", value, *(self.integers([k]) for k in (start, stop, 2)))
            for start, stop in pairwise(edges.tolist())
        ]

    def node(self, operator: str, *inputs: str, result: str | None = None, **attributes: Any) -> str:
        """Add an operator."""
        name = result or f"value_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def columns(self, value: str, chosen: Any) -> str:
        """Return the chosen columns."""
        return self.node("Gather", value, self.integers(chosen), axis=1)

    def summed(self, value: str) -> str:
        """Return the sum of each row (n, 1)."""
        return self.node("ReduceSum", value, self.integers([1]), keepdims=1)

    def standardised(self, value: str, centre: Tensor, scale: Tensor) -> str:
        """Return (value - centre) / scale."""
        return self.node("Div", self.node("Sub", value, self.constant(centre)), self.constant(scale))

    def features(self, value: str, x: Features) -> str:
        """Return the features of observables, as `preprocessing` makes them."""
        if not isinstance(x, Preprocessing):
            return self.standardised(value, x.centre, x.scale)
        parts: list[str] = []
        extra: list[str] = []
        for kind, span in x.spans.items():
            if span.stop == span.start:
                continue
            own = self.columns(value, x.order[span].tolist())
            anchor = x.anchor[x.order][span]
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

    def log_slopes(self, value: str, x: Features) -> str:
        """Return the logarithms (n, O) of the features' slopes, of kinds that have an inverse."""
        scale = x.standard.scale if isinstance(x, Preprocessing) else x.scale
        slopes = self.node("Mul", value, self.number(0.0))
        if isinstance(x, Preprocessing) and len(chosen := x.order[x.spans["signed_log"]]):
            size = self.node("Abs", self.columns(value, chosen.tolist()))
            stretched = self.node("Log", self.node("Add", size, self.constant(x.anchor[chosen])))
            slopes = self.node("Sub", slopes, self._widened(stretched, chosen, x.n_columns))
        return self.node("Sub", slopes, self.constant(torch.log(scale)))

    def _widened(self, value: str, chosen: Tensor, n: int) -> str:
        """Return columns put in their places among n, the others zero."""
        places = torch.zeros(len(chosen), n)
        places[torch.arange(len(chosen)), chosen] = 1.0
        return self.node("MatMul", value, self.constant(places))

    def monomials(self, value: str, module: Monomials) -> str:
        """Return products of powers of columns."""
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
        """Return what a layer gives."""
        return self.affine(value, layer.weight, layer.bias)

    def affine(self, value: str, weight: Tensor, bias: Tensor | None) -> str:
        """Return value weight^T + bias."""
        constants = [self.constant(part) for part in (weight, bias) if part is not None]
        return self.node("Gemm", value, *constants, transB=1)

    def activated(self, value: str) -> str:
        """Return the activation of the network."""
        if self.activation == "silu":
            return self.node("Mul", value, self.node("Sigmoid", value))
        return self.node(_SINGLE_NODE[self.activation], value)

    def perceptron(self, network: Perceptron, x: str) -> str:
        """Return the output layer of a network of observables."""
        return self.layers(self.linear(self.features(x, network.x), network.from_x), network)

    def ratio(self, network: RatioNetwork, features: str, theta: str) -> str:
        """Return the output layer of a network of features and parameters."""
        of_theta = self.linear(self.standardised(theta, network.theta.centre, network.theta.scale), network.from_theta)
        return self.layers(self.node("Add", self.linear(features, network.from_x), of_theta), network)

    def layers(self, value: str, network: Perceptron) -> str:
        """Return the output layer from the first one, before its activation."""
        value = self.activated(value)
        for layer in network.hidden:
            assert isinstance(layer, nn.Linear)  # noqa: S101
            following = self.activated(self.linear(value, layer))
            residual = network.residual and layer.in_features == layer.out_features
            value = self.node("Add", value, following) if residual else following
        return self.linear(value, network.output)

    def model(self, inputs: dict[str, int], output: str, shape: list[str | int]) -> Any:
        """Return the checked model."""
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
