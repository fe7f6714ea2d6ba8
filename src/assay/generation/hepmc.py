"""Events that another program has showered, from HepMC files of version 2 or 3 as text, compressed or not.

The reader of the library ends at the first damaged event without a word, so events are counted in the text, too.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pyhepmc
from numpy.typing import NDArray

from assay.errors import LHEError
from assay.files import atomic_path
from assay.generation.lhe import Beams, LHESample

_UNFIT = re.compile(r"[<>&'\"\s]+")
"""What the name of a weight in an LHE file cannot have."""
_WHOLE = 90
"""Pythia's code for an event as a whole."""
COMPRESSION = 1
"""Level of gzip's; higher ones are slower than a shower."""


def external_hepmc(path: Path, cross_section: float | None = None, benchmark: str | None = None) -> LHESample:
    """Read the weights of a file's events, in pb, so that the nominal ones, the first, add up to its cross section.

    Parameters
    ----------
    path
        The file.
    cross_section
        In pb; None for that which its last event states.
    benchmark
        At which they were drawn: their nominal weight is the weight there, if they have none of that name.

    Returns
    -------
    LHESample
        Events without their particles, numbered as they stand in the file. Names of weights have underscores in place
        of what LHE files cannot have.

    Raises
    ------
    LHEError
        If the file is none of HepMC, is truncated or has a damaged event; if there is no cross section; if weights are
        not finite, or events have different ones.
    """
    rows: list[NDArray[np.float64]] = []
    names: tuple[str, ...] | None = None
    last: Any = None
    for event in hepmc_events(path):
        found, row = _weight_names(event), np.asarray(event.weights, dtype=np.float64)
        names = found if names is None else names
        if not names or found != names or len(row) != len(names) or not np.all(np.isfinite(row)):
            raise LHEError(
                "its weights are not finite, or not those of the first event",
                where=f"{path}, event {len(rows)}",
                expected=", ".join(names[:20]) or "a weight at least",
            )
        rows.append(row)
        last = event
    if names is None:
        raise LHEError("there are no events", where=str(path), mend="give a file with events")
    weights = np.stack(rows)
    value, error = (cross_section, 0.0) if cross_section is not None else _cross_section(last, path)
    total = float(weights[:, 0].sum())
    if not total > 0.0:
        raise LHEError(f"the nominal weights add up to {total:.4g}", where=str(path), expected="a positive sum")
    weights *= value / total
    nominal = weights[:, 0]
    if benchmark is not None and benchmark not in names:
        names, weights = (benchmark, *names), np.column_stack([nominal, weights])
    metadata = {"generator": "external", "source": path.name, "n_generated": len(rows), "showered": True}
    return _as_a_whole(nominal, weights, names, (value, error), _beams(last), metadata)


def copy_numbered(source: Path, target: Path) -> None:
    """Copy a file, its events numbered from 0 as they stand in it, compressed."""
    number = 0
    with opened(source) as lines, atomic_path(target) as temporary, packed(temporary) as copy:
        for line in lines:
            if line.startswith(b"E "):
                line = b" ".join([b"E", str(number).encode(), *line.split(b" ")[2:]])
                number += 1
            copy.write(line)


@contextmanager
def packed(path: Path) -> Iterator[IO[bytes]]:
    """Open a compressed file for writing whose bytes depend on what is written alone."""
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", COMPRESSION, raw, mtime=0) as stream:
        yield stream  # type: ignore[misc]


def hepmc_events(path: Path) -> Iterator[Any]:
    """Yield the events of a file as the library has them.

    Raises
    ------
    LHEError
        If the file is missing, none of HepMC, is truncated or has a damaged event.
    """
    announced, found, why = count_events(path), 0, ""
    with pyhepmc.open(path) as file:
        events = iter(file)
        while True:
            try:
                event = next(events)
            except StopIteration:
                break
            except RuntimeError as error:  # of some faults; of others, it returns an empty event or ends
                why = f" ({error})"
                break
            if len(event.particles) == 0 or not np.all(event.numpy.particles.pid):
                break
            found += 1
            yield event
    if found != announced:
        mend = "write the file again, or get a whole copy"
        raise LHEError(f"the event cannot be read{why}", where=f"{path}, event {found}", mend=mend)


def count_events(path: Path) -> int:
    """Count the events of a file.

    Raises
    ------
    LHEError
        If it is missing, none of HepMC, or truncated.
    """
    count, version, ended = 0, False, False
    try:
        with opened(path) as stream:
            for line in stream:
                count += line.startswith(b"E ")
                if line.startswith(b"HepMC::"):
                    version |= line.startswith(b"HepMC::Version")
                    ended = b"END_EVENT_LISTING" in line
    except (OSError, EOFError, zlib.error) as error:
        raise LHEError(f"the file cannot be read ({error})", where=str(path)) from None
    if not version or not ended:
        what = "the file is truncated" if version else "not a file of HepMC"
        expected = "HepMC of version 2 or 3 as text, with its last line"
        raise LHEError(what, where=str(path), expected=expected, mend="write it again, or get a whole copy")
    return count


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """Open a file of bytes, compressed or not."""
    with open(path, "rb") as raw:
        compressed = raw.read(2) == b"\x1f\x8b"
    with gzip.open(path, "rb") if compressed else open(path, "rb") as stream:
        yield stream  # type: ignore[misc]


def _weight_names(event: Any) -> tuple[str, ...]:
    try:
        named = tuple(event.weight_names)
    except RuntimeError:  # files of HepMC without names
        named = ()
    given = named or tuple(f"weight_{i}" for i in range(len(event.weights)))
    return tuple(_UNFIT.sub("_", name) or "_" for name in given)


def _cross_section(event: Any, path: Path) -> tuple[float, float]:
    stated = event.cross_section
    if stated is None or not stated.xsec() > 0.0:
        raise LHEError(
            "the file does not say what its cross section is",
            where=str(path),
            expected="a cross section on its last event",
            mend="write `cross_section:` (pb) in the sample",
        )
    return float(stated.xsec()), float(stated.xsec_err())


def _beams(event: Any) -> Beams:
    beams = [beam for beam in event.beams if beam.status == 4]
    if len(beams) != 2:
        return Beams()
    unit = 1e-3 if event.momentum_unit == pyhepmc.Units.MEV else 1.0
    first, second = beams
    return Beams((first.pid, second.pid), (unit * first.momentum.e, unit * second.momentum.e))


def _as_a_whole(
    nominal: NDArray[np.float64],
    weights: NDArray[np.float64],
    names: tuple[str, ...],
    cross_section: tuple[float, float],
    beams: Beams,
    metadata: dict[str, Any],
) -> LHESample:
    """Return events of beams that become one thing: an LHE file has to balance, and showered events are elsewhere."""
    n_events = len(nominal)
    first, second = (
        np.array([energy, 0.0, 0.0, sign * energy]) for energy, sign in zip(beams.energy, (1, -1), strict=True)
    )
    momenta = np.stack([first, second, first + second])
    mass = np.sqrt(np.maximum(momenta[:, 0] ** 2 - momenta[:, 3] ** 2, 0.0))
    return LHESample(
        offsets=3 * np.arange(n_events + 1, dtype=np.int64),
        pdg_id=np.tile(np.array([*beams.pdg_id, _WHOLE], dtype=np.int32), n_events),
        status=np.tile(np.array([-1, -1, 1], dtype=np.int32), n_events),
        mothers=np.tile(np.array([[0, 0], [0, 0], [1, 2]], dtype=np.int32), (n_events, 1)),
        colours=np.zeros((3 * n_events, 2), dtype=np.int32),
        four_momenta=np.tile(momenta, (n_events, 1)),
        masses=np.tile(mass, n_events),
        spins=np.full(3 * n_events, 9.0),
        event_number=np.arange(n_events, dtype=np.int64),
        scales=np.full(n_events, mass[2]),
        nominal_weights=nominal,
        weights=weights,
        weight_names=names,
        cross_section=cross_section[0],
        cross_section_error=cross_section[1],
        alpha_qed=np.zeros(n_events),
        alpha_qcd=np.zeros(n_events),
        beams=beams,
        metadata=metadata,
    )
