"""SCANDAL: score-augmented neural density approximates likelihood (arXiv 1805.12244).

    L = L_NDE + alpha < |t_xz - t_hat|^2 >,   t_hat = grad_theta log p_hat(x | theta).

The second term is least at E[t_xz | x, theta] = t(x | theta), the gradient of the true log density, so both terms have
the same minimum; the joint score says how the density changes with theta, which samples at single theta say only
together.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import squared_score_error
from assay.estimators.nde import nde


def scandal(log_p: Tensor, t: Tensor, t_xz: Tensor, alpha: float) -> Tensor:
    """Return the SCANDAL objective for log p_hat (N,), estimated and joint scores (N, P) in the same units."""
    return nde(log_p, t, t_xz, alpha) + alpha * squared_score_error(t, t_xz, len(log_p))
