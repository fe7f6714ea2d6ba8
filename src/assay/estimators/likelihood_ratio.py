"""Terms that the objectives of the ratio methods share.

With y = 0 for samples drawn from theta0 and 1 for those from theta1 in equal numbers, the optimal classifier is
s(x) = p(y=1 | x) = 1 / (1 + r(x)). Everything is written in log r, which a network returns without bound:
log s = -softplus(log r) and log(1 - s) = log r - softplus(log r), exact for ratios of any size, so nothing is clipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True)
class RatioBatch:
    """Samples and the network's answer to them, those with y = 0 first.

    Parameters
    ----------
    log_r
        The estimate of log r(x | theta0, theta1), shape (N,).
    y
        0 where x was drawn from theta0, 1 where from theta1, shape (N,).
    r_xz
        The joint ratio, shape (N,).
    t
        The gradient of `log_r` with respect to theta0, for the samples with y = 0 alone, shape (N0, P); empty (N0, 0)
        for methods without a score term.
    t_xz
        The joint score at theta0 of the same samples, shape (N0, P), in the same units as `t`.
    """

    log_r: Tensor
    y: Tensor
    r_xz: Tensor
    t: Tensor
    t_xz: Tensor


def cross_entropy(log_r: Tensor, s: Tensor) -> Tensor:
    """Return the mean of -[s log s_hat + (1 - s) log(1 - s_hat)], s_hat = 1 / (1 + r_hat), for targets s (N,)."""
    return torch.mean(functional.softplus(log_r) - (1.0 - s) * log_r)


def squared_ratio_error(log_r: Tensor, y: Tensor, r_xz: Tensor) -> Tensor:
    """Return the mean of (1 - y) (1/r_xz - 1/r_hat)^2 + y (r_xz - r_hat)^2."""
    sign = 2.0 * y - 1.0
    return torch.mean((torch.exp(sign * torch.log(r_xz)) - torch.exp(sign * log_r)) ** 2)


def squared_score_error(t: Tensor, t_xz: Tensor, n: int) -> Tensor:
    """Return the mean over all `n` samples of (1 - y) |t_xz - t_hat|^2, given the samples with y = 0 (N0, P)."""
    return torch.sum((t_xz - t) ** 2) / n
