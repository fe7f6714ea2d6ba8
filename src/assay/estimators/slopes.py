r"""A fully connected network's value and its slope in theta, and the gradient of a loss of both, by hand.

Methods with the joint score train grad_theta log r of the network. Differentiating twice automatically is right, and
costs a graph of some hundred operations per step, most of them shorter than their own administration. By hand, with
layers a_l = W_l v_{l-1} + b_l, v_l = f(a_l) (+ v_{l-1} in a residual block), log r = w v_k + b, the slope is one pass
down,

    p_k = w,   g_l = p_l f'(a_l),   p_{l-1} = g_l W_l (+ p_l),   t = g_0 W_theta,

and the gradient of a loss of log r and t is, with bars for derivatives of the loss, one pass up the slope's chain,

    bar g_0 = bar t W_theta^T,   bar p_l = bar g_l f'(a_l) (+ bar p_{l-1}),   bar f'(a_l) = bar g_l p_l,
    bar g_{l+1} = bar p_l W_{l+1}^T,   bar W_{l+1} = g_{l+1}^T bar p_l,

and the usual one down the value's, in which bar a_l has bar f'(a_l) f''(a_l) besides.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from assay.estimators.activations import Activation


@dataclass(frozen=True)
class Weights:
    """The parameters of a network: a first layer of two matrices, further hidden ones, and a last one of one row.

    Parameters
    ----------
    x, bias, theta
        W_x (H, F), b (H,) and W_theta (H, P).
    hidden
        Weight and bias of every further layer.
    skips
        Whether such a layer adds to the one before.
    out, out_bias
        w (1, H) and b (1,).
    activation
        f.
    """

    x: Tensor
    bias: Tensor
    theta: Tensor
    hidden: tuple[tuple[Tensor, Tensor], ...]
    skips: tuple[bool, ...]
    out: Tensor
    out_bias: Tensor
    activation: Activation


@dataclass
class _Layer:
    """A hidden layer: what comes out of it; f, f' and what f'' needs; in the slope's chain p and g."""

    value: Tensor
    curve: tuple[Tensor, Tensor, Tensor]
    p: Tensor
    g: Tensor


@dataclass(frozen=True)
class Tape:
    """What the gradient needs of an evaluation of n rows, of whose first m the slope was asked for."""

    x: Tensor
    theta: Tensor
    chain: tuple[_Layer, ...]
    n_slopes: int


def evaluated(weights: Weights, x: Tensor, theta: Tensor, n_slopes: int) -> tuple[Tensor, Tensor, Tape]:
    """Return log r (n,), the slope (m, P) in the features of theta of the first m rows, and the tape.

    Parameters
    ----------
    weights
        The network.
    x, theta
        Features (n, F) and (n, P).
    n_slopes
        m; with none, the slope is empty.
    """
    curve = weights.activation.along(torch.addmm(weights.bias, x, weights.x.T).addmm_(theta, weights.theta.T))
    none = theta[:0]
    chain = [_Layer(curve[0], curve, none, none)]
    for (weight, bias), skip in zip(weights.hidden, weights.skips, strict=True):
        before = chain[-1].value
        curve = weights.activation.along(torch.addmm(bias, before, weight.T))
        chain.append(_Layer(curve[0] + before if skip else curve[0], curve, none, none))
    log_r = torch.addmv(weights.out_bias, chain[-1].value, weights.out[0])
    slope = _slope(weights, chain, n_slopes) if n_slopes else none
    return log_r, slope, Tape(x, theta, tuple(chain), n_slopes)


def add_gradient(weights: Weights, tape: Tape, bar_r: Tensor, bar_t: Tensor) -> None:
    """Add the gradient of a loss to the weights' `grad`.

    Parameters
    ----------
    weights, tape
        The network, and what its evaluation left.
    bar_r, bar_t
        The loss's derivatives in log r (n,) and in the slope (m, P).
    """
    bends = _add_gradient_of_slope(weights, tape, bar_t) if tape.n_slopes else []
    _grad(weights.out).addmm_(bar_r[None], tape.chain[-1].value)
    _grad(weights.out_bias).add_(bar_r.sum())
    bar_v = bar_r[:, None] * weights.out
    for number in range(len(tape.chain) - 1, -1, -1):
        bar_a = bar_v * tape.chain[number].curve[1]
        if bends:
            bar_a[: tape.n_slopes] += bends[number]
        if number:
            weight, bias = weights.hidden[number - 1]
            _grad(weight).addmm_(bar_a.T, tape.chain[number - 1].value)
            _grad(bias).add_(bar_a.sum(dim=0))
            passed = bar_a @ weight
            bar_v = passed.add_(bar_v) if weights.skips[number - 1] else passed
    _grad(weights.x).addmm_(bar_a.T, tape.x)
    _grad(weights.theta).addmm_(bar_a.T, tape.theta)
    _grad(weights.bias).add_(bar_a.sum(dim=0))


def _slope(weights: Weights, chain: list[_Layer], n: int) -> Tensor:
    """Go down the slope's chain, noting p and g."""
    p = weights.out.expand(n, -1)
    for number in range(len(chain) - 1, -1, -1):
        layer = chain[number]
        layer.p, layer.g = p, p * layer.curve[1][:n]
        if number:
            passed = layer.g @ weights.hidden[number - 1][0]
            p = passed.add_(p) if weights.skips[number - 1] else passed
    return chain[0].g @ weights.theta


def _add_gradient_of_slope(weights: Weights, tape: Tape, bar_t: Tensor) -> list[Tensor]:
    """Go up the slope's chain; return what it adds to every bar a."""
    n, chain = tape.n_slopes, tape.chain
    _grad(weights.theta).addmm_(chain[0].g.T, bar_t)
    bar_g, bar_p = bar_t @ weights.theta.T, bar_t
    bends = []
    for number, layer in enumerate(chain):
        f, slope, kept = layer.curve[0][:n], layer.curve[1][:n], layer.curve[2][:n]
        bends.append(weights.activation.bend(f, slope, kept).mul_(layer.p).mul_(bar_g))
        skip = number > 0 and weights.skips[number - 1]
        bar_p = torch.addcmul(bar_p, bar_g, slope) if skip else bar_g * slope
        if number < len(weights.hidden):
            weight = weights.hidden[number][0]
            _grad(weight).addmm_(chain[number + 1].g.T, bar_p)
            bar_g = bar_p @ weight.T
    _grad(weights.out).add_(bar_p.sum(dim=0))
    return bends


def _grad(weight: Tensor) -> Tensor:
    if weight.grad is None and isinstance(weight, nn.Parameter):
        weight.grad = torch.zeros_like(weight)
    assert weight.grad is not None  # noqa: S101 - parameters have one now
    return weight.grad
