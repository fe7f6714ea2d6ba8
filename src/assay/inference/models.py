"""What each kind of method makes of data: from expected or observed events to a likelihood, nuisance included.

A `Measurement` is a method's shape and the rate. Its likelihoods are functions of the parameters of interest alone;
nuisance parameters are profiled. Toys, observed data and Asimov data all come through it:

- `expected(theta_true, include_rate)`: of Asimov data, the whole weighted simulation (1007.1727, section 3.2);
- `observed(values, include_rate)`: of events, whose `values` are what `Shape.values` gives of simulated ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from assay.errors import InferenceError
from assay.inference.channels import Channel, Combination
from assay.inference.grid import Grid
from assay.inference.likelihoods import Physical, Product, RateLikelihood, expected_events
from assay.inference.nuisance import DEFAULT_RANGE, Profiled
from assay.inference.protocols import Array, Expectations, Likelihood
from assay.inference.shapes import InterpolatedShape, RatioShape, RestrictedShape, Shape


@dataclass(frozen=True)
class Measurement:
    """A method's likelihoods.

    Parameters
    ----------
    parameters, nuisance
        Names of the parameters of interest, and of all nuisance parameters.
    total
        Cross section after cuts, one bin, as a function of both.
    luminosity
        fb^-1.
    shape
        None: the number of events alone.
    ranges
        Of nuisance parameters, (K, 2) or one pair: beyond them estimators were not trained.
    notes
        What a reader has to know.
    """

    parameters: tuple[str, ...]
    nuisance: tuple[str, ...]
    total: Expectations = field(repr=False)
    luminosity: float
    shape: Shape | None
    ranges: npt.ArrayLike = DEFAULT_RANGE
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        unknown = [] if self.shape is None else [n for n in self.shape.nuisance if n not in self.nuisance]
        if unknown:
            raise InferenceError(
                f"the method knows the nuisance parameters {', '.join(unknown)}",
                expected=f"some of {', '.join(self.nuisance) or 'none'}",
                mend="train it again on these events",
            )

    def interpolating(self, grid: Grid) -> Measurement:
        """Return the measurement with likelihoods of ratios interpolated over a grid, where that is accurate.

        Not of those that know nuisance parameters: in their wide ranges too many nodes would be needed.
        """
        if not isinstance(self.shape, RatioShape) or self.shape.nuisance:
            return self
        return replace(self, shape=InterpolatedShape(self.shape, grid))

    def n_expected(self, theta_true: npt.ArrayLike) -> float:
        """Return the expected number of events at theta_true (P,) and nominal nuisance parameters."""
        return expected_events(self.total, self.luminosity, self._nominal(theta_true))

    def expected(self, theta_true: npt.ArrayLike, include_rate: bool) -> Likelihood:
        """Return the likelihood of Asimov data at theta_true (P,)."""
        return self.likelihood(self.expected_shape(theta_true), self.n_expected(theta_true), include_rate)

    def observed(self, values: Array, include_rate: bool, counts: Array | None = None) -> Likelihood:
        """Return the likelihood of events.

        Parameters
        ----------
        values
            As `Shape.values` gives them, (E, O); without shape only their number counts.
        include_rate
            Whether the number of events is informative.
        counts
            How many events each one stands for, (E,), by default 1.
        """
        each = np.ones(len(values)) if counts is None else counts
        return self.likelihood(self.observed_shape(values, each), float(each.sum()), include_rate)

    def expected_shape(self, theta_true: npt.ArrayLike) -> Likelihood | None:
        """Return the likelihood of the shape of Asimov data, of the parameters of interest and the shape's nuisance."""
        if self.shape is None:
            return None
        return self.shape.expected(self.n_expected(theta_true), np.asarray(theta_true, dtype=np.float64))

    def observed_shape(self, values: Array, counts: Array) -> Likelihood | None:
        """Return the likelihood of the shape of events."""
        return None if self.shape is None else self.shape.observed(values, counts)

    def likelihood(self, shape: Likelihood | None, n: float, include_rate: bool) -> Likelihood:
        """Return the likelihood of the parameters of interest of n events with a shape."""
        joint = self.joint(shape, n, include_rate)
        return Profiled(joint, len(self.nuisance), bounds=self.ranges) if self.nuisance else joint

    def joint(self, shape: Likelihood | None, n: float, include_rate: bool) -> Likelihood:
        """Return the likelihood of all parameters, without constraint terms."""
        names = (*self.parameters, *self.nuisance)
        rate = RateLikelihood(self.total, self.luminosity, n)
        if shape is None or self.shape is None:
            return rate
        channel = Channel(shape, (*self.parameters, *self.shape.nuisance))
        whole: Likelihood = shape if channel.parameters == names else Combination((channel,), names)
        return Product((whole, rate if include_rate else Physical(self.total)))

    def without(self, *names: str) -> Measurement:
        """Return the measurement with some nuisance parameters known to have their nominal values."""
        kept = tuple(name for name in self.nuisance if name not in names)
        pairs = np.broadcast_to(np.asarray(self.ranges, dtype=np.float64), (len(self.nuisance), 2))
        ranges = pairs[[self.nuisance.index(name) for name in kept]]
        total = _Nominal(self.total, len(self.parameters), tuple(name in kept for name in self.nuisance))
        shape = None if self.shape is None else RestrictedShape(self.shape, len(self.parameters), kept)
        return replace(self, nuisance=kept, total=total, shape=shape, ranges=ranges)

    def _nominal(self, theta: npt.ArrayLike) -> Array:
        return np.concatenate([np.asarray(theta, dtype=np.float64), np.zeros(len(self.nuisance))])


@dataclass(frozen=True)
class _Nominal:
    """Expectations with some nuisance parameters at nominal values; `kept` says which are not."""

    of: Expectations
    n_parameters: int
    kept: tuple[bool, ...]

    @property
    def n_bins(self) -> int:
        return self.of.n_bins

    def cross_sections(self, theta: npt.ArrayLike) -> Array:
        return self.of.cross_sections(self._full(np.asarray(theta, dtype=np.float64)))

    def gradients(self, theta: npt.ArrayLike) -> Array:
        gradients = self.of.gradients(self._full(np.asarray(theta, dtype=np.float64)))
        return gradients[..., self._columns]

    @property
    def _columns(self) -> list[int]:
        return [*range(self.n_parameters), *(self.n_parameters + i for i, kept in enumerate(self.kept) if kept)]

    def _full(self, theta: Array) -> Array:
        full = np.zeros((*theta.shape[:-1], self.n_parameters + len(self.kept)))
        full[..., self._columns] = theta
        return full
