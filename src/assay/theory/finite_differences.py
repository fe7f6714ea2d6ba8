r"""Finite differences: the dependence on parameters in which the cross section is no polynomial (a mass, a width).

At benchmarks :math:`b`, the base, the parameters :math:`\theta_i` that morphing cannot describe have a common value
:math:`\theta_{b,i}`. Beside each of them stand shifted benchmarks with :math:`\theta_i = \theta_{b,i} \pm \epsilon`.
With :math:`\delta_i = \theta_i - \theta_{b,i}` and the morphing weights :math:`w_b` in the other parameters,

.. math::
    d\sigma(\theta) \approx \sum_b w_b(\theta) \Big[ W_b + \sum_i \delta_i \frac{W_{b,+i} - W_{b,-i}}{2 \epsilon}
        + \frac{\delta_i^2}{2} \frac{W_{b,+i} - 2 W_b + W_{b,-i}}{\epsilon^2} \Big]

(central differences), or :math:`W_b + \sum_i \delta_i (W_{b,+i} - W_b) / \epsilon` (forward differences, what MadMiner
has, arXiv:1907.10621). At the base itself the weights are exact; their gradients are exact up to
:math:`O(\epsilon^2)` (central) or :math:`O(\epsilon)` (forward). In between, the weights are interpolated with an error
of :math:`O(\epsilon^3)` in one parameter at a time and of :math:`O(\epsilon^2)` where several change (mixed derivatives
are left out), or of :math:`O(\epsilon^2)` (forward). Farther than :math:`\epsilon` from the base nothing is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.errors import MorphingError
from assay.theory.monomials import gram_matrix
from assay.theory.morphing import Morphing
from assay.theory.shifts import Shifts

_ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class FiniteDifferences(Morphing):
    """Morphing in some parameters and finite differences in the others.

    The components have no powers of the parameters that differences describe, and the matrix has columns of zeros for
    the shifted benchmarks. The base may have several values of these parameters: each of them then has a morphing of
    its own, side by side in the matrix, and the nearest one is used.

    Raises
    ------
    MorphingError
        If the shifted benchmarks are not where they have to be.
    """

    shifts: Shifts

    def __post_init__(self) -> None:
        super().__post_init__()
        shifts = self.shifts
        if np.any(self.components[:, shifts.parameters]):
            raise MorphingError("a parameter is described by morphing and by finite differences")
        for indices, step in ((shifts.plus, shifts.epsilon), (shifts.minus, -shifts.epsilon)):
            if indices is None:
                continue
            for column, p in enumerate(shifts.parameters):
                expected = self.basis[shifts.base]
                expected[:, p] += step
                found = self.basis[indices[:, column]]
                size = shifts.epsilon + np.abs(self.basis).max(axis=0)
                wrong = np.any(np.abs(found - expected) > 1e-6 * shifts.epsilon + _ROUNDING * size, axis=1)
                if np.any(wrong):
                    b = int(np.argmax(wrong))
                    raise MorphingError(
                        f"the benchmark at {found[b]} is not {step:+g} in parameter {p} from that at "
                        f"{self.basis[shifts.base[b]]}",
                        expected=f"{expected[b]}",
                    )

    @classmethod
    def from_base(
        cls,
        components: NDArray[np.int64],
        basis: ArrayLike,
        shifts: Shifts,
        names: Sequence[str] | None = None,
    ) -> Self:
        """Determine the morphing at every value of the described parameters that the base has.

        Parameters
        ----------
        components
            Powers of the other parameters, shape `(n_components, n_parameters)`.
        basis
            All benchmarks, shape `(n_benchmarks, n_parameters)`.
        shifts
            Which of them are the base, and which are shifted.
        names
            Names of the benchmarks, for errors.

        Raises
        ------
        MorphingError
            If the base does not determine all components at one of these values.
        """
        points = np.asarray(basis, dtype=np.float64)
        matrix = np.zeros((len(components), len(points)))
        for layer in shifts.layers(points):
            used = np.isin(np.arange(len(points)), layer)
            matrix += Morphing.from_basis(components, points, names, used).matrix
        return cls(components, points, matrix, shifts)

    def weights(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return w_b(theta) at theta `(..., n_parameters)`, shape `(..., n_benchmarks)`.

        Raises
        ------
        MorphingError
            If a theta is farther than epsilon from the base in one of the parameters that differences describe.
        """
        points = self._checked(theta)
        flat = points.reshape(-1, points.shape[-1])
        mask, distance = self._near(flat)
        weights = self._spread(super().weights(flat) * mask, *_stencil(distance, self.shifts))
        return weights.reshape(*points.shape[:-1], len(self.basis))

    def weight_gradients(self, theta: ArrayLike) -> NDArray[np.float64]:
        """Return the gradients of w_b(theta), shape `(..., n_benchmarks, n_parameters)`.

        Raises
        ------
        MorphingError
            If a theta is farther than epsilon from the base in one of the parameters that differences describe.
        """
        points = self._checked(theta)
        flat = points.reshape(-1, points.shape[-1])
        mask, distance = self._near(flat)
        own, plus, minus = _stencil(distance, self.shifts)
        morphed = super().weight_gradients(flat) * mask[..., None]
        gradients = np.stack(
            [self._spread(morphed[..., p], own, plus, minus) for p in range(points.shape[-1])], axis=-1
        )
        weights = super().weights(flat) * mask
        for column, p in enumerate(self.shifts.parameters):
            gradients[..., p] = self._spread(weights, *_stencil_slope(distance, self.shifts, column))
        return gradients.reshape(*points.shape[:-1], *gradients.shape[-2:])

    @property
    def condition_number(self) -> float:
        """The largest condition number of the morphing at any value of the described parameters."""
        layers = (np.isin(np.arange(len(self.basis)), layer) for layer in self._layers)
        return max(Morphing(self.components, self.basis, self.matrix * layer).condition_number for layer in layers)

    def expected_squared_weights(self, ranges: ArrayLike) -> float:
        """Return the mean over a box `(n_parameters, 2)` of sum_b w_b(theta)^2, at the described parameters' base."""
        matrix = self.matrix[:, self._layers[0]]
        return float(np.einsum("cb,cd,db->", matrix, gram_matrix(self.components, ranges), matrix))

    @cached_property
    def _layers(self) -> list[NDArray[np.int64]]:
        return self.shifts.layers(self.basis)

    def _near(self, theta: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Say which benchmarks count at theta `(n, n_parameters)`, and how far it is from them.

        Returns
        -------
        One for benchmarks of the nearest part of the base, zero for others, shape `(n, n_benchmarks)`, and the
        distances, shape `(n, n_described)`.
        """
        described = self.shifts.parameters
        centres = np.stack([self.basis[layer[0], described] for layer in self._layers])
        distances = theta[:, None, described] - centres
        nearest = np.argmin(np.abs(distances).max(axis=-1), axis=1)
        distance = distances[np.arange(len(theta)), nearest]
        slack = _ROUNDING * (self.shifts.epsilon + np.abs(centres).max(initial=0.0))
        far = np.abs(distance).max(axis=1, initial=0.0) > self.shifts.epsilon + slack
        if np.any(far):
            bad = int(np.argmax(far))
            raise MorphingError(
                f"theta = {theta[bad]} is {np.abs(distance[bad]).max():g} from the nearest benchmark in a parameter "
                "that finite differences describe",
                expected=f"a distance of at most epsilon = {self.shifts.epsilon:g}",
                mend="narrow the ranges of these parameters, or take a larger epsilon",
            )
        members = np.stack([np.isin(np.arange(len(self.basis)), layer) for layer in self._layers])
        return members[nearest].astype(np.float64), distance

    def _spread(
        self,
        weights: NDArray[np.float64],
        own: NDArray[np.float64],
        plus: NDArray[np.float64],
        minus: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        """Give each base benchmark's weight `(n, n_benchmarks)` to itself and those shifted from it.

        `own` has shape `(n,)`, `plus` and `minus` have shape `(n, n_described)`.
        """
        shifts = self.shifts
        of_base = weights[:, shifts.base]
        result = np.zeros_like(weights)
        result[:, shifts.base] = of_base * own[:, None]
        for column in range(len(shifts.parameters)):
            result[:, shifts.plus[:, column]] += of_base * plus[:, column, None]
            if shifts.minus is not None and minus is not None:
                result[:, shifts.minus[:, column]] += of_base * minus[:, column, None]
        return result


_Stencil = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64] | None]


def _stencil(distance: NDArray[np.float64], shifts: Shifts) -> _Stencil:
    """Return the factors of the base, of raised and of lowered benchmarks at a distance `(n, n_described)`."""
    steps = distance / shifts.epsilon
    if shifts.minus is None:
        return 1.0 - steps.sum(axis=1), steps, None
    squares = steps**2
    return 1.0 - squares.sum(axis=1), 0.5 * (squares + steps), 0.5 * (squares - steps)


def _stencil_slope(distance: NDArray[np.float64], shifts: Shifts, column: int) -> _Stencil:
    """Return the derivatives of the factors by one of the described parameters."""
    steps, epsilon = distance[:, column] / shifts.epsilon, shifts.epsilon
    plus = np.zeros_like(distance)
    if shifts.minus is None:
        plus[:, column] = 1.0 / epsilon
        return np.full(len(distance), -1.0 / epsilon), plus, None
    minus = np.zeros_like(distance)
    plus[:, column] = (steps + 0.5) / epsilon
    minus[:, column] = (steps - 0.5) / epsilon
    return -2.0 * steps / epsilon, plus, minus
