"""NDE: neural density estimation, maximum likelihood of a normalised density (arXiv 1605.02226; 1805.12244).

    L = -< log p_hat(x | theta) >   for theta drawn from the prior and x from p(x | theta).

Its expectation is E_theta[ H(p) + KL(p || p_hat) ], least where p_hat = p for every theta of the prior. It uses the
samples alone. Ratios are differences of log p_hat, normalised by construction.
"""

from __future__ import annotations

from torch import Tensor


def nde(log_p: Tensor, t: Tensor, t_xz: Tensor, alpha: float) -> Tensor:
    """Return the NDE objective for log p_hat (N,); the other arguments are not used."""
    return -log_p.mean()
