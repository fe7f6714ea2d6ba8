"""Files of a study's samples, which travel with the run in a folder beside those of the jobs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from assay.events.adoption import Adoption, adopted
from assay.events.eventfile import Setup, read_event_file, write_event_file
from assay.events.table import ObservableInfo
from assay.files import atomic_path
from assay.generation.jobs import source_of
from assay.study.expressions import parse
from assay.study.model import Study
from assay.theory.systematics import effects_of

FOLDER = "samples"


def take_samples(study: Study, setup: Setup, samples: Mapping[str, Path], folder: Path) -> None:
    """Copy LHE files of samples, and write event files of samples as events of the study.

    Parameters
    ----------
    study, setup
        The study, its parameters and benchmarks.
    samples
        The files, by sample.
    folder
        Of the stage.

    Raises
    ------
    EventFileError
        If an event file does not fit the study.
    """
    for name, path in samples.items():
        target = folder / FOLDER / source_of(name, study.samples[name].events)
        target.parent.mkdir(exist_ok=True)
        if target.suffix in (".h5", ".hdf5"):
            section = study.samples[name]
            adoption = Adoption(name, section.k_factor, section.cross_section, steps_of(study))
            table = adopted(read_event_file(path), setup, observables_of(study), effects_of(study), adoption)
            write_event_file(target, table)
        else:
            with atomic_path(target) as temporary:
                shutil.copyfile(path, temporary)


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
    for name, section in study.observables.items():
        if section.required and parse(section.expression, variables=names).may_be_missing:
            required.append(f"{name} exists")
        names.append(name)
    return ("generated", "simulated", *required, *(cut.strip() for cut in study.cuts))
