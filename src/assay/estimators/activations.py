"""Activations with their first and second derivatives, for what trains the slope of a network (`slopes`).

The derivatives are written in what is at hand already, so that each costs a pass or two over the layer:
for silu, f = a s with s = 1 / (1 + exp(-a)), they are f' = s + f - s f and f'' = s + f' - 2 s f'.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from assay.estimators.settings import ActivationName

_LEAK = 0.01  # of torch's leaky_relu


@dataclass(frozen=True)
class Activation:
    """A non-linearity f.

    Parameters
    ----------
    value
        From a to f.
    along
        From a to f, f' and whatever `bend` needs besides.
    bend
        From f, f' and the third of `along` to f''.
    """

    value: Callable[[Tensor], Tensor]
    along: Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
    bend: Callable[[Tensor, Tensor, Tensor], Tensor]


def _silu(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    s = torch.sigmoid(a)
    f = a * s
    return f, torch.addcmul(s + f, s, f, value=-1.0), s


def _sigmoid(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    f = torch.sigmoid(a)
    return f, torch.addcmul(f, f, f, value=-1.0), a


def _softplus(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    return functional.softplus(a), torch.sigmoid(a), a


def _tanh(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    f = torch.tanh(a)
    return f, 1.0 - f * f, a


def _gelu(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    below = 0.5 * (1.0 + torch.erf(a * math.sqrt(0.5)))
    density = torch.exp(-0.5 * a * a) / math.sqrt(2.0 * math.pi)
    return a * below, torch.addcmul(below, a, density), density * (2.0 - a * a)


def _elu(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    f = functional.elu(a)
    return f, 1.0 + torch.clamp(f, max=0.0), a


def _leaky(leak: float) -> Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]:
    def along(a: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        slope = (a > 0).to(a.dtype) * (1.0 - leak) + leak
        return a * slope, slope, a

    return along


def _straight(f: Tensor, slope: Tensor, a: Tensor) -> Tensor:
    return torch.zeros_like(f)


CURVES: dict[ActivationName, Activation] = {
    "elu": Activation(functional.elu, _elu, lambda f, slope, a: torch.where(a < 0, slope, 0.0)),
    "gelu": Activation(functional.gelu, _gelu, lambda f, slope, bend: bend),
    "leaky_relu": Activation(functional.leaky_relu, _leaky(_LEAK), _straight),
    "relu": Activation(functional.relu, _leaky(0.0), _straight),
    "sigmoid": Activation(torch.sigmoid, _sigmoid, lambda f, slope, a: slope * (1.0 - 2.0 * f)),
    "silu": Activation(functional.silu, _silu, lambda f, slope, s: torch.addcmul(s + slope, s, slope, value=-2.0)),
    "softplus": Activation(functional.softplus, _softplus, lambda f, s, a: s - s * s),
    "tanh": Activation(torch.tanh, _tanh, lambda f, slope, a: -2.0 * f * slope),
}
