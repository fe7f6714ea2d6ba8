"""SALLY: score approximates likelihood locally (arXiv 1805.00013, 1805.00020).

    L = < |t_xz - t_hat(x)|^2 >   for samples drawn at one reference point theta.

A squared error is least at the conditional mean, E[t_xz | x, theta] = t(x | theta) = grad_theta log p(x | theta).
Near the reference log r(x | theta + d, theta) = d . t(x) up to a term without x, so the score is the vector of most
powerful observables there, and its covariance is the Fisher information per event.

Each component is measured in units of the spread of its joint score, which changes no minimum and makes the
components comparable.
"""

from __future__ import annotations

import torch
from torch import Tensor


def sally(t: Tensor, t_xz: Tensor, scale: Tensor) -> Tensor:
    """Return the SALLY objective.

    Parameters
    ----------
    t, t_xz
        The estimated and the joint score, shape (N, P).
    scale
        The unit of each component, shape (P,).
    """
    return torch.mean(torch.sum(((t_xz - t) / scale) ** 2, dim=1))
