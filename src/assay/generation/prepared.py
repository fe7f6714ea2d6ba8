"""The prepared process: adapted sampling grids, maximum weights and cross sections of all benchmarks."""

from __future__ import annotations

import json
import zipfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from assay.errors import AssayError, GenerationError
from assay.files import atomic_path
from assay.generation.adaptive_grid import AdaptiveGrid
from assay.generation.kinematics import FloatArray
from assay.generation.processes import operators
from assay.generation.settings import EmbeddedSettings

FORMAT_VERSION = 1


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
        `operators(process)`.
    grids
        (B, n_axes, n_bins + 1) edges of the sampling grid of every benchmark.
    maximum_weights
        (B,) in pb, above which events are drawn more than once.
    cross_section_values
        (B,) in pb.
    cross_section_covariance
        (B, B) in pb^2: all benchmarks are integrated with the same points, so that they depend on the couplings exactly
        quadratically.
    seed
        The seed of the preparation.
    """

    settings: EmbeddedSettings
    benchmarks: tuple[str, ...]
    couplings: FloatArray
    grids: FloatArray
    maximum_weights: FloatArray
    cross_section_values: FloatArray
    cross_section_covariance: FloatArray
    seed: int

    def __post_init__(self) -> None:
        n = len(self.benchmarks)
        shapes = {
            "couplings": (n, 1 + len(operators(self.settings.process))),
            "maximum_weights": (n,),
            "cross_section_values": (n,),
            "cross_section_covariance": (n, n),
        }
        for name, shape in shapes.items():
            values = getattr(self, name)
            if values.shape != shape or not np.all(np.isfinite(values)):
                raise GenerationError(
                    f"{name} of the prepared process are damaged", expected=f"finite numbers of shape {shape}"
                )
        positive = np.all(self.maximum_weights > 0.0) and np.all(self.cross_section_values > 0.0)
        if not positive or self.grids.shape[:1] != (n,) or len(set(self.benchmarks)) != n:
            raise GenerationError(
                "the prepared process is damaged",
                expected="a grid, a weight and a cross section per benchmark",
                mend="run prepare again",
            )

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

    def grid(self, benchmark: str) -> AdaptiveGrid:
        """Return the sampling grid of a benchmark."""
        return AdaptiveGrid(self.grids[self.index(benchmark)])

    def save(self, path: str | Path) -> None:
        """Write to an `.npz` file, atomically; no pickled objects."""
        arrays = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("settings", "benchmarks", "seed")
        }
        head = {
            "format": FORMAT_VERSION,
            "settings": asdict(self.settings),
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
            settings = EmbeddedSettings(**head["settings"])
            return cls(settings=settings, benchmarks=tuple(head["benchmarks"]), seed=int(head["seed"]), **arrays)
        except FileNotFoundError:
            raise GenerationError("prepared process not found", where=str(path), mend="run prepare") from None
        except (OSError, EOFError, ValueError, KeyError, TypeError, zipfile.BadZipFile, AssayError) as error:
            raise GenerationError(
                f"the prepared process cannot be read ({error})", where=str(path), mend="run prepare again"
            ) from None
