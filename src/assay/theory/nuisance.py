r"""Nuisance parameters: how the weight of an event depends on systematic effects.

With W the weight of an event at :math:`\nu = 0`, and its weights up and down at :math:`\nu_i = \pm 1`,

.. math:: \frac{W(\nu)}{W(0)} = \exp\Big[\sum_i \big(a_i \nu_i + b_i \nu_i^2\big)\Big], \qquad
          a_i = \tfrac12 \log\frac{W_i^+}{W_i^-}, \quad b_i = \tfrac12 \log\frac{W_i^+ W_i^-}{W(0)^2}

(as MadMiner has it, arXiv:1907.10621): positive wherever it is not zero, exact at :math:`\nu_i = 0, \pm 1`.
With an up variation alone, a = log(W+/W) and b = 0. The dependence on theta factorises: it is the same ratio at all
benchmarks.

The logarithm needs weights of one sign. Where only one of up and down has the sign of W, that one alone describes the
event; where neither has, or W = 0, the event does not vary. Both are counted (`LogQuadratic.summary`), and neither
gives a number that is not finite.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import SystematicsError

Array = NDArray[np.float64]

_LARGEST_EXPONENT = 700.0
"""exp of more than 709 is not a number that double precision holds."""

FULL, ONE_SIDED, CONSTANT = np.uint8(0), np.uint8(1), np.uint8(2)
"""How the variations describe an event: as asked, by one of them alone, not at all."""


@dataclass(frozen=True)
class NuisanceParameter:
    """A nuisance parameter, zero at the nominal value, and plus and minus one at its variations.

    Parameters
    ----------
    name
        Its name.
    systematic
        The systematic uncertainty that it belongs to.
    benchmark_positive, benchmark_negative
        Names of the weights at plus and minus one; None where there is none.
    """

    name: str
    systematic: str
    benchmark_positive: str | None
    benchmark_negative: str | None = None


@dataclass(frozen=True)
class Described:
    """How well up and down weights describe the events, for one nuisance parameter.

    Parameters
    ----------
    name
        Of the nuisance parameter.
    n_one_sided, n_constant
        Events that one of two variations describes alone, and events that do not vary although they should: their
        weight, or both variations, are zero or of the other sign.
    share
        Share of these events in the sum of the absolute nominal weights.
    """

    name: str
    n_one_sided: int
    n_constant: int
    share: float

    def __str__(self) -> str:
        return (
            f"nuisance parameter {self.name}: {self.n_one_sided} events with one usable variation, {self.n_constant} "
            f"without ({self.share:.2g} of the weights)"
        )


@dataclass(frozen=True, eq=False)
class LogQuadratic:
    """The logarithm of W(nu)/W(0) of E events as a quadratic polynomial in N nuisance parameters.

    Parameters
    ----------
    linear, quadratic
        a and b, each `(n_events, n_nuisance)`.
    status
        FULL, ONE_SIDED or CONSTANT for every event and nuisance parameter.
    """

    linear: Array
    quadratic: Array
    status: NDArray[np.uint8]

    @classmethod
    def none(cls, n_events: int, n_nuisance: int = 0) -> LogQuadratic:
        """Return the dependence of events that do not vary."""
        shape = (n_events, n_nuisance)
        return cls(np.zeros(shape), np.zeros(shape), np.zeros(shape, dtype=np.uint8))

    @classmethod
    def from_weights(cls, nominal: ArrayLike, up: ArrayLike, down: ArrayLike | None = None) -> LogQuadratic:
        """Interpolate one nuisance parameter.

        Parameters
        ----------
        nominal, up, down
            Weights `(n_events,)` at 0, +1 and -1; None where there is no down variation.

        Raises
        ------
        SystematicsError
            If the weights are not finite, or shapes differ.
        """
        central, raised = _weights(nominal), _weights(up)
        lowered = None if down is None else _weights(down)
        if any(part is not None and part.shape != central.shape for part in (raised, lowered)):
            raise SystematicsError("weights of the variations and nominal weights are of different numbers of events")
        log_up, has_up = _log_ratio(raised, central)
        if lowered is None:
            status = np.where(has_up, FULL, CONSTANT)
            return cls(log_up[:, None], np.zeros((len(central), 1)), status[:, None])
        log_down, has_down = _log_ratio(lowered, central)
        both = has_up & has_down
        # a missing side mirrors the other one: its logarithm stands there as zero
        linear = np.where(both, 0.5 * (log_up - log_down), log_up - log_down)
        quadratic = np.where(both, 0.5 * (log_up + log_down), 0.0)
        status = np.where(both, FULL, np.where(has_up | has_down, ONE_SIDED, CONSTANT))
        return cls(linear[:, None], quadratic[:, None], status[:, None])

    @classmethod
    def stacked(cls, parts: list[LogQuadratic], n_events: int) -> LogQuadratic:
        """Put several nuisance parameters of the same events side by side."""
        if not parts:
            return cls.none(n_events)
        columns = [[getattr(part, name) for part in parts] for name in ("linear", "quadratic", "status")]
        return cls(*(np.concatenate(column, axis=1) for column in columns))

    @property
    def n_nuisance(self) -> int:
        """Number of nuisance parameters."""
        return int(self.linear.shape[1])

    def factors(self, nu: ArrayLike) -> Array:
        """Return W(nu)/W(0) at nu `(n_points, n_nuisance)`, shape `(n_events, n_points)`.

        Raises
        ------
        SystematicsError
            If a factor is too large for double precision.
        """
        points = self._points(nu)
        exponents = self.linear @ points.T + self.quadratic @ (points**2).T
        if exponents.size and exponents.max() > _LARGEST_EXPONENT:
            event, point = np.unravel_index(int(np.argmax(exponents)), exponents.shape)
            raise SystematicsError(
                f"the weight of event {event} grows by a factor of exp({exponents[event, point]:.0f})",
                where=f"nuisance parameters {points[point].tolist()}",
                expected="nuisance parameters within a few units of zero",
            )
        factors: Array = np.exp(exponents)
        return factors

    def log_gradients(self, nu: ArrayLike) -> Array:
        """Return the gradient of log W at one nu `(n_nuisance,)`, shape `(n_events, n_nuisance)`."""
        gradients: Array = self.linear + 2.0 * self.quadratic * self._points(nu)[0]
        return gradients

    def select(self, events: NDArray[np.bool_] | NDArray[np.integer]) -> LogQuadratic:
        """Return the dependence of some of the events."""
        return LogQuadratic(self.linear[events], self.quadratic[events], self.status[events])

    def summary(self, names: tuple[str, ...], nominal: ArrayLike) -> tuple[Described, ...]:
        """Count the events that the variations do not describe as asked; `nominal` weights `(n_events,)`."""
        size = np.abs(_weights(nominal))
        total = float(size.sum()) or 1.0
        return tuple(
            Described(
                name,
                int(np.sum(column == ONE_SIDED)),
                int(np.sum(column == CONSTANT)),
                float(size[column != FULL].sum()) / total,
            )
            for name, column in zip(names, self.status.T, strict=True)
        )

    def _points(self, nu: ArrayLike) -> Array:
        points = np.atleast_2d(np.asarray(nu, dtype=np.float64))
        if points.ndim != 2 or points.shape[1] != self.n_nuisance or not np.all(np.isfinite(points)):
            raise SystematicsError(
                f"nuisance parameters of shape {np.shape(nu)}",
                expected=f"finite values of {self.n_nuisance} nuisance parameters in the last axis",
            )
        return points


def _weights(values: ArrayLike) -> Array:
    weights = np.asarray(values, dtype=np.float64)
    if weights.ndim != 1 or not np.all(np.isfinite(weights)):
        raise SystematicsError("weights of a variation are not finite", expected="one finite number per event")
    return weights


def _log_ratio(varied: Array, nominal: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return log(varied / nominal), zero where it does not exist, and where it does."""
    exists = (varied != 0.0) & (np.sign(varied) == np.sign(nominal))
    # logarithms apart: a ratio of tiny numbers may underflow
    logs = np.log(np.abs(np.where(exists, varied, 1.0))) - np.log(np.abs(np.where(exists, nominal, 1.0)))
    return np.asarray(logs, dtype=np.float64), exists
