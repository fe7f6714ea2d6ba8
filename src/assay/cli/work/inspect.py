"""What `inspect` does: tells what a file or folder is, and has it looked into by those who know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from assay.cli.options import read_study
from assay.cli.work.inspect_generated import inspect_lhe, inspect_objects
from assay.cli.work.inspect_learning import inspect_model, inspect_sample
from assay.cli.work.inspect_prepared import inspect_embedded, inspect_madgraph
from assay.cli.work.inspect_results import (
    inspect_arrays,
    inspect_checks,
    inspect_fisher,
    inspect_limits,
    inspect_systematics,
    inspect_toys,
)
from assay.cli.work.inspect_stage import inspect_manifest, inspect_stage, manifest_faults
from assay.errors import AssayError, EventFileError
from assay.events import layout
from assay.events.against_study import disagreements
from assay.events.compare import differences
from assay.events.eventfile import EventHeader, read_event_header
from assay.events.inspect_events import inspect_event_file, inspect_setup_file
from assay.events.inspection import Inspection
from assay.manifest import NAME as MANIFEST
from assay.study.model import Study

_KNOWN = (
    "an event or set-up file (.h5), a prepared process (.npz, .tar.gz), LHE (.lhe, .lhe.gz), detector.root, a folder "
    "of samples or a model, limits or Fisher information (.json, .h5), checks, toys or systematics (.json), "
    "a manifest.json, or the folder of a stage"
)
Look = Callable[[Path], Inspection]
_FOLDERS: dict[str, Look] = {"model.json": inspect_model, "sample.json": inspect_sample, MANIFEST: inspect_stage}
"""What looks into a folder, by the file that tells what it is."""
_RESULTS: dict[str, Look] = {
    "checks.json": inspect_checks,
    "toys.json": inspect_toys,
    "systematics.json": inspect_systematics,
}


def inspect_paths(paths: Sequence[Path], study_path: Path | None) -> list[tuple[Path, Inspection]]:
    """Look into files and folders, and compare event files with each other and with a study.

    Raises
    ------
    AssayError
        If a file cannot be read, or is of no known kind.
    """
    study = None if study_path is None else read_study(study_path)
    found, first = [], None
    for path in (part for given in paths for part in _parts(given)):
        inspection = _look_of(path)(path)
        if not path.is_dir() and path.name != MANIFEST:
            inspection = inspection.with_faults(*manifest_faults(path))
        if inspection.kind == "event file":
            header = read_event_header(path)
            first = first or (path, header)
            inspection = inspection.with_faults(*_mismatches(header, first, study))
        found.append((path, inspection))
    return found


def _parts(path: Path) -> list[Path]:
    """Return a file or folder, or the folders in it of several jobs or samples."""
    if not path.is_dir() or any((path / name).is_file() for name in _FOLDERS):
        return [path]
    inside = sorted(part for part in path.iterdir() if any((part / name).is_file() for name in _FOLDERS))
    return inside or [path]


def _mismatches(header: EventHeader, first: tuple[Path, EventHeader], study: Study | None) -> list[str]:
    other, other_header = first
    faults = [f"its set-up differs from that of {other}: {text}" for text in differences(other_header, header)]
    if study is not None:
        faults += [f"it does not fit the study: {text}" for text in disagreements(study, header)]
    return faults


def _look_of(path: Path) -> Look:
    """Return what looks into a file or folder, by its name and content."""
    if path.is_dir():
        chosen = next((look for name, look in _FOLDERS.items() if (path / name).is_file()), None)
        if chosen is None:
            raise AssayError("nothing in this folder is known", where=str(path), expected=_KNOWN)
        return chosen
    if not path.is_file():
        raise AssayError("file not found", where=str(path), expected=_KNOWN)
    name = path.name.lower()
    if name.endswith((".lhe", ".lhe.gz")):
        return inspect_lhe
    if name.endswith(".root"):
        return inspect_objects
    if name.endswith(".npz"):
        return inspect_embedded
    if name.endswith(".tar.gz"):
        return inspect_madgraph
    if name.endswith(".json"):
        return _look_of_json(path)
    if name.endswith((".h5", ".hdf5")):
        return _look_of_hdf5(path)
    raise AssayError("no known kind of file", where=str(path), expected=_KNOWN)


def _look_of_json(path: Path) -> Look:
    if path.name == MANIFEST:
        return inspect_manifest
    if path.name in ("model.json", "sample.json"):
        look = inspect_model if path.name == "model.json" else inspect_sample
        return lambda file: look(file.parent)
    if path.name.startswith("limits"):
        return inspect_limits
    if path.name.startswith("fisher"):
        return inspect_fisher
    if path.name in _RESULTS:
        return _RESULTS[path.name]
    raise AssayError("no known kind of JSON file", where=str(path), expected=_KNOWN)


def _look_of_hdf5(path: Path) -> Look:
    with layout.reading(path) as file:
        groups = set(file)
    if "parameters" in groups and groups & {"morphing", "finite_differences"}:
        return inspect_event_file if groups & {"samples", "observables"} else inspect_setup_file
    if path.name.startswith(("limits", "fisher", "toys")) and path.with_suffix(".json").is_file():
        return _look_of_json(path.with_suffix(".json"))
    if not groups & {"parameters", "benchmarks", "samples", "observables", "morphing"}:
        return inspect_arrays
    raise EventFileError(
        f"it holds {', '.join(sorted(groups)) or 'nothing'}",
        where=str(path),
        expected="parameters, benchmarks, morphing, and with events observables and samples",
        mend="check that this is the right file, and that it is complete",
    )
