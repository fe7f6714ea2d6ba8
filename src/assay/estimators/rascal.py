"""RASCAL: ratio and score regression (arXiv 1805.00013, 1805.00020).

    L = L_ROLR + alpha < (1 - y) |t_xz - t_hat|^2 >,   t_hat = grad_theta0 log r_hat(x | theta0, theta1).

Both terms are least at the true ratio (`rolr`, `cascal`).
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, squared_ratio_error, squared_score_error


def rascal(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the RASCAL objective with the score term weighted by `alpha`."""
    score = squared_score_error(batch.t, batch.t_xz, len(batch.y))
    return squared_ratio_error(batch.log_r, batch.y, batch.r_xz) + alpha * score
