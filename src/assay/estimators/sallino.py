"""SALLINO: score approximates likelihood locally in one dimension (arXiv 1805.00020).

The network and its objective are those of SALLY,

    L = < |t_xz - t_hat(x)|^2 >   for samples drawn at one reference point theta_ref.

What differs is the statistic: h_hat(x|theta) = t_hat(x) . (theta - theta_ref), one number for every hypothesis, which
to first order is the log ratio of theta to theta_ref. The density of this number at theta is that of a histogram with
one axis, whatever the number of parameters: coarser than SALLY's, and free of its curse of dimension.
"""

from __future__ import annotations

from torch import Tensor

from assay.estimators.sally import sally


def sallino(t: Tensor, t_xz: Tensor, scale: Tensor) -> Tensor:
    """Return the SALLINO objective: parameters as those of `assay.estimators.sally.sally`."""
    return sally(t, t_xz, scale)
