"""Writing LHE 3 files."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np

from assay.errors import LHEError
from assay.files import atomic_path
from assay.generation.lhe.sample import LHESample

PARTICLE_FORMAT = " %8d %2d %4d %4d %4d %4d %+.14e %+.14e %+.14e %.14e %.10e 0.0000e+00 %.4e\n"
EVENT_FORMAT = "<event>\n%2d 1 %+.12e %.8e %.8e %.8e\n"
EVENTS_PER_BLOCK = 2_000
WEIGHTS_SUM_TO_CROSS_SECTION = 3
"""IDWTUP, as MadGraph writes it for `event_norm = sum`."""


def write_lhe(path: str | Path, sample: LHESample) -> None:
    """Write events atomically, compressed if the name ends in `.gz`; the same events always give the same bytes.

    Weights are written in pb and sum to the cross section (`event_norm = sum`).

    Raises
    ------
    LHEError
        If the name of a weight cannot stand in an XML attribute.
    """
    for name in sample.weight_names:
        if not name or any(character in "<>&'\"" or character.isspace() for character in name):
            raise LHEError(
                f"{name!r} cannot be the id of a weight", expected="a name without spaces, quotes, <, > and &"
            )
    compressed = str(path).endswith(".gz")
    with atomic_path(path) as temporary, open(temporary, "wb") as raw:
        if compressed:
            with gzip.GzipFile(filename="", mode="wb", compresslevel=4, fileobj=raw, mtime=0) as packed:
                _write(packed, sample)
        else:
            _write(raw, sample)


def _write(stream: io.BufferedIOBase | gzip.GzipFile | io.BufferedWriter, sample: LHESample) -> None:
    for text in chain([_head(sample)], _blocks(sample), ["</LesHouchesEvents>\n"]):
        stream.write(text.encode("utf-8"))


def _head(sample: LHESample) -> str:
    record = json.dumps({**sample.metadata, "event_norm": "sum"}, indent=1, allow_nan=False, ensure_ascii=True)
    for character in "<>&":
        record = record.replace(character, f"\\u{ord(character):04x}")
    weights = "".join(f"<weight id='{name}'>{name}</weight>\n" for name in sample.weight_names)
    group = f"<initrwgt>\n<weightgroup name='benchmarks'>\n{weights}</weightgroup>\n</initrwgt>\n" if weights else ""
    beams = sample.beams
    largest = float(np.max(np.abs(sample.nominal_weights), initial=0.0))
    return (
        f'<LesHouchesEvents version="3.0">\n<header>\n<assay>\n{record}\n</assay>\n{group}</header>\n<init>\n'
        f"{beams.pdg_id[0]} {beams.pdg_id[1]} {beams.energy[0]:.10e} {beams.energy[1]:.10e} 0 0 "
        f"{beams.pdf_set[0]} {beams.pdf_set[1]} {WEIGHTS_SUM_TO_CROSS_SECTION} 1\n"
        f"{sample.cross_section:.12e} {sample.cross_section_error:.12e} {largest:.12e} 1\n</init>\n"
    )


def _blocks(sample: LHESample) -> Iterator[str]:
    for start in range(0, len(sample), EVENTS_PER_BLOCK):
        yield _block(sample, start, min(start + EVENTS_PER_BLOCK, len(sample)))


def _block(sample: LHESample, start: int, stop: int) -> str:
    """Return the text of the events start:stop.

    Every kind of line is formatted for all events at once by one template; the lines are then put in order.
    """
    rows = slice(int(sample.offsets[start]), int(sample.offsets[stop]))
    columns = [
        *(values[rows].tolist() for values in (sample.pdg_id, sample.status)),
        *sample.mothers[rows].T.tolist(),
        *sample.colours[rows].T.tolist(),
        *sample.four_momenta[rows][:, [1, 2, 3, 0]].T.tolist(),
        sample.masses[rows].tolist(),
        sample.spins[rows].tolist(),
    ]
    particles = [PARTICLE_FORMAT % row for row in zip(*columns, strict=True)]
    events = slice(start, stop)
    head_columns = (sample.particle_counts, sample.nominal_weights, sample.scales, sample.alpha_qed, sample.alpha_qcd)
    heads = [EVENT_FORMAT % row for row in zip(*(values[events].tolist() for values in head_columns), strict=True)]
    weight_format = "".join(f"<wgt id='{name}'> %+.12e </wgt>\n" for name in sample.weight_names)
    tail_format = f"<rwgt>\n{weight_format}</rwgt>\n</event>\n" if weight_format else "</event>\n"
    tails = [tail_format % tuple(row) for row in sample.weights[events].tolist()]
    first = (sample.offsets[start : stop + 1] - sample.offsets[start]).tolist()
    return "".join(
        "".join((head, *particles[begin:end], tail))
        for head, begin, end, tail in zip(heads, first[:-1], first[1:], tails, strict=True)
    )
