"""Augmented data, in memory and as a folder of `.npy` arrays with MadMiner's names and a `sample.json`."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError
from assay.files import read_json, write_json
from assay.sampling.folder import atomic_folder

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class EffectiveSampleSize:
    """How many unweighted events the pool is worth at the hypotheses drawn: (sum w)^2 / sum w^2.

    Parameters
    ----------
    n_hypotheses
        Number of hypotheses, the reference included.
    minimum, median
        Over the hypotheses.
    theta_of_minimum
        The hypothesis with the least.
    warning_threshold
        Below it the draws of a hypothesis repeat a few events too often for comfort.
    n_below_warning
        Number of hypotheses below the threshold.
    """

    n_hypotheses: int
    minimum: float
    median: float
    theta_of_minimum: tuple[float, ...]
    warning_threshold: float
    n_below_warning: int


@dataclass(frozen=True)
class SampleInfo:
    """What a sample's columns are and where it comes from.

    Parameters
    ----------
    observables, parameters
        The names of the columns of x and of theta.
    ranges
        (low, high) of every parameter in the prior of theta0, or in the parameter space for score samples.
    reference
        theta1 of a ratio sample, theta of a score sample.
    effective_sample_size
        None if the sample was not drawn from weighted events.
    n_rounded_to_zero
        Weights found below zero by no more than the rounding of the event file, over all events and hypotheses.
    """

    observables: tuple[str, ...]
    parameters: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]
    reference: tuple[float, ...]
    effective_sample_size: EffectiveSampleSize | None = None
    n_rounded_to_zero: int = 0


@dataclass(frozen=True)
class _Sample:
    info: SampleInfo

    kind: ClassVar[str]
    arrays: ClassVar[tuple[str, ...]]

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in self.arrays}
        if len(set(lengths.values())) != 1:
            raise SamplingError(f"arrays of different lengths in one sample: {lengths}", expected="one row per event")

    def __len__(self) -> int:
        return len(getattr(self, self.arrays[0]))

    def digest(self) -> str:
        """Return the SHA-256 of all arrays' names, shapes and content, hexadecimal."""
        digest = hashlib.sha256()
        for name in self.arrays:
            array = np.ascontiguousarray(getattr(self, name))
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            digest.update(array.data)
        return digest.hexdigest()

    def save(self, folder: str | Path) -> None:
        """Write `<name>.npy` for every array and `sample.json`, the folder appearing when all are complete."""
        with atomic_folder(folder) as temporary:
            for name in self.arrays:
                np.save(temporary / f"{name}.npy", getattr(self, name), allow_pickle=False)
            write_json(temporary / "sample.json", {"kind": self.kind, **asdict(self.info)})

    @classmethod
    def load(cls, folder: str | Path, mmap: bool = True) -> Self:
        """Read a sample, its arrays memory-mapped unless told otherwise.

        Raises
        ------
        SamplingError
            If the folder holds another kind of sample, or an array is missing or damaged.
        """
        folder = Path(folder)
        info = _info(folder, cls.kind)
        try:
            arrays = {
                name: np.load(folder / f"{name}.npy", mmap_mode="r" if mmap else None, allow_pickle=False)
                for name in cls.arrays
            }
        except (OSError, ValueError) as error:
            raise SamplingError(
                f"an array cannot be read ({error})", where=str(folder), mend="run the stage `sample` again"
            ) from None
        return cls(info=info, **arrays)


@dataclass(frozen=True)
class RatioSample(_Sample):
    """Augmented data for the ratio methods, all float32.

    Parameters
    ----------
    x
        Observables, shape (N, O).
    theta0, theta1
        Numerator and denominator hypotheses, shape (N, P).
    y
        0: x was drawn from theta0, 1: from theta1; shape (N,).
    r_xz
        The joint ratio p(x, z | theta0) / p(x, z | theta1), shape (N,).
    t_xz
        The joint score at theta0, shape (N, P); zero where y = 1 and the event is impossible at theta0, where it has
        no value.
    """

    x: Float32
    theta0: Float32
    theta1: Float32
    y: Float32
    r_xz: Float32
    t_xz: Float32

    kind: ClassVar[str] = "ratio"
    arrays: ClassVar[tuple[str, ...]] = ("x", "theta0", "theta1", "y", "r_xz", "t_xz")


@dataclass(frozen=True)
class ScoreSample(_Sample):
    """Augmented data for the score methods, all float32.

    Parameters
    ----------
    x
        Observables, shape (N, O).
    theta
        The reference point at which x was drawn, shape (N, P).
    t_xz
        The joint score there, shape (N, P).
    """

    x: Float32
    theta: Float32
    t_xz: Float32

    kind: ClassVar[str] = "score"
    arrays: ClassVar[tuple[str, ...]] = ("x", "theta", "t_xz")


def load_sample(folder: str | Path, mmap: bool = True) -> RatioSample | ScoreSample:
    """Read a sample of either kind."""
    kind = read_json(Path(folder) / "sample.json")["kind"]
    return RatioSample.load(folder, mmap) if kind == RatioSample.kind else ScoreSample.load(folder, mmap)


def _info(folder: Path, kind: str) -> SampleInfo:
    content = read_json(folder / "sample.json")
    found = content.pop("kind", None)
    if found != kind:
        raise SamplingError(f"a sample of kind {found!r}", where=str(folder), expected=f"kind {kind!r}")
    size = content["effective_sample_size"]
    if size is not None:
        size = EffectiveSampleSize(**{**size, "theta_of_minimum": tuple(size["theta_of_minimum"])})
    return SampleInfo(
        observables=tuple(content["observables"]),
        parameters=tuple(content["parameters"]),
        ranges=tuple((low, high) for low, high in content["ranges"]),
        reference=tuple(content["reference"]),
        effective_sample_size=size,
        n_rounded_to_zero=content["n_rounded_to_zero"],
    )
