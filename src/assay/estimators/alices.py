"""ALICES: ALICE and the score (arXiv 1808.00973).

    L = L_ALICE + alpha < (1 - y) |t_xz - t_hat|^2 >,   t_hat = grad_theta0 log r_hat(x | theta0, theta1).

Both terms are least at the true ratio: ALICE's by the argument given there, the score's because E[t_xz | x, theta0] =
int dz p(z | x, theta0) grad log p(x, z | theta0) = grad p(x | theta0) / p(x | theta0) = t(x | theta0) and grad log
p(x | theta1) has no theta0 in it. A joint score that is not of the events' own latent variables breaks this silently:
the two terms then disagree, and alpha decides the answer (the calibration slope of `checks` finds it).
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, cross_entropy, squared_score_error


def alices(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the ALICES objective with the score term weighted by `alpha`."""
    score = squared_score_error(batch.t, batch.t_xz, len(batch.y))
    return cross_entropy(batch.log_r, 1.0 / (1.0 + batch.r_xz)) + alpha * score
