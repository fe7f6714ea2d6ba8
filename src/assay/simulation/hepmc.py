"""HepMC3 (arXiv:1912.08005): showered events for other programs (Delphes, Rivet), and those of other showers.

Events are written as text with their whole history, their number (the place in the generator's file), and all weights
of the generator, in pb and multiplied by the shower's own. A particle's mothers are what Pythia's manual says of its
record; a vertex has all mothers of its first particle.
"""

from __future__ import annotations

import gzip
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyhepmc
from numpy.typing import NDArray

from assay.files import atomic_path
from assay.generation.hepmc import COMPRESSION, packed
from assay.generation.lhe import LHESample
from assay.simulation.objects import flat_columns
from assay.simulation.record import Record

NOMINAL = "nominal"
"""Name of the first weight."""

_PRECISION = 9  # digits after the first: 1 keV for a particle of a TeV
_START, _END = b"HepMC::Asciiv3-START_EVENT_LISTING", b"HepMC::Asciiv3-END_EVENT_LISTING"
_CROSS_SECTION = b"A 0 GenCrossSection "
_BEAM, _HADRONISED = 12, ((81, 86), (101, 106))  # of Pythia's status codes


@dataclass(frozen=True, eq=False)
class HepMCWeights:
    """The weights of events as HepMC has them, and their cross section.

    Attributes
    ----------
    names
        Of the weights; the first one is the nominal one.
    values
        In pb, shape `(n_events, n_weights)`; an event's number is its row.
    cross_section, cross_section_error
        In pb.
    """

    names: tuple[str, ...]
    values: NDArray[np.float64]
    cross_section: float
    cross_section_error: float


def weights_of(sample: LHESample) -> HepMCWeights:
    """Return all weights of a generator's events: the nominal one first, then those at benchmarks and variations.

    Names have underscores in place of spaces, with which the library's text cannot be read again.
    """
    names = tuple("_".join(name.split()) for name in sample.weight_names)
    nominal = NOMINAL
    while nominal in names:
        nominal = f"_{nominal}"
    values = np.concatenate([sample.nominal_weights[:, None], sample.weights], axis=1)
    return HepMCWeights((nominal, *names), values, sample.cross_section, sample.cross_section_error)


def hepmc_events(records: Iterable[Record], weights: HepMCWeights) -> tuple[bytes, bytes]:
    """Return the head of a file and the events of records, both as compressed text.

    Parameters
    ----------
    records
        Events of Pythia.
    weights
        Of all events of the generator.
    """
    run = pyhepmc.GenRunInfo()
    run.weight_names = list(weights.names)
    with tempfile.TemporaryDirectory(prefix="assay-hepmc-") as folder:
        path = Path(folder) / "events.hepmc"
        with pyhepmc.open(path, "w", precision=_PRECISION) as file:
            for record in records:
                for event in _gen_events(record, weights, run):
                    file.write(event)
        text = path.read_bytes() if path.exists() else b""
    head, separator, events = text.partition(b"\nE ")
    body = b"E " + events.partition(_END)[0] if separator else b""
    return gzip.compress(head + b"\n", COMPRESSION, mtime=0), gzip.compress(body, COMPRESSION, mtime=0)


class HepMCWriter:
    """Writes the events of several processes to one file; a context, which completes the file at its end."""

    def __init__(self, path: Path) -> None:
        self._context = atomic_path(path)
        self._path = path

    def __enter__(self) -> HepMCWriter:
        self._file = open(self._context.__enter__(), "wb")
        self._begun = False
        return self

    def write(self, head: bytes, events: bytes) -> None:
        """Add what `hepmc_events` gave."""
        if not self._begun:
            self._file.write(head)
        self._begun = True
        self._file.write(events)

    def __exit__(self, *error: Any) -> None:
        self._file.write(gzip.compress(_END + b"\n\n", COMPRESSION, mtime=0))
        self._file.close()
        self._context.__exit__(*error)


def set_cross_section(path: Path, cross_section: float, error: float) -> None:
    """Write another cross section in pb into every event of a file: that after matching is known at the end alone."""
    line = f"{cross_section:.9e} {error:.9e} -1 -1\n".encode()
    with gzip.open(path, "rb") as source, atomic_path(path) as temporary, packed(temporary) as target:
        for found in source:
            target.write(_CROSS_SECTION + line if found.startswith(_CROSS_SECTION) else found)


def _gen_events(record: Record, weights: HepMCWeights, run: Any) -> Iterator[Any]:
    counts, columns = flat_columns(record.particles)
    mother, others = _mothers(columns)
    identity, status = columns["id"].astype(np.int64), np.abs(columns["status"]).astype(np.int64)
    status = np.where(columns["status"] > 0, 1, np.where(status == _BEAM, 4, status))
    momenta = np.stack([columns[name] for name in ("px", "py", "pz", "e")], axis=1)
    end = 0
    for number, factor, count in zip(record.event_number, record.weight, counts, strict=True):
        part = slice(end + 1, end := end + int(count))  # without Pythia's line for the event as a whole
        event = pyhepmc.GenEvent(pyhepmc.Units.GEV, pyhepmc.Units.MM)
        event.run_info, event.event_number = run, int(number)
        kinds = zip(momenta[part].tolist(), identity[part].tolist(), status[part].tolist(), strict=True)
        _add_particles(event, kinds, columns["m"][part].tolist(), mother[part].tolist(), others[part].tolist())
        cross_section = pyhepmc.GenCrossSection()
        event.cross_section = cross_section
        cross_section.set_cross_section(weights.cross_section, weights.cross_section_error, -1, -1)
        event.weights = (factor * weights.values[number]).tolist()
        yield event


def _add_particles(
    event: Any,
    particles: Iterator[tuple[list[float], int, int]],
    masses: list[float],
    mothers: list[int],
    others: list[int],
) -> None:
    """Add particles, joined by vertices."""
    joined = [pyhepmc.GenParticle(*particle) for particle in particles]
    ends: dict[int, Any] = {}
    for particle, mass, mother, other in zip(joined, masses, mothers, others, strict=True):
        particle.generated_mass = mass
        if mother == 0:
            continue
        vertex = ends.get(mother)
        if vertex is None:
            vertex = ends[mother] = pyhepmc.GenVertex()
            vertex.add_particle_in(joined[mother - 1])
            for further in range(mother + 1, other + 1) if other > 0 else (-other,) if other else ():
                if further not in ends:
                    ends[further] = vertex
                    vertex.add_particle_in(joined[further - 1])
        vertex.add_particle_out(particle)
    event.add_tree([particle for particle, mother in zip(joined, mothers, strict=True) if mother == 0])


def _mothers(columns: dict[str, NDArray[np.float64]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each particle's first mother, and its others: the last one of a range, or minus a single one, or 0."""
    first, second = columns["mother1"].astype(np.int64), columns["mother2"].astype(np.int64)
    status = np.abs(columns["status"])
    ranged = np.any([(status >= low) & (status <= high) for low, high in _HADRONISED], axis=0) & (second > first)
    single = (second > 0) & (second != first) & ~ranged
    return first, np.where(ranged, second, np.where(single, -second, 0))
