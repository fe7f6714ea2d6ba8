"""The prepared process: adapted sampling maps, maximum weights and cross sections of all benchmarks."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import AssayError, GenerationError
from assay.files import atomic_path
from assay.generation.hard_process import HardProcess, process_operators
from assay.generation.higgs_decay import branching_ratios, decay_operators
from assay.generation.kinematics import FloatArray
from assay.generation.model import find_model
from assay.generation.sampling import Sampling
from assay.generation.settings import EmbeddedSettings
from assay.machine import lacks_memory

FORMAT_VERSION = 2
_MAPS = "maps_"


@cache
def operators(settings: EmbeddedSettings) -> tuple[str, ...]:
    """Return the operators that change the process or the decay of its Higgs boson, in the order of the model."""
    found = process_operators(settings) | set(operators_of_decay(settings))
    return tuple(name for name in find_model(settings.model).operators if name in found)


def operators_of_decay(settings: EmbeddedSettings) -> tuple[str, ...]:
    """Return the operators that change the decay of the Higgs boson."""
    if not settings.higgs_decays:
        return ()
    return decay_operators(settings.decay, settings.model)


@dataclass(frozen=True)
class PreparedProcess:
    """What `generate` needs, for B benchmarks.

    Attributes
    ----------
    settings
        What is generated.
    benchmarks
        B names.
    couplings
        (B, 1 + operators) coupling vectors, the first column 1, the others in TeV^-2 in the order of
        `operators(settings)`.
    sampling
        Maps, maximum weights and cross sections in pb of the hard process, without the decay of a Higgs boson.
    seed
        The seed of the preparation.
    """

    settings: EmbeddedSettings
    benchmarks: tuple[str, ...]
    couplings: FloatArray
    sampling: Sampling
    seed: int

    def __post_init__(self) -> None:
        n = len(self.benchmarks)
        shape = (n, 1 + len(operators(self.settings)))
        if self.couplings.shape != shape or not np.all(np.isfinite(self.couplings)):
            raise GenerationError(
                "couplings of the prepared process are damaged", expected=f"finite numbers of shape {shape}"
            )
        if len(self.sampling.values) != n or len(set(self.benchmarks)) != n:
            raise GenerationError(
                "the prepared process is damaged",
                expected="a map, a weight and a cross section per benchmark",
                mend="run prepare again",
            )

    @property
    def process(self) -> HardProcess:
        """The integrand of the hard process."""
        return HardProcess(self.settings, operators(self.settings))

    @property
    def branching_fractions(self) -> FloatArray:
        """What the decay multiplies the cross section of each benchmark with, (B,)."""
        settings = self.settings
        if not settings.higgs_decays:
            return np.full(len(self.benchmarks), settings.branching_ratio or 1.0)
        ratios = branching_ratios(settings.decay, settings.model, operators(settings), self.couplings)
        if settings.branching_ratio is None:
            return ratios
        return settings.branching_ratio * ratios / branching_ratios(settings.decay, settings.model)

    @property
    def cross_section_values(self) -> FloatArray:
        """(B,) in pb, the decay included."""
        return self.sampling.values * self.branching_fractions

    @property
    def cross_section_covariance(self) -> FloatArray:
        """(B, B) in pb^2, the decay included."""
        return self.sampling.covariance * np.outer(self.branching_fractions, self.branching_fractions)

    @property
    def cross_sections(self) -> dict[str, tuple[float, float]]:
        """Cross section and its error in pb of every benchmark."""
        errors = np.sqrt(np.diag(self.cross_section_covariance))
        pairs = zip(self.cross_section_values.tolist(), errors.tolist(), strict=True)
        return dict(zip(self.benchmarks, pairs, strict=True))

    def index(self, benchmark: str) -> int:
        """Return the position of a benchmark.

        Raises
        ------
        GenerationError
            If the process has not been prepared for it.
        """
        if benchmark not in self.benchmarks:
            raise GenerationError(
                f"no benchmark {benchmark!r} in the prepared process",
                expected=f"one of {', '.join(self.benchmarks)}",
                mend="run prepare again with this benchmark",
            )
        return self.benchmarks.index(benchmark)

    def save(self, path: str | Path) -> None:
        """Write to an `.npz` file, atomically; no pickled objects."""
        found = self.sampling
        arrays: dict[str, Any] = {
            "couplings": self.couplings,
            "maximum_weights": found.maximum_weights,
            "values": found.values,
            "covariance": found.covariance,
            **{f"{_MAPS}{number:04d}": edges for number, edges in enumerate(found.maps)},
        }
        head = {
            "format": FORMAT_VERSION,
            "settings": self.settings.record(),
            "benchmarks": list(self.benchmarks),
            "seed": self.seed,
        }
        with atomic_path(path) as temporary, open(temporary, "wb") as stream:
            np.savez(stream, head=np.array(json.dumps(head)), **arrays)

    @classmethod
    def load(cls, path: str | Path) -> PreparedProcess:
        """Read what `save` wrote.

        Raises
        ------
        GenerationError
            If the file is missing, damaged or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as archive:
                head: dict[str, Any] = json.loads(str(archive["head"]))
                if head["format"] != FORMAT_VERSION:
                    raise ValueError(f"format {head['format']}, not {FORMAT_VERSION}")
                arrays = {name: archive[name] for name in archive.files if name != "head"}
            maps = tuple(arrays.pop(name) for name in sorted(arrays) if name.startswith(_MAPS))
            couplings = arrays.pop("couplings")
            settings = EmbeddedSettings.of_record(head["settings"])
            return cls(settings, tuple(head["benchmarks"]), couplings, Sampling(maps, **arrays), int(head["seed"]))
        except FileNotFoundError:
            raise GenerationError("prepared process not found", where=str(path), mend="run prepare") from None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, AssayError) as error:
            if lacks_memory(error):
                raise
            raise GenerationError(
                f"the prepared process cannot be read ({error})", where=str(path), mend="run prepare again"
            ) from None
