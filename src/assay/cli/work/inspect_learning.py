"""Looking into what was sampled and trained: folders of samples and of models."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assay.estimators.model_folder import load_estimator
from assay.events.inspection import Cell, Inspection, Table
from assay.events.statistics import ColumnStatistics
from assay.sampling.samples import RatioSample, load_sample

_CHUNK = 100_000


def inspect_sample(folder: Path) -> Inspection:
    """Look into a folder of augmented data.

    Raises
    ------
    AssayError
        If an array is missing or damaged.
    """
    sample = load_sample(folder)
    info = sample.info
    facts: list[tuple[str, Cell]] = [("of", sample.kind), ("samples", len(sample)), ("SHA-256", sample.digest())]
    suspicious = []
    if (size := info.effective_sample_size) is not None:
        facts += [("hypotheses", size.n_hypotheses), ("effective events, least", size.minimum)]
        facts += [("effective events, median", size.median)]
        if size.n_below_warning:
            suspicious.append(
                f"{size.n_below_warning} hypotheses have fewer than {size.warning_threshold:g} effective events"
            )
    if info.nuisance:
        facts.append(("nuisance parameters", ", ".join(info.nuisance)))
    if isinstance(sample, RatioSample):
        facts.append(("share of y = 1", float(np.mean(sample.y))))
    tables, faults = [], []
    for name in sample.arrays:
        array = np.asarray(getattr(sample, name))
        names = {"x": info.observables, "y": ("y",), "r_xz": ("r_xz",)}.get(name, info.parameters)
        table, found = _columns(name, names, array.reshape(len(array), -1))
        tables.append(table)
        faults += found
    parameters = tuple(
        (name, *interval, at) for name, interval, at in zip(info.parameters, info.ranges, info.reference, strict=True)
    )
    tables.insert(0, Table("parameters", ("name", "lowest", "highest", "reference"), parameters))
    return Inspection("augmented data", tuple(facts), tuple(tables), tuple(faults), tuple(suspicious))


def _columns(array: str, names: tuple[str, ...], values: np.ndarray) -> tuple[Table, list[str]]:
    found = ColumnStatistics.none(values.shape[1])
    for start in range(0, len(values), _CHUNK):
        found = found.updated(np.asarray(values[start : start + _CHUNK], dtype=np.float64))
    rows = tuple(
        (
            name,
            float(found.lowest[i]),
            float(found.mean[i]),
            float(found.standard_deviation[i]),
            float(found.highest[i]),
        )
        for i, name in enumerate(names)
    )
    faults = [f"{array} {name} is not finite in {n} samples" for name, n in zip(names, found.n_bad, strict=True) if n]
    return Table(array, ("name", "lowest", "mean", "standard deviation", "highest"), rows), faults


def inspect_model(folder: Path) -> Inspection:
    """Look into a model folder; its checksums are compared.

    Raises
    ------
    ModelError
        If a file is missing or is not the one that was saved.
    """
    found = load_estimator(folder).description
    training = found.training
    facts: tuple[tuple[str, Cell], ...] = (
        ("method", found.method),
        ("kind", found.family),
        ("network", f"{' x '.join(map(str, found.network.hidden))}, {found.network.activation}"),
        ("trained on", training.n_train),
        ("validated on", training.n_validation),
        ("epochs", training.n_epochs),
        ("best epoch", training.best_epoch),
        ("loss in training", training.train_loss),
        ("loss in validation", training.validation_loss),
        ("training data", training.train_digest),
        ("nuisance parameters", ", ".join(found.nuisance) or None),
        ("calibration", None if found.calibration is None else found.calibration.kind),
    )
    parameters = tuple(
        (name, *interval, at)
        for name, interval, at in zip(found.parameters, found.ranges, found.reference, strict=True)
    )
    tables = (
        Table("parameters", ("name", "lowest", "highest", "reference"), parameters),
        Table("observables", ("name",), tuple((name,) for name in found.observables)),
    )
    suspicious = []
    if training.best_epoch >= training.n_epochs:
        suspicious.append("the last epoch is the best: more epochs may do better")
    return Inspection("model", facts, tables, (), tuple(suspicious))
