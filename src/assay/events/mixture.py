r"""Deterministic-mixture weights: all sub-samples as one sample.

Events were drawn at several benchmarks t, N_t of them at cross section sigma_t, so that each stands for c_t =
sigma_t / N_t. Every event carries its weights W_b at all benchmarks. Pooled, the events follow the mixture of the
densities :math:`\sum_t d\sigma_t / c_t`, and

.. math:: w_b(x) = \frac{W_b}{\sum_t W_t / c_t}

adds up to the cross section at b, whichever benchmark an event was drawn at (balance heuristic; Veach and Guibas,
SIGGRAPH 1995; deterministic mixture: Owen and Zhou, JASA 95 (2000) 135). No event's weight exceeds that from any
sub-sample alone, so no hypothesis needs a "closest" benchmark. The weights do not depend on how the runs were
normalised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.errors import EventFileError


def mixture_weights(
    weights: NDArray[np.float64],
    drawn_at: NDArray[np.int64],
    constants: NDArray[np.float64],
    unweighted: NDArray[np.bool_],
) -> NDArray[np.float64]:
    r"""Return deterministic-mixture weights in pb, shape `(n_events, n_benchmarks)`.

    Parameters
    ----------
    weights
        W_ib in pb, shape `(n_events, n_benchmarks)`.
    drawn_at
        The benchmark at which each event was drawn, -1 for background (whose weights are returned as they are),
        shape `(n_events,)`.
    constants
        c_t = sigma_t / N_t in pb, infinite where nothing was generated, shape `(n_benchmarks,)`; or those of every
        event's region of phase space, in which alone it could have been drawn, `(n_events, n_benchmarks)`.
    unweighted
        Whether the event counts as one event whatever its weight, shape `(n_events,)`: the formula of the module.
        Any other event counts as :math:`|W_t| / c_t` events at its own benchmark t (weights above the maximum of an
        unweighting, negative weights of a calculation at next-to-leading order): its weights are W_b times the share
        :math:`(|W_t|/c_t) / \sum_s |W_s|/c_s` of its own sub-sample. As the shares of all sub-samples add up to one
        at every point of phase space, the sums stay unbiased. Both agree if W_t = c_t.

    Raises
    ------
    EventFileError
        If a signal event has weight zero at its own benchmark.
    """
    signal = np.flatnonzero(drawn_at >= 0)
    pooled = weights.copy()
    density = np.abs(weights[signal]) / (constants if constants.ndim == 1 else constants[signal])
    own = density[np.arange(len(signal)), drawn_at[signal]]
    if np.any(own == 0.0):
        raise EventFileError(
            "the event has weight zero at the benchmark at which it was drawn",
            where=f"event {signal[np.argmin(own)]}",
            expected="a weight other than zero: it could not have been drawn otherwise",
        )
    counts = np.where(unweighted[signal], 1.0, own)
    pooled[signal] = weights[signal] * (counts / density.sum(axis=1))[:, None]
    return pooled
