"""Events of an LHE file that are laid out alike, read all at once (`assay.generation.lhe.columns`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.generation.kinematics import FloatArray
from assay.generation.lhe.columns import numbers_of

_WORD = re.compile(rb"(\S+)")
_WEIGHT = re.compile(rb"<wgt\s+id\s*=\s*[\"'][^\"']+[\"']\s*>\s*([^<\s]*)\s*</wgt>")
_NAME = re.compile(rb"<wgt\s+id\s*=\s*[\"']([^\"']+)[\"']")
_EVENTS_PER_LAYOUT = 20
"""With fewer, reading word by word is as fast."""


@dataclass(frozen=True)
class UniformEvents:
    """Heads (E, 6), particles (P, 13) and weights (E, B) as they stand in the file, and the names of the weights."""

    heads: FloatArray
    particles: FloatArray
    weights: FloatArray
    names: tuple[str, ...]


def read_uniform(
    bodies: Sequence[bytes], names: tuple[str, ...] | None, head_numbers: int, particle_numbers: int
) -> UniformEvents | None:
    """Read events by the columns of their numbers.

    Parameters
    ----------
    bodies
        The texts of the events, between their tags.
    names
        Of the weights of earlier events; None for the first events of a file.
    head_numbers, particle_numbers
        Numbers of an event's first line, and of a particle's.

    Returns
    -------
    UniformEvents or None
        None if the events are not laid out alike, whatever the reason: a fault is for the reader word by word to find.
    """
    texts = [body.partition(b"<")[0] for body in bodies]
    records = _read(texts, _WORD)
    if records is None:
        return None
    counts = np.empty(len(bodies), dtype=np.int64)
    for places, numbers in records:
        stated = numbers[:, 0]
        if (stated != stated[0]).any() or numbers.shape[1] != head_numbers + particle_numbers * stated[0]:
            return None
        counts[places] = int(stated[0])
    heads, particles = np.empty((len(bodies), head_numbers)), np.empty((int(counts.sum()), particle_numbers))
    starts = np.cumsum(counts) - counts
    for places, numbers in records:
        heads[places] = numbers[:, :head_numbers]
        rows = starts[places, None] + np.arange(counts[places[0]])
        particles[rows] = numbers[:, head_numbers:].reshape(*rows.shape, particle_numbers)
    ends = [body.find(b"<wgt", len(text)) for body, text in zip(bodies, texts, strict=True)]
    tails = [body[end:] if end >= 0 else b"" for body, end in zip(bodies, ends, strict=True)]
    return _with_weights(tails, names, heads, particles)


def _with_weights(
    tails: Sequence[bytes], names: tuple[str, ...] | None, heads: FloatArray, particles: FloatArray
) -> UniformEvents | None:
    """Add the weights, with the first of which the tails of the events begin."""
    found = tuple(name.decode() for name in _NAME.findall(tails[0])) if names is None else names
    weights = np.empty((len(tails), len(found)))
    groups = _read(tails, _WEIGHT) if found else []
    if groups is None or (not found and any(tails)):
        return None
    for places, numbers in groups:
        # all of a group have the names of its first, which stand between the numbers
        tail = tails[places[0]]
        if tuple(name.decode() for name in _NAME.findall(tail)) != found or tail.count(b"<wgt") != numbers.shape[1]:
            return None
        weights[places] = numbers
    return UniformEvents(heads, particles, weights, found)


def _read(texts: Sequence[bytes], within: re.Pattern[bytes]) -> list[tuple[NDArray[np.int64], FloatArray]] | None:
    """Return the numbers of texts of each length, with the texts' places."""
    lengths = np.array([len(text) for text in texts])
    distinct = np.unique(lengths)
    if len(distinct) * _EVENTS_PER_LAYOUT > len(texts):
        return None
    groups = []
    for length in distinct:
        places = np.flatnonzero(lengths == length)
        spans = [match.span(1) for match in within.finditer(texts[places[0]])]
        numbers = numbers_of([texts[place] for place in places.tolist()], spans)
        if numbers is None:
            return None
        groups.append((places, numbers))
    return groups
