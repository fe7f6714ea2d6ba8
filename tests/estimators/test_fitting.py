"""The training loop: what it keeps, when it stops, how it resumes, and what it refuses."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators import fitting
from assay.estimators.fitting import fit
from assay.estimators.history import EpochRecord
from assay.estimators.settings import TrainingSettings

pytestmark = pytest.mark.fast

SETTINGS = TrainingSettings(
    epochs=6,
    batch_size=50,
    learning_rate=0.05,
    final_learning_rate=0.005,
    patience=None,
    optimiser="adam",
    weight_decay=0.0,
)


class Line:
    """Least squares of a straight line, with the batches seen and, if asked, losses that break."""

    def __init__(self, break_at: int | None = None) -> None:
        torch.manual_seed(1)
        self.network = nn.Linear(1, 1)
        self.break_at = break_at
        self.n_batches = 0
        self.seen: list[Tensor] = []

    def loss(self, groups: tuple[Tensor, ...], differentiable: bool) -> Tensor:
        rows = torch.cat(groups)
        loss = torch.mean((self.network(rows[:, :1]) - rows[:, 1:]) ** 2)
        if differentiable:
            self.n_batches += 1
            self.seen.append(rows[:, 0].clone())
            if self.n_batches == self.break_at:
                return loss * math.nan
        return loss


def _groups(n: int = 400, seed: int = 2) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 1, generator=generator)
    rows = torch.cat([x, 3.0 * x + 1.0 + 0.1 * torch.randn(n, 1, generator=generator)], dim=1)
    return rows[: n // 2], rows[n // 2 :]


class KilledError(Exception):
    """Stands for a job that dies."""


def test_training_learns() -> None:
    line = Line()
    history = fit(line, _groups(), _groups(seed=3), replace(SETTINGS, epochs=40))
    assert line.network.weight.item() == pytest.approx(3.0, abs=0.05)
    assert line.network.bias.item() == pytest.approx(1.0, abs=0.05)
    assert history.best.validation_loss == pytest.approx(0.01, rel=0.3)
    assert not line.network.training


def test_every_row_is_seen_once_an_epoch_in_new_order() -> None:
    line, groups = Line(), _groups(403)
    fit(line, groups, _groups(), replace(SETTINGS, epochs=2))
    n_batches = len(line.seen) // 2
    assert n_batches == 8
    assert {len(batch) for batch in line.seen} <= {50, 51, 52}
    epochs = [torch.cat(line.seen[:n_batches]), torch.cat(line.seen[n_batches:])]
    everything = torch.cat(groups)[:, 0].sort().values
    for seen in epochs:
        torch.testing.assert_close(seen.sort().values, everything, rtol=0.0, atol=0.0)
    assert not torch.equal(*epochs)


def test_the_best_epoch_is_restored_not_the_last() -> None:
    """The validation line is the training line's opposite: every epoch after the first makes it worse."""
    line = Line()
    with torch.no_grad():
        line.network.weight.fill_(-3.0)
        line.network.bias.fill_(-1.0)
    opposite = tuple(torch.cat([rows[:, :1], -rows[:, 1:]], dim=1) for rows in _groups(seed=3))
    weights: list[float] = []
    history = fit(line, _groups(), opposite, SETTINGS, callback=lambda _: weights.append(line.network.weight.item()))
    assert history.best_epoch == 1
    assert [record.validation_loss for record in history.records] == sorted(r.validation_loss for r in history.records)
    assert line.network.weight.item() == weights[0] != weights[-1]
    assert float(line.loss(opposite, differentiable=False).detach()) == pytest.approx(history.best.validation_loss)


def test_patience_stops_the_training() -> None:
    opposite = tuple(torch.cat([rows[:, :1], -10.0 * rows[:, 1:]], dim=1) for rows in _groups(seed=3))
    history = fit(Line(), _groups(), opposite, replace(SETTINGS, epochs=50, patience=3))
    assert history.stopped_early
    assert len(history.records) == history.best_epoch + 3


def test_history_and_callback_agree() -> None:
    seen: list[EpochRecord] = []
    history = fit(Line(), _groups(), _groups(seed=3), SETTINGS, callback=seen.append)
    assert tuple(seen) == history.records
    assert [record.epoch for record in seen] == [1, 2, 3, 4, 5, 6]
    assert not history.stopped_early
    assert seen[-1].learning_rate < seen[0].learning_rate


def test_seeds_decide() -> None:
    losses = [fit(Line(), _groups(), _groups(seed=3), replace(SETTINGS, seed=seed)).best for seed in (4, 4, 5)]
    assert losses[0] == losses[1] != losses[2]


@pytest.mark.parametrize("killed_after", [1, 4])
def test_a_killed_training_resumes_with_the_same_result(killed_after: int, tmp_path: Path) -> None:
    whole = Line()
    expected = fit(whole, _groups(), _groups(seed=3), SETTINGS)

    def kill(record: EpochRecord) -> None:
        if record.epoch == killed_after:
            raise KilledError

    with pytest.raises(KilledError):
        fit(Line(), _groups(), _groups(seed=3), SETTINGS, callback=kill, checkpoint=tmp_path / "c.pt", fingerprint="a")
    resumed, seen = Line(), list[int]()
    history = fit(
        resumed,
        _groups(),
        _groups(seed=3),
        SETTINGS,
        callback=lambda record: seen.append(record.epoch),
        checkpoint=tmp_path / "c.pt",
        fingerprint="a",
    )
    assert seen == list(range(killed_after + 1, 7))
    assert history == expected
    torch.testing.assert_close(resumed.network.state_dict(), whole.network.state_dict(), rtol=0.0, atol=0.0)


def test_a_checkpoint_of_another_training_is_not_used(tmp_path: Path) -> None:
    fit(Line(), _groups(), _groups(seed=3), SETTINGS, checkpoint=tmp_path / "c.pt", fingerprint="a")
    seen: list[EpochRecord] = []
    fit(
        Line(),
        _groups(),
        _groups(seed=3),
        SETTINGS,
        callback=seen.append,
        checkpoint=tmp_path / "c.pt",
        fingerprint="b",
    )
    assert len(seen) == 6


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    path = tmp_path / "c.pt"
    fit(Line(), _groups(), _groups(seed=3), replace(SETTINGS, epochs=1), checkpoint=path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TrainingError, match=r"c\.pt.*checkpoint cannot be read"):
        fit(Line(), _groups(), _groups(seed=3), SETTINGS, checkpoint=path)


@pytest.mark.parametrize(("break_at", "epoch", "batch"), [(3, 1, 3), (13, 2, 5)])
def test_nan_names_epoch_and_batch(break_at: int, epoch: int, batch: int) -> None:
    with pytest.raises(TrainingError, match=f"epoch {epoch}, batch {batch} of 8 is nan"):
        fit(Line(break_at), _groups(), _groups(seed=3), SETTINGS)


def test_nan_gradients_of_a_finite_loss_are_found() -> None:
    class Root(Line):
        def loss(self, groups: tuple[Tensor, ...], differentiable: bool) -> Tensor:
            # sqrt(0) has an infinite derivative, times zero
            return super().loss(groups, differentiable) + torch.sqrt(0.0 * self.network.weight.sum())

    with pytest.raises(TrainingError, match="gradient of epoch 1, batch 1"):
        fit(Root(), _groups(), _groups(seed=3), SETTINGS)


def test_nan_in_validation_is_found() -> None:
    broken = tuple(rows * math.inf for rows in _groups(seed=3))
    with pytest.raises(TrainingError, match="validation loss after epoch 1"):
        fit(Line(), _groups(), broken, SETTINGS)


def test_gradients_are_clipped() -> None:
    steps = []
    for clip in (None, 1e-12):
        line = Line()
        before = line.network.weight.item()
        # without Adam's normalisation in the way: its epsilon dominates a gradient as small as the clip
        fit(line, _groups(), _groups(seed=3), replace(SETTINGS, epochs=1, gradient_clip=clip))
        steps.append(abs(line.network.weight.item() - before))
    assert steps[0] > 100.0 * steps[1]


def test_decoupled_weight_decay_shrinks_weights() -> None:
    weights = []
    for decay in (0.0, 5.0):
        line = Line()
        fit(line, _groups(), _groups(seed=3), replace(SETTINGS, epochs=20, optimiser="adamw", weight_decay=decay))
        weights.append(line.network.weight.item())
    assert weights[1] < 0.9 * weights[0]


def test_validation_in_parts_is_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = fit(Line(), _groups(), _groups(333, seed=3), replace(SETTINGS, epochs=1)).best.validation_loss
    monkeypatch.setattr(fitting, "_VALIDATION_BATCH", 17)
    in_parts = fit(Line(), _groups(), _groups(333, seed=3), replace(SETTINGS, epochs=1)).best.validation_loss
    assert in_parts == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"final_learning_rate": -1.0},
        {"patience": 0},
        {"gradient_clip": 0.0},
        {"alpha": -1.0},
        {"weight_decay": -1.0},
        {"learning_rate": math.nan},
    ],
)
def test_settings_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match=next(iter(wrong))):
        TrainingSettings(**wrong)  # type: ignore[arg-type]
