"""What `train` does for methods with a network."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click

from assay.cli.folders import CHECKPOINT
from assay.cli.stage import StageRun
from assay.estimators.history import EpochRecord
from assay.estimators.model_folder import save_estimator
from assay.estimators.settings import NetworkSettings, TrainingSettings
from assay.estimators.training import train_estimator
from assay.files import write_json
from assay.sampling.samples import RatioSample, ScoreSample
from assay.study.model import RatioMethod, ScoreMethod

_REPORT_SECONDS = 5.0


def train(method: RatioMethod | ScoreMethod, samples: Path, run: StageRun) -> None:
    """Train a method's network on samples: writes model/ and history.json."""
    kind = RatioSample if isinstance(method, RatioMethod) else ScoreSample
    train, validation = (kind.load(samples / name) for name in ("train", "validation"))
    network, settings = settings_of(method, run.seed)
    run.tracker.parameters({"method": method.kind, "network": asdict(network), "training": asdict(settings)})
    for name, sample in (("train", train), ("validation", validation)):
        run.tracker.dataset(name, sample.digest(), name, len(sample))
    checkpoint = run.folder / CHECKPOINT
    trained = train_estimator(
        method.kind,
        train,
        validation,
        network,
        settings,
        callback=_progress(run, settings.epochs),
        checkpoint=checkpoint,
    )
    checkpoint.unlink(missing_ok=True)
    save_estimator(run.folder / "model", trained.estimator)
    write_json(run.folder / "history.json", asdict(trained.history))
    run.tracker.metrics(
        {"best_epoch": trained.history.best_epoch, "best_validation_loss": trained.history.best.validation_loss}
    )
    run.tracker.model(run.folder / "model", method.kind)


def settings_of(method: RatioMethod | ScoreMethod, seed: int) -> tuple[NetworkSettings, TrainingSettings]:
    """Return how a method of a resolved study is trained: with its own settings, or the study's."""
    section = method.training
    assert section is not None  # noqa: S101 - a resolved method has them
    alpha = method.alpha if isinstance(method, RatioMethod) else None
    return NetworkSettings(section.hidden_layers, section.activation), TrainingSettings(
        epochs=section.epochs,
        batch_size=section.batch_size,
        learning_rate=section.learning_rate,
        final_learning_rate=section.final_learning_rate,
        schedule=section.schedule,
        optimiser=section.optimiser,
        weight_decay=section.weight_decay,
        gradient_clip=section.max_gradient_norm,
        patience=section.early_stopping_patience,
        alpha=alpha if alpha is not None else 0.0,
        seed=seed % 2**31,
        device=section.device,
    )


def _progress(run: StageRun, epochs: int) -> Callable[[EpochRecord], None]:
    """Record every epoch, and show one every few seconds."""
    shown = time.monotonic()

    def report(record: EpochRecord) -> None:
        nonlocal shown
        losses = {"train_loss": record.train_loss, "validation_loss": record.validation_loss}
        run.tracker.metrics({**losses, "learning_rate": record.learning_rate}, record.epoch)
        if record.epoch in (1, epochs) or time.monotonic() - shown > _REPORT_SECONDS:
            shown = time.monotonic()
            text = f"loss {record.train_loss:.5g}, validation {record.validation_loss:.5g}"
            click.echo(f"  epoch {record.epoch} of {epochs}: {text}")

    return report
