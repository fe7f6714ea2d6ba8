"""The density's ONNX form: the flows of zuko, from the data to the base distribution, in standard operators."""

from __future__ import annotations

import math
from functools import reduce
from typing import Any

from torch import nn

from assay.estimators.flows import PLACES, SLOPE, SPLINE_BOUND, DensityNetwork, offsets
from assay.estimators.onnx_nodes import Graph

_LAST = -1


def log_density(graph: Graph, network: DensityNetwork) -> str:
    """Return log p(x | theta), shape (n, 1), of the graph's inputs `x` and `theta`."""
    if not network.any_discrete:
        return _at(graph, network, "x", "theta")
    flat, places = graph.integers([-1, network.x.n_columns]), graph.integers([PLACES, -1])
    shifts = graph.constant((network.discrete * offsets(network.x.n_columns))[:, None, :])
    shifted = graph.node("Reshape", graph.node("Add", graph.node("Unsqueeze", "x", graph.integers([0])), shifts), flat)
    repeated = graph.node("Tile", "theta", graph.integers([PLACES, 1]))
    at_places = graph.node("Reshape", _at(graph, network, shifted, repeated), places)
    total = graph.node("ReduceLogSumExp", at_places, graph.integers([0]), keepdims=0)
    return graph.node("Unsqueeze", graph.node("Sub", total, graph.number(math.log(PLACES))), graph.integers([1]))


def _at(graph: Graph, network: DensityNetwork, x: str, theta: str) -> str:
    """Return log p (n, 1) of columns taken as continuous."""
    value = graph.features(x, network.x)
    total = graph.summed(graph.log_slopes(x, network.x))
    context = graph.standardised(theta, network.theta.centre, network.theta.scale)
    for transform in network.flow.transform.transforms:  # type: ignore[union-attr]
        inputs = graph.node("Concat", value, context, axis=1) if network.x.n_columns > 1 else context
        shape = graph.integers([-1, network.x.n_columns, transform.total])
        phi = graph.node("Reshape", _layers(graph, inputs, transform.hyper), shape)
        widths = [math.prod(own) for own in transform.shapes]
        parts = graph.split(phi, widths)
        if len(widths) == 3:
            value, log_slope = _spline(graph, value, parts, widths[0])
        else:
            value, log_slope = _affine(graph, value, parts)
        total = graph.node("Add", total, graph.summed(log_slope))
    squares = graph.node("ReduceSumSquare", value, graph.integers([1]), keepdims=1)
    half = graph.node("Mul", squares, graph.number(0.5))
    norm = graph.number(0.5 * network.x.n_columns * math.log(2.0 * math.pi))
    return graph.node("Sub", graph.node("Sub", total, half), norm)


def _layers(graph: Graph, value: str, layers: Any) -> str:
    """Return what a sequence of zuko's layers gives."""
    for layer in layers:
        if hasattr(layer, "weight"):
            mask = getattr(layer, "mask", None)
            weight = layer.weight if mask is None else mask * layer.weight
            value = graph.affine(value, weight, layer.bias)
        elif isinstance(layer, nn.Sequential):  # a residual block
            value = graph.node("Add", value, _layers(graph, value, layer))
        else:
            value = graph.activated(value)
    return value


def _bounded(graph: Graph, value: str, factor: float) -> str:
    """Return value / (1 + |factor value / log slope|), which keeps logarithms of slopes in bounds."""
    size = graph.node("Abs", graph.node("Mul", value, graph.number(factor / math.log(SLOPE))))
    return graph.node("Div", value, graph.node("Add", size, graph.number(1.0)))


def _affine(graph: Graph, value: str, phi: list[str]) -> tuple[str, str]:
    """Return the transformed value and the logarithm of its slope, (n, O) each, as MonotonicAffineTransform."""
    shift, scale = (graph.node("Squeeze", part, graph.integers([2])) for part in phi)
    log_slope = _bounded(graph, scale, 1.0)
    moved = graph.node("Add", graph.node("Mul", value, graph.node("Exp", log_slope)), shift)
    return moved, log_slope


def _spline(graph: Graph, value: str, phi: list[str], n_bins: int) -> tuple[str, str]:
    """Return the transformed value and the logarithm of its slope, as MonotonicRQSTransform."""
    zero = graph.node("Mul", graph.node("Slice", phi[0], *(graph.integers([k]) for k in (0, 1, 2))), graph.number(0.0))
    knots_x, knots_y = (_knots(graph, part, zero) for part in phi[:2])
    slopes = graph.node("Exp", graph.node("Concat", zero, _bounded(graph, phi[2], 1.0), zero, axis=2))
    at = graph.node("Unsqueeze", value, graph.integers([2]))
    before = graph.node("Cast", graph.node("Less", knots_x, at), to=graph.INTEGER)
    index = graph.node("Sub", graph.node("ReduceSum", before, graph.integers([2]), keepdims=1), graph.integers([1]))
    own = graph.node("Max", graph.node("Min", index, graph.integers([n_bins - 1])), graph.integers([0]))
    inside = graph.node("Equal", own, index)
    following = graph.node("Add", own, graph.integers([1]))
    ends = [
        graph.node("GatherElements", of, which, axis=2)
        for of in (knots_x, knots_y, slopes)
        for which in (own, following)
    ]
    moved, log_slope = _rational_quadratic(graph, at, inside, ends)
    result = graph.node("Where", inside, moved, at)
    log_slope = graph.node("Where", inside, log_slope, graph.number(0.0))
    axis = graph.integers([2])
    return graph.node("Squeeze", result, axis), graph.node("Squeeze", log_slope, axis)


def _rational_quadratic(graph: Graph, at: str, inside: str, ends: list[str]) -> tuple[str, str]:
    """Return value and logarithm of the slope within a bin (1906.04032, equations 4 and 5) from what is at its ends."""
    x0, x1, y0, y1, d0, d1 = ends

    def add(*terms: str) -> str:
        return reduce(lambda one, other: graph.node("Add", one, other), terms)

    def times(*factors: str) -> str:
        return reduce(lambda one, other: graph.node("Mul", one, other), factors)

    width, height = graph.node("Sub", x1, x0), graph.node("Sub", y1, y0)
    s = graph.node("Div", height, width)
    z = graph.node("Where", inside, graph.node("Div", graph.node("Sub", at, x0), width), graph.number(0.0))
    rest = graph.node("Sub", graph.number(1.0), z)
    bend = graph.node("Sub", add(d0, d1), add(s, s))
    divisor = add(s, times(bend, z, rest))
    rise = graph.node("Div", times(height, add(times(s, z, z), times(d0, z, rest))), divisor)
    slope = times(s, s, add(times(add(s, s), z, rest), times(d0, rest, rest), times(d1, z, z)))
    slope = graph.node("Div", slope, times(divisor, divisor))
    return add(y0, rise), graph.node("Log", slope)


def _knots(graph: Graph, raw: str, zero: str) -> str:
    """Return the places of the knots (n, O, K + 1)."""
    widths = graph.node("Concat", zero, graph.node("Softmax", _bounded(graph, raw, 2.0), axis=_LAST), axis=2)
    cumulated = graph.node("CumSum", widths, graph.integer(2))
    span = graph.node("Mul", cumulated, graph.number(2.0 * SPLINE_BOUND))
    return graph.node("Sub", span, graph.number(SPLINE_BOUND))
