"""CASCAL: CARL and the score (arXiv 1805.00020).

    L = L_CARL + alpha < (1 - y) |t_xz - t_hat|^2 >,   t_hat = grad_theta0 log r_hat(x | theta0, theta1).

Both terms have the same minimum, since E[t_xz | x, theta0] = t(x | theta0): the second one tells how the ratio changes
with theta0 at every sample of theta0, at the price of differentiating the network.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, cross_entropy, squared_score_error


def cascal(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the CASCAL objective with the score term weighted by `alpha`."""
    score = squared_score_error(batch.t, batch.t_xz, len(batch.y))
    return cross_entropy(batch.log_r, batch.y) + alpha * score
