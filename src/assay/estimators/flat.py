"""All parameters of a network in one row of numbers, so that a step of the optimiser is one operation, not one each."""

from __future__ import annotations

import torch
from torch import nn


def flattened(network: nn.Module) -> nn.Parameter:
    """Return a parameter of which all parameters of the network, and their gradients, become views.

    Raises
    ------
    TypeError
        If the parameters are not of one kind on one device.
    """
    parameters = list(network.parameters())
    if len({(one.dtype, one.device) for one in parameters}) != 1:
        raise TypeError("the parameters of a network to be trained are of several kinds or on several devices")
    flat = nn.Parameter(torch.cat([one.detach().reshape(-1) for one in parameters]))
    flat.grad = torch.zeros_like(flat)
    start = 0
    for one in parameters:
        span = slice(start, start + one.numel())
        one.data = flat.data[span].view_as(one)
        one.grad = flat.grad[span].view_as(one)
        start = span.stop
    return flat
