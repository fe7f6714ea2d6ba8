"""The ONNX form of a network.

The graph is written node by node in place of `torch.onnx.export`: a perceptron is a dozen standard operators, the
writing takes milliseconds where tracing takes seconds, the opset stays the same whatever torch is installed, and the
result is one file.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from assay.errors import ModelError
from assay.estimators.calibration import Calibration
from assay.estimators.description import ModelDescription
from assay.estimators.doubly_network import DoublyParameterisedNetwork
from assay.estimators.flows import DensityNetwork
from assay.estimators.monomial_features import Monomials
from assay.estimators.morphing_networks import CoefficientNetwork, MorphingAwareNetwork, QuadraticNetwork
from assay.estimators.networks import RatioNetwork, ScoreNetwork
from assay.estimators.onnx_flows import log_density
from assay.estimators.onnx_nodes import Graph
from assay.estimators.pointwise_network import PointwiseNetwork
from assay.estimators.pointwise_ratio import PointwiseRatio


def onnx_graph(network: nn.Module, description: ModelDescription) -> Any:
    """Return the ONNX model of a network, in the callers' units.

    Inputs are `x` (n, O) and, but for scores, `theta` (n, P) (`theta0` and `theta1` where both are free); the output is
    `score` (n, P), `log_likelihood` (n, 1) of densities, or `log_ratio` (n, 1).

    Raises
    ------
    ModelError
        If the network is of no known kind.
    """
    graph = Graph(description.network.activation)
    n_x, n_theta = len(description.observables), len(description.parameters)
    if isinstance(network, RatioNetwork):
        _finish(graph, graph.ratio(network, graph.features("x", network.x), "theta"), description.calibration)
        return graph.model({"x": n_x, "theta": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, DoublyParameterisedNetwork):
        _finish(graph, _doubly(graph, network), description.calibration)
        return graph.model({"x": n_x, "theta0": n_theta, "theta1": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, CoefficientNetwork):
        _finish(graph, _coefficients(graph, network), description.calibration)
        return graph.model({"x": n_x, "theta": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, PointwiseNetwork):
        _finish(graph, _pointwise(graph, PointwiseRatio(network, description)), description.calibration)
        return graph.model({"x": n_x, "theta": n_theta}, "log_ratio", ["n", 1])
    if isinstance(network, ScoreNetwork):
        scaled = graph.node("Mul", graph.perceptron(network, "x"), graph.constant(network.score.scale))
        graph.node("Add", scaled, graph.constant(network.score.centre), result="score")
        return graph.model({"x": n_x}, "score", ["n", n_theta])
    if isinstance(network, DensityNetwork):
        graph.node("Identity", log_density(graph, network), result="log_likelihood")
        return graph.model({"x": n_x, "theta": n_theta}, "log_likelihood", ["n", 1])
    raise ModelError(f"a network of the kind {type(network).__name__} has no ONNX form")


def _finish(graph: Graph, value: str, calibration: Calibration | None) -> None:
    if calibration is not None:
        value = _calibrated(graph, value, calibration)
    graph.node("Identity", value, result="log_ratio")


def _calibrated(graph: Graph, value: str, calibration: Calibration) -> str:
    zero, one = graph.number(0.0), graph.number(1.0)
    below = graph.node("Min", graph.node("Sub", value, graph.number(calibration.knots[0])), zero)
    above = graph.node("Max", graph.node("Sub", value, graph.number(calibration.knots[-1])), zero)
    result = graph.node("Add", graph.node("Add", below, above), graph.number(calibration.values[0]))
    starts, widths, rises = (torch.from_numpy(part.astype(np.float32)) for part in calibration.steps())
    if len(starts):
        beyond = graph.node("Sub", graph.node("Unsqueeze", value, graph.integers([-1])), graph.constant(starts))
        shares = graph.node("Min", graph.node("Max", graph.node("Div", beyond, graph.constant(widths)), zero), one)
        result = graph.node("Add", result, graph.node("MatMul", shares, graph.constant(rises)))
    return result


def _doubly(graph: Graph, network: DoublyParameterisedNetwork) -> str:
    features = graph.features("x", network.x)
    forward = graph.node("Concat", "theta0", "theta1", axis=1)
    backward = graph.node("Concat", "theta1", "theta0", axis=1)
    parts = [graph.ratio(network.pairs, features, theta) for theta in (forward, backward)]
    return graph.node("Sub", *parts)


def _pointwise(graph: Graph, ratio: PointwiseRatio) -> str:
    at_points = _at_points(graph, ratio.network)
    weights = graph.columns(_interpolation(graph, ratio), range(len(ratio.learnt)))
    weights = graph.node("Mul", weights, graph.constant(torch.from_numpy(ratio.learnt.astype(np.float32))))
    return graph.summed(graph.node("Mul", at_points, weights))


def _interpolation(graph: Graph, ratio: PointwiseRatio) -> str:
    """Return the weights of all nodes, computed in double precision."""
    low, high = ratio.ranges.T
    theta = graph.node("Cast", "theta", to=graph.DOUBLE)
    scaled = graph.node("Div", graph.node("Sub", theta, graph.array(low)), graph.array(high - low))
    away = graph.node(
        "Sub", graph.node("Unsqueeze", scaled, graph.integers([1])), graph.array(ratio.interpolation.nodes)
    )
    squared = graph.node("ReduceSumSquare", away, graph.integers([2]), keepdims=0)
    logarithm = graph.node("Log", graph.node("Max", squared, graph.array(np.array(1e-300))))
    radial = graph.node("Mul", graph.node("Mul", squared, logarithm), graph.array(np.array(0.5)))
    coefficients = ratio.interpolation.coefficients
    n = len(ratio.interpolation.nodes)
    result = graph.node("MatMul", radial, graph.array(coefficients[:n]))
    linear = graph.node("MatMul", scaled, graph.array(coefficients[n + 1 :]))
    result = graph.node("Add", graph.node("Add", result, linear), graph.array(coefficients[n]))
    return graph.node("Cast", result, to=graph.SINGLE)


def _at_points(graph: Graph, network: PointwiseNetwork) -> str:
    """Return log r (n, K)."""
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


def _coefficients(graph: Graph, network: CoefficientNetwork) -> str:
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


def _squares(graph: Graph, network: QuadraticNetwork, coefficients: str, monomials: str) -> str:
    n = network.n_monomials
    spread = graph.node("MatMul", coefficients, graph.constant(network.spread))
    factors = graph.node("Add", spread, graph.constant(network.constant))
    matrix = graph.node("Reshape", factors, graph.integers([-1, n, n]))
    at_reference = graph.columns(graph.node("Reshape", factors, graph.integers([-1, n * n])), range(0, n * n, n))
    below = graph.node("ReduceSumSquare", at_reference, graph.integers([1]), keepdims=1)
    parts = graph.node("MatMul", matrix, graph.node("Unsqueeze", monomials, graph.integers([2])))
    squares = graph.node("ReduceSumSquare", parts, graph.integers([1]), keepdims=0)
    return graph.node("Log", graph.node("Div", squares, below))


def _bent(graph: Graph, terms: str) -> str:
    smallest = graph.number(0.01)
    value = graph.node("Add", terms, graph.number(1.0))
    below = graph.node("Div", graph.node("Min", value, smallest), smallest)
    logarithm = graph.node("Log", graph.node("Max", value, smallest))
    return graph.node("Add", logarithm, graph.node("Sub", below, graph.number(1.0)))


def _monomials(module: nn.Module) -> Monomials:
    assert isinstance(module, Monomials)  # noqa: S101 - typed as a module for torch
    return module
