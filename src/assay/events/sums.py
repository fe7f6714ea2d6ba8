"""Cross sections, their errors and effective sample sizes, from sums that can be added up block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.events.strata import Stratum


@dataclass(frozen=True, eq=False)
class StratumSums:
    """Sums of weights in pb and of their squares over the events of S strata, at K points: both `(S, K)`."""

    totals: NDArray[np.float64]
    squares: NDArray[np.float64]

    @classmethod
    def none(cls, n_strata: int, n_points: int) -> StratumSums:
        """Return the sums over no events."""
        zeros = np.zeros((n_strata, n_points))
        return cls(zeros, zeros)

    def updated(self, weights: NDArray[np.float64], stratum: NDArray[np.int64]) -> StratumSums:
        """Return the sums with some more events: their weights `(n_events, K)` and strata `(n_events,)`."""
        totals, squares = self.totals.copy(), self.squares.copy()
        for k, column in enumerate(weights.T):
            totals[:, k] += np.bincount(stratum, weights=column, minlength=len(totals))
            squares[:, k] += np.bincount(stratum, weights=column**2, minlength=len(totals))
        return StratumSums(totals, squares)

    @property
    def cross_sections(self) -> NDArray[np.float64]:
        """In pb, `(K,)`."""
        total: NDArray[np.float64] = self.totals.sum(axis=0)
        return total

    def errors(self, strata: tuple[Stratum, ...]) -> NDArray[np.float64]:
        r"""Return the errors of the cross sections in pb, `(K,)`.

        Squared, they are the sum over strata of :math:`\sum w^2 - (\sum w)^2/N`, for N events generated, and of the
        generator's errors of their cross sections. Those of the benchmarks are added linearly to one error: one
        integration may give them all, and how they are correlated is not known. Those of other regions of phase space,
        and backgrounds, are independent.
        """
        n_generated = np.array([s.n_generated for s in strata])[:, None]
        generator = np.array([s.cross_section_error / s.cross_section for s in strata])[:, None] * np.abs(self.totals)
        counting = np.array([s.counting_error / s.cross_section for s in strata])[:, None] * self.totals
        parts: dict[tuple[str, int], list[int]] = {}  # of which the generator's errors are independent
        for number, stratum in enumerate(strata):
            parts.setdefault((stratum.region, -1 if stratum.benchmark >= 0 else number), []).append(number)
        # rounding must not turn the zero variance of equal weights negative
        variances = np.maximum(self.squares - self.totals**2 / n_generated, 0.0) + counting**2
        squared = variances.sum(axis=0)
        for part in parts.values():
            squared += generator[part].sum(axis=0) ** 2
        errors: NDArray[np.float64] = np.sqrt(squared)
        return errors

    @property
    def effective_sample_sizes(self) -> NDArray[np.float64]:
        """(sum w)^2 / sum w^2 over all strata, `(K,)`; zero where all weights are."""
        squares = self.squares.sum(axis=0)
        sizes: NDArray[np.float64] = np.zeros_like(squares)
        np.divide(self.cross_sections**2, squares, out=sizes, where=squares > 0.0)
        return sizes
