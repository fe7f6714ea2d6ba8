"""A process whose likelihood is known: dsigma = sigma_0 (1 + sum_p a_p theta_p x_p)^2 N(x; 0, 1).

Cross section sigma_0 (1 + sum a_p^2 theta_p^2); information at 0 in the shape diag(4 a_p^2) per event;
log r(x|theta, 0) = 2 log|1 + sum a_p theta_p x_p| - log(1 + sum a_p^2 theta_p^2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from assay.theory.morphing import Morphing, components
from assay.theory.nuisance import LogQuadratic

SIGMA_0 = 0.002  # pb


@dataclass(frozen=True)
class ToyPool:
    x: np.ndarray
    weights: np.ndarray
    morphing: Morphing
    observables: tuple[str, ...]
    nuisance_names: tuple[str, ...] = ()
    dependence: LogQuadratic | None = None

    def part(self, rows: slice | np.ndarray) -> ToyPool:
        dependence = None if self.dependence is None else self.dependence.select(np.arange(len(self.x))[rows])
        return ToyPool(
            self.x[rows], self.weights[rows], self.morphing, self.observables, self.nuisance_names, dependence
        )

    def varying(self, **linear: np.ndarray) -> ToyPool:
        """The same events with nuisance parameters: the logarithm of an event's weight is linear in them."""
        slopes = np.column_stack(list(linear.values()))
        dependence = LogQuadratic(slopes, np.zeros_like(slopes), np.zeros(slopes.shape, dtype=np.uint8))
        return replace(self, nuisance_names=tuple(linear), dependence=dependence)


@dataclass(frozen=True)
class ExactRatio:
    slopes: np.ndarray

    @property
    def observables(self) -> tuple[str, ...]:
        return tuple(f"x{p}" for p in range(len(self.slopes)))

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        amplitude = 1.0 + (theta * self.slopes) @ x.T
        return 2 * np.log(np.abs(amplitude)) - np.log1p(((theta * self.slopes) ** 2).sum(axis=1))[:, None]

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        amplitude = 1.0 + x @ (theta * self.slopes)
        total = 1.0 + ((theta * self.slopes) ** 2).sum()
        return 2 * x * self.slopes / amplitude[:, None] - 2 * theta * self.slopes**2 / total


@dataclass(frozen=True)
class ExactScore:
    slopes: np.ndarray

    @property
    def observables(self) -> tuple[str, ...]:
        return tuple(f"x{p}" for p in range(len(self.slopes)))

    def score(self, x: np.ndarray) -> np.ndarray:
        return 2 * x * self.slopes


@pytest.fixture
def sigma_0() -> float:
    return SIGMA_0


@pytest.fixture
def exact_ratio() -> Callable[[tuple[float, ...]], ExactRatio]:
    return lambda slopes: ExactRatio(np.array(slopes))


@pytest.fixture
def exact_score() -> Callable[[tuple[float, ...]], ExactScore]:
    return lambda slopes: ExactScore(np.array(slopes))


@pytest.fixture
def amplitude_pool() -> Callable[..., ToyPool]:
    def build(n_events: int, slopes: tuple[float, ...], seed: int = 0) -> ToyPool:
        a = np.array(slopes)
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(n_events, len(a)))
        powers = components([2] * len(a), 2)
        basis = _benchmarks(len(a))
        weights = SIGMA_0 / n_events * (1.0 + x @ (basis * a).T) ** 2
        return ToyPool(x, weights, Morphing.from_basis(powers, basis), tuple(f"x{p}" for p in range(len(a))))

    return build


def _benchmarks(n_parameters: int) -> np.ndarray:
    """0, +-1 on every axis, and 1 on every pair: as many as there are components of second order."""
    unit = np.eye(n_parameters)
    pairs = [unit[i] + unit[j] for i in range(n_parameters) for j in range(i)]
    return np.array([np.zeros(n_parameters), *unit, *-unit, *pairs])
