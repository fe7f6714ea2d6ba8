"""ROLR: regression on the likelihood ratio (arXiv 1805.00013, 1805.00020).

    L = < (1 - y) (1/r_xz - 1/r_hat)^2 + y (r_xz - r_hat)^2 >.

For z drawn with x, E[r_xz | x, theta1] = int dz p(x,z|theta1)/p(x|theta1) p(x,z|theta0)/p(x,z|theta1) = r(x), and
E[1/r_xz | x, theta0] = 1/r(x) likewise; a squared error is least at the conditional mean, so r_hat = r minimises both.
Regressing the ratio where it was drawn from the denominator keeps each target's mean finite; its variance need not be,
so a few extreme joint ratios can dominate: ALICE has the same information without them.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, squared_ratio_error


def rolr(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the ROLR objective; `alpha` is not used."""
    return squared_ratio_error(batch.log_r, batch.y, batch.r_xz)
