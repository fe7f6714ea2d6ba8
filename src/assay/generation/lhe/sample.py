"""Parton-level events as flat arrays."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.errors import LHEError
from assay.generation.kinematics import FloatArray


@dataclass(frozen=True)
class Beams:
    """The colliding beams: PDG ids, energies in GeV, and LHAPDF numbers of the parton densities (0: none)."""

    pdg_id: tuple[int, int] = (2212, 2212)
    energy: tuple[float, float] = (6500.0, 6500.0)
    pdf_set: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class LHESample:
    """E events with P particles in total and B weights each; event e has the rows offsets[e]:offsets[e + 1].

    Attributes
    ----------
    offsets
        (E + 1,) int64.
    pdg_id, status
        (P,) int32; status -1 incoming, 1 outgoing, 2 intermediate.
    mothers
        (P, 2) int32, one-based positions within the event as in the file, 0 for none.
    colours
        (P, 2) int32, colour and anticolour line.
    four_momenta
        (P, 4) float64 [E, px, py, pz] in GeV.
    masses, spins
        (P,) float64; masses in GeV, spins as cosines or 9 for unknown.
    event_number
        (E,) int64, the zero-based position in the file.
    scales
        (E,) SCALUP in GeV.
    nominal_weights
        (E,) in pb, so that their sum is the cross section.
    weights
        (E, B) in pb, normalised alike: the sum over events of a column estimates the cross section at that benchmark.
    weight_names
        B names (ids of the weights in the file).
    cross_section, cross_section_error
        In pb, as stated in the file.
    alpha_qed, alpha_qcd
        (E,) couplings as stated in the file.
    beams
        The colliding beams.
    metadata
        What our generator records about itself (benchmark, seed, n_generated, cross sections...); empty for others'
        files.
    """

    offsets: NDArray[np.int64]
    pdg_id: NDArray[np.int32]
    status: NDArray[np.int32]
    mothers: NDArray[np.int32]
    colours: NDArray[np.int32]
    four_momenta: FloatArray
    masses: FloatArray
    spins: FloatArray
    event_number: NDArray[np.int64]
    scales: FloatArray
    nominal_weights: FloatArray
    weights: FloatArray
    weight_names: tuple[str, ...]
    cross_section: float
    cross_section_error: float
    alpha_qed: FloatArray
    alpha_qcd: FloatArray
    beams: Beams = field(default_factory=Beams)
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        events, particles = len(self.event_number), len(self.pdg_id)
        shapes = {
            "offsets": (events + 1,),
            "status": (particles,),
            "mothers": (particles, 2),
            "colours": (particles, 2),
            "four_momenta": (particles, 4),
            "masses": (particles,),
            "spins": (particles,),
            "scales": (events,),
            "nominal_weights": (events,),
            "weights": (events, len(self.weight_names)),
            "alpha_qed": (events,),
            "alpha_qcd": (events,),
        }
        for name, shape in shapes.items():
            if getattr(self, name).shape != shape:
                raise LHEError(f"{name} has the shape {getattr(self, name).shape}", expected=f"{shape}")
        if events and (self.offsets[0] != 0 or self.offsets[-1] != particles or np.any(np.diff(self.offsets) < 0)):
            raise LHEError(
                "offsets do not divide the particles into events", expected="increasing from 0 to their number"
            )
        if len(set(self.weight_names)) != len(self.weight_names):
            raise LHEError("weights have the same name twice", expected="a name of its own for every weight")
        self._require_finite()

    def _require_finite(self) -> None:
        for name in ("nominal_weights", "weights", "scales"):
            finite = np.isfinite(getattr(self, name))
            rows = finite.all(axis=tuple(range(1, finite.ndim)))
            if not rows.all():
                raise LHEError(
                    f"{name} are not finite in {int(np.sum(~rows))} events",
                    where=f"event {int(self.event_number[np.argmin(rows)])}",
                    expected="finite numbers",
                )
        momenta = np.isfinite(self.four_momenta).all(axis=1)
        if not momenta.all():
            event = int(np.searchsorted(self.offsets, np.argmin(momenta), side="right")) - 1
            raise LHEError(
                "momenta are not finite", where=f"event {int(self.event_number[event])}", expected="finite numbers"
            )

    def __len__(self) -> int:
        return len(self.event_number)

    @property
    def particle_counts(self) -> NDArray[np.int64]:
        """Number of particles of every event, (E,)."""
        return np.diff(self.offsets)

    def weight(self, name: str) -> FloatArray:
        """Return the weights of one name, (E,), in pb.

        Raises
        ------
        LHEError
            If there are no weights of that name.
        """
        if name not in self.weight_names:
            raise LHEError(
                f"no weights named {name!r}", expected=f"one of {', '.join(self.weight_names) or '(the file has none)'}"
            )
        return self.weights[:, self.weight_names.index(name)]

    def same_as(self, other: LHESample) -> bool:
        """Return whether all contents are equal, bit by bit."""
        return all(np.array_equal(getattr(self, f.name), getattr(other, f.name)) for f in fields(self))
