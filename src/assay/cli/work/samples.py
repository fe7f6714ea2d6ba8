"""Files of a study's samples, which travel with the run in a folder beside those of the jobs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from assay.events.adoption import Adoption, adopted
from assay.events.eventfile import Setup, read_event_file, write_event_file
from assay.events.table import ObservableInfo
from assay.files import atomic_path
from assay.generation.jobs import EVENT_FILES
from assay.study.efficiencies import step_of
from assay.study.expressions import parse
from assay.study.model import EfficiencySystematic, Study
from assay.study.registered import module_of
from assay.theory.systematics import effects_of

FOLDER = "samples"


def take_samples(study: Study, setup: Setup, samples: Mapping[str, Path], folder: Path) -> None:
    """Copy LHE files of samples, and write event files of samples as events of the study.

    Parameters
    ----------
    study, setup
        The study, its parameters and benchmarks.
    samples
        The files, by the names that they get.
    folder
        Of the stage.

    Raises
    ------
    EventFileError
        If an event file does not fit the study.
    """
    for name, path in samples.items():
        target = folder / FOLDER / name
        target.parent.mkdir(exist_ok=True)
        if target.suffix in EVENT_FILES:
            section = study.samples[target.stem]
            adoption = Adoption(target.stem, section.k_factor, section.cross_section, steps_of(study))
            table = adopted(read_event_file(path), setup, observables_of(study), effects_of(study), adoption)
            write_event_file(target, table)
        else:
            copy_file(path, target)


def copy_file(source: Path, target: Path) -> None:
    """Copy a file to a name, in folders that are made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic_path(target) as temporary:
        shutil.copyfile(source, temporary)


def observables_of(study: Study) -> tuple[ObservableInfo, ...]:
    """Return the study's observables as an event file has them."""
    return tuple(
        ObservableInfo(name, section.expression, section.unit, section.label or "")
        for name, section in study.observables.items()
    )


def steps_of(study: Study) -> tuple[str, ...]:
    """Return the steps of a study's selection as its cut flows name them."""
    names: list[str] = []
    required = []
    module = module_of(study.functions)
    functions = {} if module is None else module.arities
    for name, section in study.observables.items():
        if section.required and parse(section.expression, variables=names, functions=functions).may_be_missing:
            required.append(f"{name} exists")
        names.append(name)
    effects = effects_of(study)
    efficiencies = (step_of(e.name) for e in effects if isinstance(e.section, EfficiencySystematic))
    return ("generated", "showered", "simulated", *efficiencies, *required, *(cut.strip() for cut in study.cuts))
