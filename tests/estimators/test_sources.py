"""Sources of rows: every row once an epoch, whole or in windows, and the same training from files as from memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from assay.estimators import sources
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.sources import Mapped, Resident, Streamed, bytes_of, head
from assay.estimators.training import train_estimator
from assay.sampling.samples import RatioSample, ScoreSample
from assay.sampling.streaming import SampleStream

pytestmark = pytest.mark.fast

MakeScore = Callable[..., ScoreSample]
CPU = torch.device("cpu")


def _pack(sample: ScoreSample) -> tuple[torch.Tensor, ...]:
    return (torch.from_numpy(np.array(sample.x)),)


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "BLOCK", 16)


def test_rows_in_memory_are_one_window() -> None:
    groups = (torch.zeros(3, 2), torch.zeros(4, 2))
    assert [window is groups for window in Resident(groups).windows(1)] == [True]
    assert Resident(groups).n_rows() == 7


@pytest.mark.usefixtures("small_blocks")
def test_windows_of_files_hold_every_row_once_in_another_order(make_score_sample: MakeScore, tmp_path: Path) -> None:
    made = make_score_sample(1003)
    made.save(tmp_path / "sample")
    source = Mapped(ScoreSample.load(tmp_path / "sample"), _pack, 200, 5, CPU)
    assert source.n_rows() == 1003
    epochs = []
    for epoch in (1, 2):
        windows = [window[0] for window in source.windows(epoch)]
        assert len(windows) == 6
        assert max(len(window) for window in windows) <= 200
        epochs.append(torch.cat(windows).numpy())
        np.testing.assert_array_equal(np.sort(epochs[-1][:, 2]), np.sort(made.x[:, 2]))
    assert not np.array_equal(epochs[0], epochs[1])
    np.testing.assert_array_equal(torch.cat([window[0] for window in source.windows(2)]).numpy(), epochs[1])
    in_order = torch.cat([window[0] for window in replace(source, seed=None).windows(1)]).numpy()
    np.testing.assert_array_equal(in_order, made.x)


@pytest.mark.usefixtures("small_blocks")
def test_the_head_is_from_all_over_the_sample(make_score_sample: MakeScore) -> None:
    sample = make_score_sample(1000)
    part = head(sample, 100)
    assert 80 <= len(part) <= 112
    rows = [int(np.flatnonzero(sample.x[:, 2] == value)[0]) for value in part.x[:, 2]]
    assert min(rows) == 0
    assert max(rows) == 999
    assert head(sample, 1000) is sample


def test_streams_are_drawn_afresh_for_every_epoch(make_score_sample: MakeScore) -> None:
    source = Streamed(lambda epoch: make_score_sample(50, seed=10 + epoch), _pack, 50, CPU)
    first, second = (next(iter(source.windows(epoch)))[0].numpy() for epoch in (1, 2))
    np.testing.assert_array_equal(first, make_score_sample(50, seed=10).x)
    np.testing.assert_array_equal(second, make_score_sample(50, seed=11).x)


def test_a_stream_trains_on_other_rows_in_every_epoch(make_score_sample: MakeScore) -> None:
    drawn = []

    def draw(rng: np.random.Generator) -> ScoreSample:
        drawn.append(int(rng.integers(1 << 30)))
        return make_score_sample(500, seed=drawn[-1])

    settings = TrainingSettings(epochs=3, batch_size=100, device="cpu")
    network = NetworkSettings((8,))
    validation = make_score_sample(500, 2)
    one, again = (
        train_estimator("sally", SampleStream(draw, (7,)), validation, network, settings).history for _ in range(2)
    )
    assert one == again
    assert len(set(drawn)) == 3
    stored = train_estimator("sally", make_score_sample(500, seed=drawn[0]), validation, network, settings).history
    assert stored.records[0].train_loss == one.records[0].train_loss
    assert stored.records[1].train_loss != one.records[1].train_loss


@pytest.mark.usefixtures("small_blocks")
def test_a_training_from_files_is_as_good_as_one_from_memory(
    make_ratio_sample: Callable[..., RatioSample], tmp_path: Path
) -> None:
    make_ratio_sample(4000).save(tmp_path / "train")
    train, validation = RatioSample.load(tmp_path / "train"), make_ratio_sample(1000, 2)
    settings = TrainingSettings(epochs=6, batch_size=100, device="cpu")
    losses = []
    for limit in (bytes_of(train), bytes_of(train) // 2):
        history = train_estimator(
            "alices", train, validation, NetworkSettings((12,)), replace(settings, resident_bytes=limit)
        ).history
        losses.append([record.validation_loss for record in history.records])
    whole, windows = losses
    assert whole != windows
    # windows are another order of the same rows, which is worth a small part of what is learnt
    assert min(windows) == pytest.approx(min(whole), abs=0.2 * (whole[0] - min(whole)))
