"""Losses that are not finite: which rows, and what is unusual about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from assay.errors import TrainingError
from assay.estimators import fitting
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample

pytestmark = pytest.mark.fast

SETTINGS = TrainingSettings(epochs=2, batch_size=500, device="cpu", gradient_clip=None)


def _with_a_huge_ratio(sample: RatioSample) -> RatioSample:
    """1e30 squared is more than single precision holds; y = 1, where ROLR looks at r itself."""
    ratios = sample.r_xz.copy()
    ratios[41] = 1e30
    assert sample.y[41] == 1.0
    return replace(sample, r_xz=ratios)


@pytest.mark.parametrize("looks", [True, False])
def test_the_row_and_its_input_are_named(
    make_ratio_sample: Callable[..., RatioSample], monkeypatch: pytest.MonkeyPatch, looks: bool
) -> None:
    """Also where losses are looked at after the epoch alone, as on a GPU."""
    monkeypatch.setattr(fitting._Training, "looks_at_every_step", looks)
    train = _with_a_huge_ratio(make_ratio_sample())
    with pytest.raises(
        TrainingError, match=r"loss of epoch 1, batch \d of 4 is inf \(row \d+ of group 2: r_xz = 1e\+30\)"
    ):
        train_estimator("rolr", train, make_ratio_sample(500, 2), NetworkSettings((8,)), SETTINGS)


def test_trimming_takes_extreme_ratios(make_ratio_sample: Callable[..., RatioSample]) -> None:
    train, validation = make_ratio_sample(), make_ratio_sample(500, 2)
    trimmed, untrimmed = (
        train_estimator("rolr", sample, validation, NetworkSettings((8,)), replace(SETTINGS, trim=3.0)).history
        for sample in (_with_a_huge_ratio(train), replace(train, r_xz=_with(train.r_xz, 41, np.exp(3.0))))
    )
    assert trimmed == untrimmed


def _with(values: np.ndarray, row: int, value: float) -> np.ndarray:
    changed = values.copy()
    changed[row] = value
    return changed
