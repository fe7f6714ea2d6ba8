"""The preprocessing of a training sample: its numbers, and the kind of every observable where that is `auto`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from assay.errors import TrainingError
from assay.estimators.preprocessing import INVERTIBLE, KINDS, Choice, Kind, Preprocessing, Standardisation

_MISSING_SHARE = 0.005  # of a value that stands for a missing object
_SKEWED = 1.0  # skewness from which a positive observable is one with a tail
_TAILED = 10.0  # fourth moment from which any observable is; of a Gaussian one it is 3
_NEARLY_PI = 3.0
_ROWS = 100_000  # that decide


def preprocessing(
    x: NDArray[np.float32], kinds: Literal["auto", "standard"] | Sequence[Choice], observables: Sequence[str]
) -> Preprocessing | Standardisation:
    """Return the preprocessing of observables (N, O) of a training sample.

    `kinds` is of all observables, or of each.

    Raises
    ------
    TrainingError
        If there is not one known kind for each observable.
    """
    asked = _asked(kinds, x.shape[1])
    unknown = [kind for kind in asked if kind not in (*KINDS, "auto")]
    if len(asked) != x.shape[1] or unknown:
        raise TrainingError(
            f"{len(asked)} kinds of preprocessing for {x.shape[1]} observables ({', '.join(observables)})"
            + (f", among them {unknown[0]!r}" if unknown else ""),
            expected=f"one for each: {', '.join(KINDS)}, auto",
        )
    chosen = _decided(x, asked)
    mean, deviation = np.mean(x, axis=0, dtype=np.float64), np.std(x, axis=0, dtype=np.float64)
    if set(chosen) == {"standard"}:
        return Standardisation(torch.from_numpy(mean), torch.from_numpy(deviation))
    anchors, centres, scales = [], [], []
    for column, kind in enumerate(chosen):
        anchor, centre, scale = _numbers(kind, np.asarray(x[:, column], dtype=np.float64))
        anchors.append(anchor)
        centres.append(centre)
        scales.append(scale)
    return Preprocessing(chosen, *(torch.tensor(values, dtype=torch.float64) for values in (anchors, centres, scales)))


def invertible_kinds(
    x: NDArray[np.float32], kinds: Literal["auto", "standard"] | Sequence[Choice], discrete: Sequence[bool]
) -> tuple[Kind, ...]:
    """Return the kinds for densities of observables (N, O): `signed_log` in place of `log`, else `standard`."""
    found: list[Kind] = []
    for column, kind in enumerate(_decided(x, _asked(kinds, x.shape[1]))):
        tailed: Kind = "signed_log" if kind == "log" else kind
        found.append(tailed if tailed in INVERTIBLE and not discrete[column] else "standard")
    return tuple(found)


def _asked(kinds: Literal["auto", "standard"] | Sequence[Choice], n: int) -> tuple[Choice, ...]:
    return tuple(kinds for _ in range(n)) if isinstance(kinds, str) else tuple(kinds)


def _decided(x: NDArray[np.float32], asked: tuple[Choice, ...]) -> list[Kind]:
    by_sample = chosen_kinds(x) if "auto" in asked else ()
    return [by_sample[column] if kind == "auto" else kind for column, kind in enumerate(asked)]


def _numbers(kind: Kind, values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return anchor, centre and scale of a column."""
    if kind == "none":
        return 1.0, 0.0, 1.0
    if kind == "periodic":
        return 1.0, 0.0, 1.0
    if kind == "mask":
        missing, _ = _most_frequent(values)
        there = values[values != missing]
        return missing, float(there.mean()) if len(there) else 0.0, float(there.std()) if len(there) else 1.0
    if kind == "log":
        positive = values[values > 0]
        anchor = float(positive.min()) if len(positive) else 1.0
        transformed = np.log(np.maximum(values, anchor))
        return anchor, float(transformed.mean()), float(transformed.std())
    if kind == "signed_log":
        anchor = float(values.std()) or 1.0
        transformed = np.sign(values) * np.log1p(np.abs(values) / anchor)
        return anchor, float(transformed.mean()), float(transformed.std())
    return 1.0, float(values.mean()), float(values.std())


def chosen_kinds(x: NDArray[np.float32]) -> tuple[Kind, ...]:
    """Choose a kind for each observable (N, O) by its distribution over different events.

    One value that stands out among continuous ones means "missing" (`mask`); values that fill [-pi, pi] to its ends
    are `periodic`; positive ones with a long tail are taken by their `log`, others with long tails by `signed_log`.
    """
    rows = np.ascontiguousarray(x[:_ROWS], dtype=np.float32)
    different = np.unique(rows.view([("", np.float32)] * rows.shape[1]).ravel())  # an event may be drawn many times
    return tuple(
        _kind(np.asarray(column, dtype=np.float64))
        for column in different.view(np.float32).reshape(-1, rows.shape[1]).T
    )


def _kind(values: NDArray[np.float64]) -> Kind:
    missing, share = _most_frequent(values)
    others = values[values != missing]
    if len(np.unique(others)) <= 0.1 * len(others):  # counts, charges, constants
        return "standard"
    if share > _MISSING_SHARE and missing in (values.min(), values.max(), 0.0):
        return "mask"
    if np.abs(values).max() <= np.pi * (1 + 1e-6) and values.min() < -_NEARLY_PI and values.max() > _NEARLY_PI:
        return "periodic"
    deviates = (values - values.mean()) / (values.std() or 1.0)
    if values.min() > 0 and float(np.mean(deviates**3)) > _SKEWED:
        return "log"
    return "signed_log" if float(np.mean(deviates**4)) > _TAILED else "standard"


def _most_frequent(values: NDArray[np.float64]) -> tuple[float, float]:
    """Return the most frequent value and its share."""
    distinct, counts = np.unique(values, return_counts=True)
    index = int(np.argmax(counts))
    return float(distinct[index]), float(counts[index]) / max(1, len(values))
