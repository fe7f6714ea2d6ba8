"""CARL: calibrated approximate ratios of likelihoods (arXiv 1506.02169).

A classifier s_hat(x) between samples of theta0 (y = 0) and of theta1 (y = 1) minimises the binary cross-entropy

    L = -< y log s_hat + (1 - y) log(1 - s_hat) >.

With equal numbers of both, its expectation is 1/2 int dx [-p1 log s_hat - p0 log(1 - s_hat)], whose functional
derivative vanishes where p1 / s_hat = p0 / (1 - s_hat): s_hat = p1 / (p0 + p1) = 1 / (1 + r).
It uses the labels alone, so its target carries the noise of a coin per sample: the baseline, not the choice.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.likelihood_ratio import RatioBatch, cross_entropy


def carl(batch: RatioBatch, alpha: float) -> Tensor:
    """Return the CARL objective; `alpha` is not used."""
    return cross_entropy(batch.log_r, batch.y)
