"""ALICE: approximate likelihood with improved cross-entropy estimator (arXiv 1808.00973).

    L = -< s_xz log s_hat + (1 - s_xz) log(1 - s_hat) >,   s_xz = 1 / (1 + r_xz).

It is the cross-entropy of CARL with the label replaced by its expectation given x and z: for equal numbers of samples
of theta0 and theta1, p(y=1 | x, z) = p(x,z|theta1) / [p(x,z|theta0) + p(x,z|theta1)] = s_xz. The expectation of L is
that of CARL, and so is its minimum, s_hat = 1/(1 + r), but the coin toss of the label has gone from the variance. The
target is bounded, 0 <= s_xz <= 1, which ROLR's is not.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, cross_entropy


def alice(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the ALICE objective; `alpha` is not used."""
    return cross_entropy(batch.log_r, 1.0 / (1.0 + batch.r_xz))
