"""Reading LHE files: ours, MadGraph's with or without its banner, compressed or not."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np

from assay.errors import LHEError
from assay.generation.kinematics import FloatArray
from assay.generation.lhe.aliases import scale_aliases
from assay.generation.lhe.checks import check_records
from assay.generation.lhe.faults import LHEEventError
from assay.generation.lhe.place import located
from assay.generation.lhe.sample import Beams, LHESample
from assay.generation.lhe.stream import bodies, opened, texts
from assay.generation.lhe.uniform import read_uniform

HEAD_NUMBERS = 6
PARTICLE_NUMBERS = 13

_WEIGHT = re.compile(rb"<wgt\s+id\s*=\s*[\"']([^\"']+)[\"']\s*>([^<]*)</wgt>")
_INIT = re.compile(rb"<init(?:\s[^>]*)?>(.*?)</init>", re.DOTALL)
_ASSAY = re.compile(rb"<assay>(.*?)</assay>", re.DOTALL)
_NORM = re.compile(rb"^\s*(\w+)\s*=\s*event_norm\b", re.MULTILINE)
_COMMENT = re.compile(rb"#[^\n]*")


@dataclass(frozen=True)
class _Head:
    beams: Beams
    cross_section: float
    cross_section_error: float
    norm: str
    metadata: dict[str, Any]


@dataclass(frozen=True)
class _Batch:
    """Events of one read: heads (E, 6), particles (P, 13), weights (E, B) as they stand in the file."""

    heads: FloatArray
    particles: FloatArray
    weights: FloatArray


def read_lhe(path: str | Path) -> LHESample:
    """Read all events of a file, weights normalised so that they sum to the cross section.

    MadGraph's `event_norm = average` divides by the number of events in the file (not the number once asked for),
    `unity` scales to the cross section in `<init>`, `sum` is taken as it is. Without a banner the weighting strategy in
    `<init>` decides (4: average).

    Raises
    ------
    LHEError
        If the file is missing, truncated or malformed, or an event is impossible (see `checks`); the message gives the
        zero-based number of the event and its line. Negative weights are kept.
    """
    path = Path(path)
    try:
        with opened(path) as stream:
            head, batches, names = _read(stream, str(path))
        return _sample(path, head, batches, names)
    except LHEEventError as fault:
        raise located(path, fault) from None


def read_metadata(path: str | Path) -> dict[str, Any]:
    """Read what our writer noted in a file's header, without the events; empty for files of other generators.

    Raises
    ------
    LHEError
        If the file is missing, or its header is truncated or malformed.
    """
    path = Path(path)
    with opened(path) as stream:
        return _parse_head(next(texts(stream, str(path))), str(path)).metadata


def read_scale_aliases(path: str | Path) -> dict[str, str]:
    """Read which weights of a file are of varied scales, by our names (`mur_1_muf_2`), without the events.

    Raises
    ------
    LHEError
        If the file is missing, or its header is truncated or malformed.
    """
    path = Path(path)
    with opened(path) as stream:
        header = next(texts(stream, str(path)))
    return scale_aliases(header, _parse_head(header, str(path)).beams.pdf_set[0])


def _read(stream: IO[bytes] | gzip.GzipFile, where: str) -> tuple[_Head, list[_Batch], tuple[str, ...]]:
    blocks = texts(stream, where)
    head_text = next(blocks)
    head = _parse_head(head_text, where)
    batches: list[_Batch] = []
    names: tuple[str, ...] | None = None
    n_events = 0
    for text in blocks:
        events = bodies(text, n_events)
        batch, names = _parse_events(events, names, n_events)
        batches.append(batch)
        n_events += len(events)
    return head, batches, names or ()


def _parse_head(text: bytes, where: str) -> _Head:
    if b"<LesHouchesEvents" not in text:
        raise LHEError("not an LHE file", where=where, expected="a file that begins with <LesHouchesEvents>")
    init = _INIT.search(text)
    try:
        if init is None:
            raise ValueError("no <init>")
        lines = [_COMMENT.sub(b"", line).split() for line in init.group(1).strip().split(b"\n")]
        first = lines[0]
        ids, energies, sets = first[:2], first[2:4], first[6:8]
        beams = Beams(
            (int(ids[0]), int(ids[1])), (float(energies[0]), float(energies[1])), (int(sets[0]), int(sets[1]))
        )
        strategy, n_processes = int(first[8]), int(first[9])
        processes = np.array([line[:4] for line in lines[1 : 1 + n_processes]], dtype=np.float64)
        if processes.shape != (n_processes, 4) or not np.all(np.isfinite(processes)):
            raise ValueError(f"not {n_processes} lines of cross sections")
        record = _ASSAY.search(text)
        metadata = json.loads(record.group(1)) if record else {}
    except (ValueError, IndexError) as error:
        raise LHEError(f"the file's <header> or <init> is malformed ({error})", where=where) from None
    norm = _norm(text, metadata, strategy, where)
    uncertainty = float(np.sqrt(np.sum(processes[:, 1] ** 2)))
    return _Head(beams, float(np.sum(processes[:, 0])), uncertainty, norm, metadata)


def _norm(text: bytes, metadata: dict[str, Any], strategy: int, where: str) -> str:
    card = _NORM.search(text)
    if "event_norm" in metadata:
        norm = str(metadata["event_norm"])
    elif card is not None:
        norm = card.group(1).decode().lower()
    else:
        norm = "average" if abs(strategy) == 4 else "sum"
    if norm not in ("sum", "average", "unity"):
        raise LHEError(f"unknown event_norm {norm!r}", where=where, expected="sum, average or unity")
    return norm


def _parse_events(bodies: list[bytes], names: tuple[str, ...] | None, first: int) -> tuple[_Batch, tuple[str, ...]]:
    uniform = read_uniform(bodies, names, HEAD_NUMBERS, PARTICLE_NUMBERS) if bodies else None
    if uniform is not None:
        return _Batch(uniform.heads, uniform.particles, uniform.weights), uniform.names
    # event records end where the first optional tag (<rwgt>, <mgrwt>, <scales> ...) or comment begins
    records = [_COMMENT.sub(b"", body.partition(b"<")[0]).split() for body in bodies]
    counts = np.array([len(record) for record in records])
    try:
        numbers = np.array([number for record in records for number in record], dtype=np.float64)
    except ValueError as error:
        number = next(i for i, record in enumerate(records) if not _are_numbers(record))
        raise LHEEventError(first + number, str(error), _row_of(bodies[number])) from None
    starts = np.concatenate([[0], np.cumsum(counts)])
    head_index = starts[:-1, None] + np.arange(HEAD_NUMBERS)
    stated = np.full(len(records), -1.0)
    filled = counts > 0
    stated[filled] = numbers[starts[:-1][filled]]
    wrong = counts != HEAD_NUMBERS + PARTICLE_NUMBERS * stated
    if np.any(wrong):
        number = int(np.argmax(wrong))
        text = f"{counts[number]} numbers where {stated[number]:.0f} particles are announced"
        raise LHEEventError(first + number, text, 0)
    is_head = np.zeros(len(numbers), dtype=bool)
    is_head[head_index.ravel()] = True
    weights, found = _parse_weights(bodies, names, first)
    particles = numbers[~is_head].reshape(-1, PARTICLE_NUMBERS)
    return _Batch(numbers[head_index], particles, weights), found


def _parse_weights(
    bodies: list[bytes], names: tuple[str, ...] | None, first: int
) -> tuple[FloatArray, tuple[str, ...]]:
    pairs = [_WEIGHT.findall(body) for body in bodies]
    found = tuple(name.decode() for name, _ in pairs[0]) if names is None else names
    expected = [name.encode() for name in found]
    for number, (pair, body) in enumerate(zip(pairs, bodies, strict=True)):
        if [name for name, _ in pair] != expected or body.count(b"<wgt") != len(pair):
            raise LHEEventError(first + number, f"its weights are not those of event 0: {', '.join(found) or 'none'}")
    try:
        values = np.array([value for pair in pairs for _, value in pair], dtype=np.float64)
    except ValueError as error:
        number = next(i for i, pair in enumerate(pairs) if not _are_numbers([value for _, value in pair]))
        raise LHEEventError(first + number, f"a weight: {error}") from None
    return values.reshape(len(bodies), len(found)), found


def _are_numbers(words: list[bytes]) -> bool:
    try:
        np.array(words, dtype=np.float64)
    except ValueError:
        return False
    return True


def _row_of(body: bytes) -> int | None:
    """Return the row of an event's record that holds something other than numbers."""
    lines = [_COMMENT.sub(b"", line).split() for line in body.partition(b"<")[0].split(b"\n")]
    return next((row for row, words in enumerate(filter(None, lines)) if not _are_numbers(words)), None)


def _sample(path: Path, head: _Head, batches: list[_Batch], names: tuple[str, ...]) -> LHESample:
    heads = np.concatenate([batch.heads for batch in batches]) if batches else np.empty((0, HEAD_NUMBERS))
    particles = np.concatenate([batch.particles for batch in batches]) if batches else np.empty((0, PARTICLE_NUMBERS))
    weights = np.concatenate([batch.weights for batch in batches]) if batches else np.empty((0, len(names)))
    check_records(heads, particles, weights)
    factor = _normalisation(head, heads[:, 2], str(path))
    try:
        return LHESample(
            offsets=np.concatenate([[0], np.cumsum(heads[:, 0])]).astype(np.int64),
            pdg_id=particles[:, 0].astype(np.int32),
            status=particles[:, 1].astype(np.int32),
            mothers=particles[:, 2:4].astype(np.int32),
            colours=particles[:, 4:6].astype(np.int32),
            four_momenta=particles[:, [9, 6, 7, 8]],
            masses=particles[:, 10].copy(),
            spins=particles[:, 12].copy(),
            event_number=np.arange(len(heads), dtype=np.int64),
            scales=heads[:, 3].copy(),
            nominal_weights=heads[:, 2] * factor,
            weights=weights * factor,
            weight_names=names,
            cross_section=head.cross_section,
            cross_section_error=head.cross_section_error,
            alpha_qed=heads[:, 4].copy(),
            alpha_qcd=heads[:, 5].copy(),
            beams=head.beams,
            metadata=head.metadata,
        )
    except LHEError as error:
        place = str(path) if error.where is None else f"{path}, {error.where}"
        raise LHEError(error.what, where=place, expected=error.expected, mend=error.mend) from None


def _normalisation(head: _Head, nominal: FloatArray, where: str) -> float:
    if head.norm == "sum" or not len(nominal):
        return 1.0
    if head.norm == "average":
        return 1.0 / len(nominal)
    total = float(np.sum(nominal))
    if not total > 0.0:
        raise LHEError("weights of event_norm unity have no positive sum", where=where)
    return head.cross_section / total
