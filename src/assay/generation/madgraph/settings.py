"""What MadGraph is told: the study's cards and where its parameters stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.errors import GenerationError
from assay.generation.madgraph.cards import Entry
from assay.study.model_process import MadGraphProcess
from assay.theory.parameters import ParameterSpace


@dataclass(frozen=True)
class MadGraphSettings:
    """The texts of the cards, and the accuracy asked for.

    Attributes
    ----------
    name
        Of the process: `signal` or the sample's.
    proc, run, param, reweight
        Texts of the cards; param and reweight may be empty.
    points
        Benchmark name to the entries of the parameter card that the study's parameters set.
    generated
        Names of those at which events are generated; all points are weights.
    accuracy
        Relative, of the cross sections.
    """

    name: str
    proc: str
    run: str
    param: str
    reweight: str
    points: Mapping[str, Mapping[Entry, float]]
    generated: tuple[str, ...]
    accuracy: float


def madgraph_settings(
    name: str, process: MadGraphProcess, folder: Path, space: ParameterSpace, generated: tuple[str, ...]
) -> MadGraphSettings:
    """Return the settings of a study's process.

    Parameters
    ----------
    name
        `signal` or the sample's.
    process
        The section of the study.
    folder
        Of the study, which the names of the cards are relative to.
    space
        Parameters and benchmarks.
    generated
        Benchmarks at which events are wanted. Empty for a background: it is generated at the reference benchmark, its
        events have no weights at others, and its one point has an empty name.

    Raises
    ------
    GenerationError
        If a card cannot be read.
    """
    entries = [(entry.block.lower(), (entry.id,)) for entry in space.card_entries]
    values = space.card_values(np.asarray(space.benchmark_values))
    points: dict[str, dict[Entry, float]] = {
        benchmark: dict(zip(entries, map(float, row), strict=True))
        for benchmark, row in zip(space.benchmark_names, values, strict=True)
    }
    if not generated:
        points, generated = {"": points[space.reference]}, ("",)
    cards = process.cards
    return MadGraphSettings(
        name=name,
        proc=_card(folder, cards.proc),
        run=_card(folder, cards.run),
        param=_card(folder, cards.param),
        reweight=_card(folder, cards.reweight),
        points=points,
        generated=generated,
        accuracy=process.accuracy,
    )


def _card(folder: Path, name: str | None) -> str:
    if name is None:
        return ""
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"the card cannot be read ({error})", where=name, expected="a text file") from None
