"""A folder of a run's own inputs, so that containers see these files and nothing that happens to lie beside them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from assay.files import PARTIAL
from assay.generation.jobs import cards_of, sources_of
from assay.manifest import verified_inputs
from assay.study.model import Study

EVENTS = "events.h5"


def bring_inputs(study: Study, study_path: Path, events: Path, folder: Path) -> None:
    """Bring a study, the files that it names and an event file (as `events.h5`) into a folder.

    Raises
    ------
    ManifestError
        If the event file is not what the stage that wrote it wrote: this no longer shows where it is brought to.
    """
    verified_inputs({"events": [events]})
    for name in (study_path.name, *files_of(study)):
        link_or_copy(study_path.parent / name, folder / name)
    link_or_copy(events, folder / EVENTS)


def files_of(study: Study) -> list[str]:
    """List the files that a study names, relative to its own."""
    card = [study.detector.card_file] if study.detector.card_file is not None else []
    data = [study.limits.data.events] if study.limits.data is not None else []
    return [*card, *data, *study.shower.files, *cards_of(study), *dict.fromkeys(sources_of(study).values())]


def link_or_copy(source: Path, target: Path) -> None:
    """Give a file a second name, which costs nothing however large it is, or a copy where the file system needs one.

    An earlier `target` is replaced. No symbolic links: containers do not see what these point at.
    """
    source = source.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(source):
        return
    temporary = target.with_name(f"{PARTIAL}{target.name}")
    temporary.unlink(missing_ok=True)
    try:
        os.link(source, temporary)
    except OSError:
        shutil.copyfile(source, temporary)
    temporary.replace(target)
