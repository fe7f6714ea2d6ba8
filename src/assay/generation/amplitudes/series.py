"""Couplings as series in the operators' coefficients: the SM's value, then one derivative per TeV^-2 and operator.

Products keep one power of a coefficient: an amplitude holds one insertion of an operator (MadGraph's NP=2 or NP=1), and
its square the quadratic terms.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from assay.generation.kinematics import FloatArray
from assay.generation.model import PER_TEV2_IN_PER_GEV2


def series(operators: Sequence[str], sm: float = 0.0, per_gev2: Mapping[str, float] | None = None) -> FloatArray:
    """Return (1 + K,) of the SM's value and derivatives with respect to coefficients in GeV^-2, by operator."""
    derivatives = per_gev2 or {}
    unknown = set(derivatives) - set(operators)
    if unknown:
        raise KeyError(f"operators {sorted(unknown)} are not among {', '.join(operators)}")
    return np.array([sm, *(PER_TEV2_IN_PER_GEV2 * derivatives.get(name, 0.0) for name in operators)])


def product(first: FloatArray, second: FloatArray) -> FloatArray:
    """Return the product (..., 1 + K) of series (..., 1 + K), to first order in every coefficient."""
    linear = first[..., :1] * second[..., 1:] + first[..., 1:] * second[..., :1]
    return np.concatenate([first[..., :1] * second[..., :1], linear], axis=-1)


def relevant(operators: Sequence[str], couplings: Iterable[FloatArray]) -> tuple[int, ...]:
    """Return the positions among `operators` of those that change any of the couplings (..., 1 + K)."""
    changed = np.zeros(len(operators), dtype=bool)
    for coupling in couplings:
        changed |= np.any(coupling[..., 1:].reshape(-1, len(operators)) != 0.0, axis=0)
    return tuple(int(position) for position in np.flatnonzero(changed))


def kept(coupling: FloatArray, positions: Sequence[int]) -> FloatArray:
    """Return the series of the SM and the operators at `positions` alone."""
    return coupling[..., [0, *(1 + position for position in positions)]]
