"""From the two input files to one study."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from assay.study.migration.cards import Cards
from assay.study.migration.learning import WORKFLOW_LUMINOSITY, learning_sections
from assay.study.migration.losses import Loss
from assay.study.migration.physics import physics_sections
from assay.study.migration.source import Source

_METHODS = ("alice", "alices", "sally")
_SECTION = re.compile(r"^(\w+:\n)", re.MULTILINE)
_PROCESS = (
    Loss(
        "madminer-workflow-ph: code/cards",
        "process and run cards",
        "not part of its input; the study has Assay's embedded process, u d > u d h / a z with EWdim6 at 13 TeV",
        "give their folder (--cards code/cards), choose the process in the section process, or start from an event "
        "file (--part ml)",
    ),
    Loss(
        "madminer-workflow-ph: nevents in the run card, number of jobs",
        "how many events",
        "not part of its input; the study has Assay's default at every benchmark",
        "set process.events_per_benchmark and process.jobs_per_benchmark",
    ),
)
_DETECTOR = Loss(
    "madminer-workflow-ph: code/cards/delphes_card.dat",
    "Delphes",
    "not part of its input; the study has the parametrised detector",
    "see the section detector",
)
CARDS = "cards/madgraph"
"""Where the cards of a migrated study are, relative to it."""


@dataclass(frozen=True)
class Migration:
    """A study made of other inputs.

    Parameters
    ----------
    text
        The `input.yml`.
    losses
        What could not be kept as it was.
    """

    text: str
    losses: tuple[Loss, ...]


def migrate(physics_path: Path, learning_path: Path | None, name: str, cards: Cards | None = None) -> Migration:
    """Turn the inputs of `madminer-workflow-ph` and (if given) `madminer-workflow-ml` into a study of a name.

    With `cards`, which the study has in its folder `CARDS`, its process is that of MadGraph.

    Raises
    ------
    StudyError
        If a file is missing, no YAML, or not such an input.
    """
    sources = [Source(physics_path)]
    physics = physics_sections(sources[0])
    losses = [*(_PROCESS if cards is None else cards.losses()), _DETECTOR]
    process = {} if cards is None else {"process": cards.section(CARDS)}
    if learning_path is None:
        learning: dict[str, Any] = {
            "luminosity": WORKFLOW_LUMINOSITY / 1000.0,
            "methods": {**{method: {"kind": method} for method in _METHODS}, "rate": {"kind": "rate"}},
        }
        why = f"the study has the methods {', '.join(_METHODS)} and rate, and {learning['luminosity']:g} fb^-1"
        losses.append(Loss("the input of madminer-workflow-ml", "not given", why, "give it as the second file"))
    else:
        sources.append(Source(learning_path))
        learning = learning_sections(sources[1], physics)
    for source in sources:
        source.lose_the_rest()
        losses += source.losses
    document = {"assay": 1, "name": name, **physics, **process, **learning}
    return Migration(_text(document, [source.name for source in sources], losses), tuple(losses))


def _text(document: dict[str, Any], names: list[str], losses: list[Loss]) -> str:
    lines = [f"# Made by `assay migrate` of {' and '.join(names)}. Not kept as it was:", "#"]
    for loss in losses:
        first, *rest = str(loss).splitlines()
        lines += [f"# - {first}", *(f"#   {line}" for line in rest)]
    body = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return "\n".join(lines) + "\n\n" + _SECTION.sub(r"\n\1", body)
