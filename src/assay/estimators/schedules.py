"""How the learning rate goes through a training."""

from __future__ import annotations

import math

from assay.estimators.settings import TrainingSettings

_STEPS = 3
_WARM_UP = 0.1


def learning_rate_at(settings: TrainingSettings, done: float) -> float:
    """Return the learning rate when the fraction `done` of the training has passed.

    `cosine` and `exponential` fall smoothly from the first rate to the final one, `step` in three steps of equal
    factors, `one_cycle` rises to the first rate in a tenth of the training and then falls as `cosine` (1708.07120).
    """
    first, last = settings.learning_rate, settings.final_learning_rate
    if settings.schedule == "cosine":
        return last + (first - last) * (1.0 + math.cos(math.pi * done)) / 2.0
    if settings.schedule == "exponential":
        return first * math.exp(done * math.log(last / first))
    if settings.schedule == "step":
        passed = min(int(done * (_STEPS + 1)), _STEPS)
        return first * math.exp(passed / _STEPS * math.log(last / first))
    if settings.schedule == "one_cycle":
        if done < _WARM_UP:
            return last + (first - last) * done / _WARM_UP
        return last + (first - last) * (1.0 + math.cos(math.pi * (done - _WARM_UP) / (1.0 - _WARM_UP))) / 2.0
    return first
