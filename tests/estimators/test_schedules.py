"""How learning rates go."""

from __future__ import annotations

import numpy as np
import pytest

from assay.estimators.schedules import learning_rate_at
from assay.estimators.settings import ScheduleName, TrainingSettings

pytestmark = pytest.mark.fast


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", {0.0: 1e-2, 0.5: 1e-2, 1.0: 1e-2}),
        ("cosine", {0.0: 1e-2, 0.5: 5.05e-3, 1.0: 1e-4}),
        ("exponential", {0.0: 1e-2, 0.5: 1e-3, 1.0: 1e-4}),
        ("step", {0.0: 1e-2, 0.24: 1e-2, 0.26: 10 ** (-2 - 2 / 3), 0.74: 10 ** (-2 - 4 / 3), 0.76: 1e-4, 1.0: 1e-4}),
        ("one_cycle", {0.0: 1e-4, 0.05: 5.05e-3, 0.1: 1e-2, 0.55: 5.05e-3, 1.0: 1e-4}),
    ],
)
def test_rates(schedule: ScheduleName, rates: dict[float, float]) -> None:
    settings = TrainingSettings(learning_rate=1e-2, final_learning_rate=1e-4, schedule=schedule)
    for done, rate in rates.items():
        assert learning_rate_at(settings, done) == pytest.approx(rate), done


@pytest.mark.parametrize("schedule", ["cosine", "exponential", "step"])
def test_rates_never_rise(schedule: ScheduleName) -> None:
    settings = TrainingSettings(schedule=schedule)
    assert np.all(np.diff([learning_rate_at(settings, done) for done in np.linspace(0.0, 1.0, 101)]) <= 0.0)
