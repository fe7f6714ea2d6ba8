"""What `train` does for methods with a network."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from assay.cli.folders import CHECKPOINT
from assay.cli.stage import StageRun
from assay.cli.work.pool import event_pool
from assay.estimators.calibrated import CalibratedRatio
from assay.estimators.calibrating import calibrated
from assay.estimators.description import Family
from assay.estimators.families import Estimator
from assay.estimators.history import EpochRecord
from assay.estimators.model_folder import save_estimator
from assay.estimators.scan import Choices, Integer, Range, Scan, Trial, Uniform, Value, run_scan
from assay.estimators.score import LocalScore
from assay.estimators.settings import FlowSettings, NetworkSettings, TrainingSettings
from assay.estimators.training import TrainedEstimator, train_estimator
from assay.events.pool import Partition
from assay.files import write_json
from assay.sampling.from_study import sample_source
from assay.sampling.requests import sample_request
from assay.sampling.samples import RatioSample, Sample, load_sample
from assay.sampling.streaming import SampleStream
from assay.study.model import DensityMethod, RatioMethod, ScoreMethod, Study, Trained
from assay.study.model_methods import RatioFamily
from assay.study.model_scan import IntegerRange, LogUniformRange, ScanRange, ScanSection
from assay.study.seeds import derive_seed
from assay.study.training_jobs import TrainingJob

_REPORT_SECONDS = 5.0


_FAMILIES: dict[RatioFamily, Family] = {
    "parameterised": "parameterised_ratio",
    "doubly_parameterised": "doubly_parameterised_ratio",
    "morphing_aware": "morphing_aware_ratio",
    "quadratic": "quadratic_ratio",
    "pointwise": "pointwise_ratio",
}


def train(study: Study, method: Trained, job: TrainingJob, samples: Path, events: Path, run: StageRun) -> None:
    """Do one training, or a share of a scan: writes model/, history.json, and trials.json of a scan.

    Parameters
    ----------
    study, method
        The resolved study and the method's section.
    job
        Which training of the method.
    samples
        Its samples, in folders `train` and `validation`.
    events
        `combined.h5`, read by trainings that draw afresh alone.
    run
        Where to write.
    """
    data = _data(study, method, samples, events, run)
    for name, sample in (("train", data.first), ("validation", data.validation)):
        run.tracker.dataset(name, sample.digest(), name, len(sample))
    if job.scan is None:
        trained = _trained(method, data, run.seed, run, run.folder / CHECKPOINT)
        (run.folder / CHECKPOINT).unlink(missing_ok=True)
    else:
        trained = _scanned(study, method, job, data, run)
    save_estimator(run.folder / "model", _calibrated(method, trained.estimator, data.validation))
    write_json(run.folder / "history.json", asdict(trained.history))
    run.tracker.metrics(
        {"best_epoch": trained.history.best_epoch, "best_validation_loss": trained.history.best.validation_loss}
    )
    run.tracker.model(run.folder / "model", method.kind)


@dataclass(frozen=True)
class _Data:
    """What is trained on; `first` is the sample of the first epoch."""

    train: Sample | SampleStream[Sample]
    first: Sample
    validation: Sample


def _data(study: Study, method: Trained, samples: Path, events: Path, run: StageRun) -> _Data:
    validation = load_sample(samples / "validation")
    assert method.training is not None  # noqa: S101 - a resolved method has one
    if method.training.source == "samples":
        stored = load_sample(samples / "train")
        return _Data(stored, stored, validation)
    request = sample_request(method)
    assert request is not None  # noqa: S101 - a trained method has one
    pool = event_pool(study, events)
    draw = sample_source(study, request, pool, Partition.TRAIN, study.sampling.train_samples)
    stream = SampleStream(draw, (run.seed,))
    return _Data(stream, stream.draw(0), validation)


def _trained(method: Trained, data: _Data, seed: int, run: StageRun, checkpoint: Path | None) -> TrainedEstimator:
    network, settings = settings_of(method, seed, data.first.info.observables)
    family, flow = architecture_of(method)
    if checkpoint is not None:
        described: dict[str, object] = {} if family is None else {"family": family}
        described |= {} if flow is None else {"flow": asdict(flow)}
        told = {"method": method.kind, **described, "network": asdict(network), "training": asdict(settings)}
        run.tracker.parameters(told)
    return train_estimator(
        method.kind,
        data.train,
        data.validation,
        network,
        settings,
        family=family,
        flow=flow,
        callback=_progress(run, settings.epochs) if checkpoint is not None else None,
        checkpoint=checkpoint,
    )


def _scanned(study: Study, method: Trained, job: TrainingJob, data: _Data, run: StageRun) -> TrainedEstimator:
    """Run the job's share of the scan; draws are of the method's seed, the same for all its jobs."""
    assert method.scan is not None  # noqa: S101 - the job is of one
    assert job.scan is not None  # noqa: S101
    scan = scan_of(method.scan, derive_seed(study.seed, f"scan of {job.method}") % 2**31)
    run.tracker.parameters({"method": method.kind, "scan": method.scan.model_dump(mode="json")})

    def one(values: Mapping[str, Value], number: int) -> TrainedEstimator:
        return _trained(tried(method, values), data, derive_seed(run.seed, str(number)), run, None)

    def report(trial: Trial) -> None:
        told = ", ".join(f"{name} {value}" for name, value in trial.values.items())
        outcome = trial.error or f"validation loss {trial.validation_loss:.5g}"
        click.echo(f"  trial {trial.number + 1} of {scan.n_trials}: {told}: {outcome}")
        metrics = {} if trial.error else {"best_epoch": trial.best_epoch, "best_validation_loss": trial.validation_loss}
        name = f"{job.method} trial {trial.number + 1}"
        run.tracker.trial(name, {"method": method.kind, **trial.values}, metrics, trial.seconds, trial.error)

    outcome = run_scan(scan, job.scan, one, report)
    best = outcome.best_trial
    write_json(run.folder / "trials.json", [asdict(trial) for trial in outcome.trials])
    run.tracker.parameters({"best trial": {"number": best.number, **best.values}})
    return outcome.best


def scan_of(section: ScanSection, seed: int) -> Scan:
    """Return the scan that a study asks for."""
    return Scan(
        section.sampler,
        section.trials,
        section.n_jobs,
        {name: _range_of(one) for name, one in section.parameters.items()},
        seed,
    )


def _range_of(one: ScanRange) -> Range:
    if isinstance(one, tuple):
        return Choices(one)
    if isinstance(one, IntegerRange):
        return Integer(*one.integer)
    if isinstance(one, LogUniformRange):
        return Uniform(*one.log_uniform, logarithmic=True)
    return Uniform(*one.uniform)


def tried(method: Trained, values: Mapping[str, Value]) -> Trained:
    """Return a method with some settings of its training replaced."""
    assert method.training is not None  # noqa: S101 - a resolved method has one
    training = method.training.model_validate({**method.training.model_dump(), **values})
    return method.model_copy(update={"training": training})


def _calibrated(method: Trained, estimator: Estimator, validation: Sample) -> Estimator:
    """Put a ratio behind its calibration, if its method has one."""
    if not isinstance(method, RatioMethod) or method.calibration == "none":
        return estimator
    assert isinstance(validation, RatioSample)  # noqa: S101 - ratios train on nothing else
    assert not isinstance(estimator, LocalScore | CalibratedRatio)  # noqa: S101
    return calibrated(estimator, method.calibration, validation)


def architecture_of(method: Trained) -> tuple[Family | None, FlowSettings | None]:
    """Return the family of a ratio, and the flow of a density."""
    family = _FAMILIES[method.family] if isinstance(method, RatioMethod) else None
    if not isinstance(method, DensityMethod):
        return family, None
    return family, FlowSettings(method.flow.kind, method.flow.transforms, method.flow.bins)


def settings_of(
    method: Trained, seed: int, observables: Sequence[str] = ()
) -> tuple[NetworkSettings, TrainingSettings]:
    """Return how a method of a resolved study is trained: with its own settings, or the study's."""
    section = method.training
    assert section is not None  # noqa: S101 - a resolved method has them
    alpha = None if isinstance(method, ScoreMethod) else method.alpha
    named = section.preprocessing
    kinds = named if isinstance(named, str) else tuple(named.get(observable, "auto") for observable in observables)
    network = NetworkSettings(section.hidden_layers, section.activation, section.residual, kinds)
    return network, TrainingSettings(
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
        momentum=section.momentum,
        trim=section.trim,
        mixed_precision=section.mixed_precision,
        compiled=section.compile,
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
