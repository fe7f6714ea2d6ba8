"""Entries of the leaderboard: a class of a user's module, or a container that is told events by files."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.errors import ModelError
from assay.estimators.entry import EntryRatio, EntryScore, entry_kind
from assay.sampling.samples import Sample

Array = NDArray[np.float64]

_CONTAINER = "docker://"
_FITTED_ON = ("train", "validation")
_ROWS = 1_000_000
_INSIDE = "/entry"


@dataclass(frozen=True)
class Entry:
    """A user's estimator, made for the samples of a study; `seconds` of its fit, None without."""

    name: str
    kind: str
    estimator: EntryRatio | EntryScore
    seconds: float | None


def open_entry(text: str, samples: Mapping[str, Path], tests: Mapping[str, Sample]) -> Entry:
    """Make an entry, and fit it if it has `fit`.

    Parameters
    ----------
    text
        `package.module:Class`, found from the working folder, or `docker://image`.
    samples, tests
        By kind (`ratio`, `score`): folders with `train` and `validation`, and the test samples.

    Raises
    ------
    ModelError
        If it cannot be imported or made, estimates nothing, or the study has no samples of its kind.
    """
    name = text.removeprefix(_CONTAINER).rpartition("/")[2] if text.startswith(_CONTAINER) else text.rpartition(":")[2]
    made = _Container(text.removeprefix(_CONTAINER)) if text.startswith(_CONTAINER) else _instance(text)
    of_kind = entry_kind(made, text)
    kind = "ratio" if of_kind is EntryRatio else "score"
    if kind not in tests:
        raise ModelError(
            f"the study has no {kind} samples",
            where=text,
            expected=f"an entry for {' or '.join(tests) or 'a study with augmented data'}",
            mend=f"give the study a method that is trained on {kind} samples: {'carl' if kind == 'ratio' else 'sally'}",
        )
    seconds = _fitted(made, samples[kind]) if callable(getattr(made, "fit", None)) else None
    shown = "container" if isinstance(made, _Container) else "entry"
    return Entry(name, shown, of_kind(text, made, tests[kind].info), seconds)


def _instance(text: str) -> Any:
    module, colon, name = text.partition(":")
    if not colon or not module or not name:
        raise ModelError(f"{text!r} is no entry", expected="package.module:Class, or docker://image")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise ModelError(
            f"the entry cannot be imported ({error})", where=text, expected="a module found from this folder, its class"
        ) from error
    return found() if isinstance(found, type) else found


def _fitted(estimator: Any, samples: Path) -> float:
    """Fit an estimator on a folder that shows no test sample; return the seconds that it took."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for part in _FITTED_ON:
            if (samples / part).is_dir():
                (Path(folder) / part).symlink_to((samples / part).resolve())
        estimator.fit(Path(folder))
    return time.monotonic() - start


class _Container:
    """An image whose program reads x.npy and theta.npy of /entry, and writes log_r.npy there.

    A row is an event (O observables) and a hypothesis (P parameters). It has no network.
    """

    def __init__(self, image: str) -> None:
        if shutil.which("docker") is None:
            raise ModelError(
                "there is no docker here", where=image, expected="docker on the PATH", mend="`assay doctor` says more"
            )
        self._image = image

    def log_ratio(self, x: Array, theta: Array) -> Array:
        """Return log r, shape (T, E)."""
        rows = np.tile(x, (len(theta), 1)), np.repeat(theta, len(x), axis=0)
        return self.paired_log_ratio(*rows).reshape(len(theta), len(x))

    def paired_log_ratio(self, x: Array, theta: Array) -> Array:
        """Return log r, shape (N,)."""
        parts = [self._call(x[i : i + _ROWS], theta[i : i + _ROWS]) for i in range(0, len(x), _ROWS)]
        return np.concatenate(parts) if parts else np.empty(0)

    def _call(self, x: Array, theta: Array) -> Array:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            np.save(folder / "x.npy", x)
            np.save(folder / "theta.npy", theta)
            call = ["docker", "run", "--rm", "--network", "none", "--user", f"{os.getuid()}:{os.getgid()}"]
            call += ["--volume", f"{folder}:{_INSIDE}", "--workdir", _INSIDE, self._image]
            done = subprocess.run(call, capture_output=True, text=True, check=False)
            if done.returncode:
                said = (done.stderr or done.stdout).strip().splitlines()[-1:]
                raise ModelError(f"the container ended with status {done.returncode}: {said}", where=self._image)
            try:
                found = np.asarray(np.load(folder / "log_r.npy", allow_pickle=False), dtype=np.float64)
            except (OSError, ValueError) as error:
                raise ModelError(
                    f"the container left no readable log_r.npy ({error})",
                    where=self._image,
                    expected=f"log_r.npy in {_INSIDE}, one number per row of x.npy",
                ) from None
        if found.shape != (len(x),):
            raise ModelError(f"log_r.npy has shape {found.shape}", where=self._image, expected=f"({len(x)},)")
        return found
