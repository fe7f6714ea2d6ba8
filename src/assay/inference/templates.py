"""Cross sections in bins as functions of theta: benchmark weights are summed once, then morphed.

Because every event weight is linear in the morphing weights, sigma_n(theta) = sum_b w_b(theta) S_nb with S_nb the sum
of the weights of benchmark b in bin n. The cost of a grid does not depend on the number of events. One bin over all
events is the rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.protocols import Array, Integers, MorphingWeights, as_points


@dataclass(frozen=True)
class Templates:
    """Sums of benchmark weights in N bins.

    Parameters
    ----------
    morphing
        The dependence on theta.
    sums
        Sum of weights per bin and benchmark, (N, B) in pb.
    products
        Sum over events of w_b w_c per bin, (N, B, B) in pb^2: the covariance of `sums` from finite simulation.
    """

    morphing: MorphingWeights
    sums: Array
    products: Array

    @classmethod
    def fill(cls, morphing: MorphingWeights, weights: Array, bins: Integers, n_bins: int) -> Templates:
        """Sum `weights` (E, B) in pb of events in the bins (E,)."""
        if not np.isfinite(weights).all():
            bad = int((~np.isfinite(weights)).any(axis=1).sum())
            raise InferenceError(
                f"{bad} of {len(weights)} events have weights that are not finite", expected="finite weights"
            )
        if n_bins == 1:
            return cls(morphing, weights.sum(axis=0)[None], (weights.T @ weights)[None])
        order = np.argsort(bins, kind="stable")
        ends = np.searchsorted(bins[order], np.arange(n_bins + 1))
        n_benchmarks = weights.shape[1]
        sums = np.zeros((n_bins, n_benchmarks))
        products = np.zeros((n_bins, n_benchmarks, n_benchmarks))
        ordered = weights[order]
        for n in range(n_bins):
            chunk = ordered[ends[n] : ends[n + 1]]
            sums[n] = chunk.sum(axis=0)
            products[n] = chunk.T @ chunk
        return cls(morphing, sums, products)

    @classmethod
    def total(cls, morphing: MorphingWeights, weights: Array) -> Templates:
        """Sum all events in one bin: the total cross section."""
        return cls.fill(morphing, weights, np.zeros(len(weights), dtype=np.int64), 1)

    @property
    def n_bins(self) -> int:
        """N."""
        return len(self.sums)

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        """Return (T, N) in pb for theta (T, P)."""
        return self.morphing.weights(as_points(theta)) @ self.sums.T

    def gradients(self, theta: npt.ArrayLike) -> Array:
        """Return d sigma_n / d theta in pb, (N, P) for one point (P,) and (T, N, P) for theta (T, P)."""
        gradients: Array = self.sums @ self.morphing.weight_gradients(as_points(theta))
        return gradients if np.ndim(theta) > 1 else gradients[0]

    def variances(self, theta: npt.ArrayLike) -> Array:
        """Return the variance of the cross sections from finite simulation, (T, N) in pb^2: sums of squared weights."""
        weights = self.morphing.weights(as_points(theta))
        variances: Array = np.einsum("tb,nbc,tc->tn", weights, self.products, weights, optimize=True)
        return np.maximum(variances, 0.0)  # a sum of squares, up to rounding

    def covariances(self, theta: npt.ArrayLike) -> Array:
        """Return the covariance of (sigma_n, d sigma_n / d theta) from finite simulation, (N, 1 + P, 1 + P)."""
        point = as_points(theta)
        rows = np.column_stack([self.morphing.weights(point)[0], self.morphing.weight_gradients(point)[0]])
        covariances: Array = np.einsum("bi,nbc,cj->nij", rows, self.products, rows, optimize=True)
        return covariances

    def effective_events(self, theta: npt.ArrayLike) -> Array:
        """Return the effective number of simulated events, (sum w)^2 / sum w^2, (T, N); 0 in an empty bin."""
        variances = self.variances(theta)
        squares = self.cross_sections(theta) ** 2
        return np.divide(squares, variances, out=np.zeros_like(squares), where=variances > 0)

    def scaled(self, factor: float) -> Templates:
        """Multiply all weights by a factor, such as for a part of the events to stand for the whole."""
        return Templates(self.morphing, factor * self.sums, factor**2 * self.products)

    def merged(self, groups: Integers) -> Templates:
        """Add up bins: bin n goes to bin `groups`[n], (N,) numbered from 0 without gaps."""
        matrix = np.zeros((int(groups.max()) + 1, self.n_bins))
        matrix[groups, np.arange(self.n_bins)] = 1.0
        return Templates(self.morphing, matrix @ self.sums, np.einsum("gn,nbc->gbc", matrix, self.products))


def merge_groups(templates: Templates, theta_true: Array, theta: Array, min_effective_events: float) -> Integers:
    """Return to which merged bin each bin goes (N,), such that every merged bin can be used in a likelihood.

    Neighbours are joined until the expectation is positive at `theta_true` (P,) and at all points `theta` (T, P) with
    a positive total and at least `min_effective_events` simulated events stand behind the bin at `theta_true`.
    """
    expected = templates.cross_sections(theta)
    expected = expected[expected.sum(axis=1) > 0]
    at_truth = np.stack([templates.cross_sections(theta_true)[0], templates.variances(theta_true)[0]])
    groups = np.zeros(templates.n_bins, dtype=np.int64)
    group, start = 0, 0
    for n in range(templates.n_bins):
        groups[n] = group
        if _usable(expected[:, start : n + 1], at_truth[:, start : n + 1], min_effective_events):
            group, start = group + 1, n + 1
    if start < templates.n_bins and group > 0:  # what is left over joins the last complete bin
        groups[groups == group] = group - 1
    return groups


def _usable(expected: Array, at_truth: Array, min_effective_events: float) -> bool:
    rate, variance = at_truth.sum(axis=1)
    enough = variance > 0 and rate > 0 and rate**2 / variance >= min_effective_events
    return bool(enough and (expected.sum(axis=1) > 0).all())
