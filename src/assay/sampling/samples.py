"""Augmented data, in memory and as a folder of `.npy` arrays with MadMiner's names and a `sample.json`.

What to use when: `RatioSample` for CARL, ROLR, CASCAL, RASCAL, ALICE and ALICES; `ScoreSample` for SALLY and SALLINO;
`DensitySample` for NDE and SCANDAL.
"""

from __future__ import annotations

import hashlib
import tokenize
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from assay.errors import SamplingError
from assay.files import read_json, write_json
from assay.machine import lacks_memory
from assay.sampling.effective_sizes import EffectiveSampleSize, SizesByHypothesis
from assay.sampling.folder import atomic_folder
from assay.sampling.info import SampleInfo
from assay.sampling.mapped import chunks
from assay.sampling.rate import PolynomialRate

__all__ = [
    "DensitySample",
    "EffectiveSampleSize",
    "PolynomialRate",
    "RatioSample",
    "Sample",
    "SampleInfo",
    "ScoreSample",
    "load_sample",
]

Float32 = NDArray[np.float32]

_HYPOTHESES, _SIZES = "hypotheses.npy", "effective_sample_sizes.npy"


@dataclass(frozen=True)
class _Sample(ABC):
    """What all kinds have in common; arrays are loaded from and saved to files of their fields' names.

    `sizes`, the effective sample size at every hypothesis, is None for samples that were not drawn from weighted
    events.
    """

    info: SampleInfo
    sizes: SizesByHypothesis | None = field(default=None, kw_only=True, compare=False)

    kind: ClassVar[str]

    def __post_init__(self) -> None:
        lengths = {name: len(getattr(self, name)) for name in self.arrays}
        if len(set(lengths.values())) != 1:
            raise SamplingError(f"arrays of different lengths in one sample: {lengths}", expected="one row per event")

    def __len__(self) -> int:
        return len(getattr(self, self.arrays[0]))

    @classmethod
    @abstractmethod
    def array_names(cls, info: SampleInfo) -> tuple[str, ...]:
        """Return the names of the arrays of a sample so described."""

    @property
    def arrays(self) -> tuple[str, ...]:
        """Names of the arrays."""
        return self.array_names(self.info)

    def digest(self) -> str:
        """Return the SHA-256 of all arrays' names, shapes and content, hexadecimal."""
        digest = hashlib.sha256()
        for name in self.arrays:
            array = getattr(self, name)
            digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
            for part in chunks(array):
                digest.update(part.data)
        return digest.hexdigest()

    def save(self, folder: str | Path) -> None:
        """Write `<name>.npy` for every array and `sample.json`, the folder appearing when all are complete."""
        with atomic_folder(folder) as temporary:
            for name in self.arrays:
                np.save(temporary / f"{name}.npy", getattr(self, name), allow_pickle=False)
            if self.sizes is not None:
                np.save(temporary / _HYPOTHESES, self.sizes.theta, allow_pickle=False)
                np.save(temporary / _SIZES, self.sizes.sizes, allow_pickle=False)
            write_json(temporary / "sample.json", {"kind": self.kind, **asdict(self.info)})

    @classmethod
    def load(cls, folder: str | Path, mmap: bool = True) -> Self:
        """Read a sample, its arrays memory-mapped unless told otherwise.

        Raises
        ------
        SamplingError
            If the folder holds another kind of sample, or its description or an array is missing or damaged.
        """
        folder = Path(folder)
        info = _info(folder, cls.kind)
        arrays = {name: _array(folder / f"{name}.npy", mmap) for name in cls.array_names(info)}
        sizes = None
        if (folder / _SIZES).exists():
            sizes = SizesByHypothesis(_array(folder / _HYPOTHESES, False), _array(folder / _SIZES, False))
        return cls(info=info, sizes=sizes, **arrays)


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
    t_xz1
        The joint score at theta1, shape (N, P), where that varies by row (`info.doubly`); otherwise None.
    """

    x: Float32
    theta0: Float32
    theta1: Float32
    y: Float32
    r_xz: Float32
    t_xz: Float32
    t_xz1: Float32 | None = None

    kind: ClassVar[str] = "ratio"

    def __post_init__(self) -> None:
        if self.info.doubly != (self.t_xz1 is not None):
            raise SamplingError(
                "a ratio sample has joint scores at theta1 if, and only if, its theta1 vary",
                expected="t_xz1 in a sample with info.doubly, and in no other",
            )
        super().__post_init__()

    @classmethod
    def array_names(cls, info: SampleInfo) -> tuple[str, ...]:
        """Return the names of the arrays of a sample so described."""
        names = ("x", "theta0", "theta1", "y", "r_xz", "t_xz")
        return (*names, "t_xz1") if info.doubly else names


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

    @classmethod
    def array_names(cls, info: SampleInfo) -> tuple[str, ...]:
        """Return the names of the arrays."""
        return ("x", "theta", "t_xz")


@dataclass(frozen=True)
class DensitySample(_Sample):
    """Augmented data for the density methods, all float32.

    Parameters
    ----------
    x
        Observables, shape (N, O).
    theta
        The hypothesis at which x was drawn, shape (N, P).
    t_xz
        The joint score there, shape (N, P).
    """

    x: Float32
    theta: Float32
    t_xz: Float32

    kind: ClassVar[str] = "density"

    @classmethod
    def array_names(cls, info: SampleInfo) -> tuple[str, ...]:
        """Return the names of the arrays."""
        return ("x", "theta", "t_xz")


Sample = RatioSample | ScoreSample | DensitySample


def load_sample(folder: str | Path, mmap: bool = True) -> Sample:
    """Read a sample of any kind.

    Raises
    ------
    SamplingError
        As `RatioSample.load`.
    """
    found = read_json(Path(folder) / "sample.json").get("kind")
    kinds: dict[str, type[Sample]] = {kind.kind: kind for kind in (RatioSample, ScoreSample, DensitySample)}
    if found not in kinds:
        raise SamplingError(f"a sample of kind {found!r}", where=str(folder), expected=f"one of {', '.join(kinds)}")
    return kinds[found].load(folder, mmap)


def _array(path: Path, mmap: bool) -> Any:
    try:
        return np.load(path, mmap_mode="r" if mmap else None, allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError, tokenize.TokenError) as error:  # NumPy parses the header
        if lacks_memory(error):
            raise
        raise SamplingError(
            f"an array cannot be read ({error})", where=str(path.parent), mend="run the stage `sample` again"
        ) from None


def _info(folder: Path, kind: str) -> SampleInfo:
    content = read_json(folder / "sample.json")
    found = content.pop("kind", None)
    if found != kind:
        raise SamplingError(f"a sample of kind {found!r}", where=str(folder), expected=f"kind {kind!r}")
    try:
        return SampleInfo.from_json(content)
    except (KeyError, TypeError, ValueError) as error:
        raise SamplingError(
            f"the description is not as `sample` writes it ({type(error).__name__}: {error})",
            where=str(folder / "sample.json"),
            mend="run the stage `sample` again",
        ) from None
