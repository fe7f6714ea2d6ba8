r"""Up and down weights from what generators and sets of parton densities give: pairs, replicas, envelopes.

What to use when:

- two weights that are one standard deviation up and down (a scale doubled and halved, a tune, a jet energy scale): as
  they are;
- Hessian sets of parton densities: a nuisance parameter per eigenvector, from pairs of members (`hessian_pairs`) or
  from one member each (`symmetric_hessian`); sets at 90 % confidence level are scaled to one standard deviation;
- Monte Carlo replicas: their principal components (`replica_directions`, `replica_pairs`). The mean square deviation
  of replicas is the uncertainty; turned to its principal axes it becomes a symmetric Hessian set, in which few
  directions hold nearly all of it (PDF4LHC15, arXiv:1510.03865, sections 3 and 5). One nuisance parameter with the
  standard deviation of each event's weights would make the densities of all partons go up together;
- several scale variations of which none is preferred: `envelope`, the largest and smallest weight of each event. Any
  bin's envelope lies within, so this is the conservative choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from assay.errors import SystematicsError

Array = NDArray[np.float64]


def normalisation(nominal: Array, uncertainty: float) -> Array:
    """Return weights `(E,)` with a normalisation one relative standard deviation up; one-sided, so log-normal.

    Raises
    ------
    SystematicsError
        If the uncertainty is not positive.
    """
    if not (np.isfinite(uncertainty) and uncertainty > 0.0):
        raise SystematicsError(f"a normalisation uncertainty of {uncertainty}", expected="above zero; 0.1 for 10 %")
    return nominal * (1.0 + uncertainty)


def standard_deviations(confidence_level: float) -> float:
    """Return how many standard deviations of a Gaussian a two-sided confidence level is: 1.645 for 0.9.

    Raises
    ------
    SystematicsError
        If it is not between zero and one.
    """
    if not 0.0 < confidence_level < 1.0:
        raise SystematicsError(f"a confidence level of {confidence_level}", expected="between 0 and 1, such as 0.9")
    return float(ndtri(0.5 + 0.5 * confidence_level))


def hessian_pairs(
    nominal: Array, members: Array, confidence_level: float = 0.68268949, central: Array | None = None
) -> tuple[Array, Array]:
    """Return up and down weights `(E, K)` of K eigenvectors, from members `(E, 2 K)` in the order +, -, +, -.

    The displacement of each member from the set's central one `(E,)` is divided by the standard deviations of the set's
    confidence level, and goes, relative to the central member, on top of the nominal weights `(E,)`: W0 + (W0 / C)
    (W - C) / z. Without a central member the nominal weights are it.

    Raises
    ------
    SystematicsError
        If the number of members is odd.
    """
    if members.shape[1] == 0 or members.shape[1] % 2:
        raise SystematicsError(
            f"{members.shape[1]} members of a Hessian set with pairs",
            expected="two members per eigenvector, without the central one",
            mend="say that the set is symmetric, or give its error members alone",
        )
    displaced = symmetric_hessian(nominal, members, confidence_level, central)
    return displaced[:, 0::2], displaced[:, 1::2]


def symmetric_hessian(
    nominal: Array, members: Array, confidence_level: float = 0.68268949, central: Array | None = None
) -> Array:
    """Return up weights `(E, K)` of a Hessian set with one member `(E, K)` per eigenvector (arXiv:1510.03865).

    They are displaced from the nominal weights as those of `hessian_pairs`.
    """
    middle = nominal if central is None else central
    # an event that the central member gives no weight cannot be scaled to it
    scale = np.divide(nominal, middle, out=np.ones(len(nominal)), where=middle != 0.0)[:, None]
    displaced: Array = nominal[:, None] + scale * (members - middle[:, None]) / standard_deviations(confidence_level)
    return displaced


def envelope(nominal: Array, members: Array) -> tuple[Array, Array]:
    """Return the weights `(E,)` that are furthest up and down among the nominal ones and members `(E, K)`.

    For negative nominal weights up is further from zero, too.
    """
    both = np.concatenate([nominal[:, None], members], axis=1)
    highest, lowest = both.max(axis=1), both.min(axis=1)
    negative = nominal < 0.0
    return np.where(negative, lowest, highest), np.where(negative, highest, lowest)


@dataclass(frozen=True, eq=False)
class ReplicaSums:
    """What many events say about the covariance of K replicas; sums of parts of the events add up.

    Parameters
    ----------
    products
        sum_e (w_k - m)(w_l - m)/|w| with m the mean over replicas, (K, K): the natural product in fine bins.
    """

    products: Array

    @classmethod
    def of(cls, nominal: Array, members: Array) -> ReplicaSums:
        """Sum over events with nominal weights `(E,)` and replicas `(E, K)`; events of weight zero are left out."""
        used = nominal != 0.0
        deviations = members[used] - members[used].mean(axis=1, keepdims=True)
        deviations /= np.sqrt(np.abs(nominal[used]))[:, None]
        return cls(deviations.T @ deviations)

    def __add__(self, other: ReplicaSums) -> ReplicaSums:
        return ReplicaSums(self.products + other.products)


@dataclass(frozen=True, eq=False)
class ReplicaDirections:
    """Principal directions of K replicas: `vectors` (K, n), and the share of the variance that each holds, (n,)."""

    vectors: Array
    shares: Array


def replica_directions(sums: ReplicaSums, n_components: int) -> ReplicaDirections:
    """Return the directions in the space of replicas that hold most of their variance.

    Signs are fixed by making the largest entry of each vector positive.

    Raises
    ------
    SystematicsError
        If fewer than two replicas are there, more directions are asked for than K - 1, or the replicas are all alike.
    """
    n_replicas = len(sums.products)
    if n_replicas < 2 or not 1 <= n_components <= n_replicas - 1:
        raise SystematicsError(
            f"{n_components} principal components of {n_replicas} replicas",
            expected="from one to the number of replicas less one",
        )
    values, vectors = np.linalg.eigh(sums.products)
    total = float(values.sum())
    if not total > 0.0:
        raise SystematicsError("all replicas have the same weights", expected="replicas that differ")
    chosen = vectors[:, ::-1][:, :n_components]
    largest = chosen[np.argmax(np.abs(chosen), axis=0), np.arange(n_components)]
    return ReplicaDirections(chosen * np.sign(largest), np.maximum(values[::-1][:n_components], 0.0) / total)


def replica_pairs(nominal: Array, members: Array, directions: ReplicaDirections) -> tuple[Array, Array]:
    """Return up and down weights `(E, n)` along principal directions of replicas `(E, K)`.

    The squares of the displacements add up, over all K - 1 directions, to the variance of the replicas, of any sum of
    weights.
    """
    deviations = (members - members.mean(axis=1, keepdims=True)) / np.sqrt(members.shape[1] - 1)
    shifts = deviations @ directions.vectors
    return nominal[:, None] + shifts, nominal[:, None] - shifts


def numbered(name: str, count: int) -> Sequence[str]:
    """Return names of `count` nuisance parameters of one systematic: its own name for one, else with numbers from 1."""
    return (name,) if count == 1 else tuple(f"{name}_{number}" for number in range(1, count + 1))
