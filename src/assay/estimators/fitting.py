"""The training loop: plain tensors, no workers.

Every epoch's order of rows, and whatever else is random in it, follows from the seed and the epoch's number alone, so a
training resumed from a checkpoint goes on as if it had not been interrupted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from assay.errors import TrainingError
from assay.estimators.checkpoint import Progress, read_checkpoint, write_checkpoint
from assay.estimators.culprits import culprits
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.objectives import AnyObjective, Groups
from assay.estimators.schedules import learning_rate_at, optimiser_of
from assay.estimators.settings import TrainingSettings
from assay.estimators.sources import Resident, Source

Callback = Callable[[EpochRecord], None]

_VALIDATION_BATCH = 16_384
_MEND = "lower the learning rate, set a gradient clip, trim extreme joint ratios, or look at the rows named"


def fit(
    objective: AnyObjective,
    train: Groups | Source,
    validation: Groups | Source,
    settings: TrainingSettings,
    *,
    callback: Callback | None = None,
    checkpoint: Path | None = None,
    fingerprint: str = "",
) -> TrainingHistory:
    """Train the objective's network, which ends with the weights of the epoch of the least validation loss.

    Parameters
    ----------
    objective
        The network and its loss; everything on the device of the rows.
    train, validation
        Packed rows, or sources of them.
    settings
        The training.
    callback
        Called after every epoch, resumed ones not repeated.
    checkpoint
        File that is written after every epoch; if there is one of the same `fingerprint`, training goes on from it.
    fingerprint
        Identifies the training (method, settings and data): a checkpoint of another one is not used.

    Raises
    ------
    TrainingError
        If a loss or a gradient is not finite, naming epoch, batch, rows and inputs.
    """
    rows, tests = _source(train), _source(validation)
    optimiser = optimiser_of(objective.network, settings)
    progress = Progress(best_state=_copy_of(objective.network))
    if checkpoint is not None and checkpoint.exists():
        progress = read_checkpoint(checkpoint, fingerprint, objective.network, optimiser) or progress
    while not progress.finished(settings):
        epoch = len(progress.records) + 1
        train_loss, rate = _train_epoch(objective, optimiser, rows, settings, epoch)
        record = EpochRecord(epoch, train_loss, _validate(objective, tests, settings, epoch), rate)
        if record.validation_loss < progress.best_loss:
            progress.best_epoch, progress.best_loss = epoch, record.validation_loss
            progress.best_state = _copy_of(objective.network)
        progress.records.append(record)
        if checkpoint is not None:
            write_checkpoint(checkpoint, fingerprint, progress, objective.network, optimiser)
        if callback is not None:
            callback(record)
    objective.network.load_state_dict(progress.best_state)
    objective.network.eval()
    return TrainingHistory(tuple(progress.records), progress.best_epoch, len(progress.records) < settings.epochs)


def _source(rows: Groups | Source) -> Source:
    return Resident(rows) if isinstance(rows, tuple) else rows


@dataclass
class _Losses:
    """Sums over an epoch; on a GPU they are looked at when it ends, since every look waits for the GPU."""

    losses: list[Tensor]
    norms: list[Tensor]
    sizes: list[int]


def _train_epoch(
    objective: AnyObjective, optimiser: torch.optim.Optimizer, source: Source, settings: TrainingSettings, epoch: int
) -> tuple[float, float]:
    """Return the mean loss while training and the learning rate at the end of the epoch."""
    objective.network.train()
    total = max(1, round(source.n_rows() / settings.batch_size))
    found, rate = _Losses([], [], []), settings.learning_rate
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed * 1_000_003 + epoch)
        for number, groups in enumerate(source.windows(epoch)):
            orders = _orders(groups, settings.seed, epoch, number)
            for chosen in _slices(groups, settings.batch_size):
                rate = learning_rate_at(settings, (epoch - 1 + min(1.0, len(found.sizes) / total)) / settings.epochs)
                for group in optimiser.param_groups:
                    group["lr"] = rate
                batch = tuple(rows[order[part]] for rows, order, part in zip(groups, orders, chosen, strict=True))
                _step(objective, optimiser, batch, settings, found, (epoch, total))
                found.sizes.append(_size(chosen))
    losses, norms = torch.stack(found.losses), torch.stack(found.norms)
    _check_finite(losses, norms, epoch)
    sizes = torch.tensor(found.sizes, dtype=torch.float64)
    return float((losses.double().cpu() * sizes).sum() / sizes.sum()), rate


def _step(
    objective: AnyObjective,
    optimiser: torch.optim.Optimizer,
    batch: Groups,
    settings: TrainingSettings,
    found: _Losses,
    place: tuple[int, int],
) -> None:
    optimiser.zero_grad(set_to_none=True)
    device = batch[0].device
    with torch.autocast(device.type, torch.bfloat16, enabled=settings.mixed_precision):
        loss = objective.loss(batch, differentiable=True)
    if device.type == "cpu" and not math.isfinite(float(loss.detach())):
        _refuse("loss", float(loss.detach()), place[0], len(found.losses), place[1], culprits(objective, batch))
    loss.backward()  # type: ignore[no-untyped-call]
    norm = torch.zeros((), device=device)
    if settings.gradient_clip is not None:
        norm = nn.utils.clip_grad_norm_(objective.network.parameters(), settings.gradient_clip)
        if device.type == "cpu" and not math.isfinite(float(norm)):
            _refuse("gradient", float(norm), place[0], len(found.losses), place[1], "")
    optimiser.step()
    found.losses.append(loss.detach())
    found.norms.append(norm.detach())


def _validate(objective: AnyObjective, source: Source, settings: TrainingSettings, epoch: int) -> float:
    objective.network.eval()
    total, n = 0.0, 0
    for groups in source.windows(1):
        for chosen in _slices(groups, _VALIDATION_BATCH):
            batch = tuple(rows[part] for rows, part in zip(groups, chosen, strict=True))
            with torch.no_grad(), torch.autocast(batch[0].device.type, torch.bfloat16, settings.mixed_precision):
                loss = float(objective.loss(batch, differentiable=False))
            total += loss * _size(chosen)
            n += _size(chosen)
    if not math.isfinite(total):
        raise TrainingError(
            f"the validation loss after epoch {epoch} is {total}", mend="lower the learning rate or set a gradient clip"
        )
    return total / n


def _orders(groups: Groups, seed: int, epoch: int, window: int) -> list[Tensor]:
    rng = np.random.default_rng([seed, epoch, window] if window else [seed, epoch])
    return [torch.from_numpy(rng.permutation(len(rows))).to(rows.device) for rows in groups]


def _slices(groups: Groups, batch_size: int) -> Iterator[tuple[slice, ...]]:
    """Yield batches of nearly equal size, each with its share of every group, that hold every row once."""
    n_batches = max(1, round(sum(len(rows) for rows in groups) / batch_size))
    edges = [np.linspace(0, len(rows), n_batches + 1).round().astype(int).tolist() for rows in groups]
    for index in range(n_batches):
        yield tuple(slice(edge[index], edge[index + 1]) for edge in edges)


def _size(chosen: tuple[slice, ...]) -> int:
    return sum(part.stop - part.start for part in chosen)


def _copy_of(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.state_dict().items()}


def _check_finite(losses: Tensor, norms: Tensor, epoch: int) -> None:
    """Name the first batch that went wrong: its loss, or else its gradient, which spoils the loss of the next one."""
    bad = torch.nonzero(~torch.isfinite(losses) | ~torch.isfinite(norms))
    if len(bad):
        index = int(bad[0])
        loss = float(losses[index])
        what, value = ("gradient", float(norms[index])) if math.isfinite(loss) else ("loss", loss)
        _refuse(what, value, epoch, index, len(losses), "")


def _refuse(what: str, value: float, epoch: int, index: int, n_batches: int, rows: str) -> None:
    raise TrainingError(
        f"the {what} of epoch {epoch}, batch {index + 1} of {n_batches} is {value}" + (f" ({rows})" if rows else ""),
        expected="a finite number",
        mend=_MEND,
    )
