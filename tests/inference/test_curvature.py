from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from assay.inference.curvature import curvature_checks
from assay.inference.expected_fisher import FisherSetting, calibrated_fisher
from assay.inference.measurements import total_templates

pytestmark = pytest.mark.fast
SLOPES = (0.7, 0.4)
RANGES = ((-1.0, 1.0), (-1.0, 1.0))


@dataclass
class Unnormalised:
    """The exact ratio times exp(-strength theta^2 / 2): the same score at the origin, another curvature."""

    exact: Any
    strength: np.ndarray

    @property
    def observables(self) -> tuple[str, ...]:
        return tuple(self.exact.observables)

    def log_ratio(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.asarray(self.exact.log_ratio(x, theta) - 0.5 * (theta**2 @ self.strength)[:, None])

    def score(self, x: np.ndarray, theta: np.ndarray) -> np.ndarray:
        return np.asarray(self.exact.score(x, theta) - theta * self.strength)


def test_a_ratio_that_is_too_curved_is_found(
    amplitude_pool: Callable[..., Any], exact_ratio: Callable[..., Any]
) -> None:
    pool, exact = amplitude_pool(100_000, SLOPES), exact_ratio(SLOPES)
    setting = FisherSetting(total_templates(pool), (0.0, 0.0), 300.0, ("a", "b"))
    shape = calibrated_fisher(setting, pool, exact.score(pool.x, np.zeros(2)), "m")[1]
    truth = curvature_checks(exact, pool, shape, setting.sigma, RANGES)
    assert [check.verdict for check in truth] == ["passed", "passed"]
    assert np.allclose([check.value for check in truth], 1.0, atol=0.03)
    # per event the information is 4 a^2: 15 % and 60 % of it on top
    strength = 4.0 * np.square(SLOPES) * [0.15, 0.6]
    wrong = curvature_checks(Unnormalised(exact, strength), pool, shape, setting.sigma, RANGES)
    assert np.allclose([check.value for check in wrong], [1.15, 1.6], atol=0.04)
    assert [check.verdict for check in wrong] == ["doubtful", "failed"]
    flat = curvature_checks(Unnormalised(exact, -2.0 * strength), pool, shape, setting.sigma, RANGES)
    assert flat[1].value < 0
    assert flat[1].verdict == "failed"
