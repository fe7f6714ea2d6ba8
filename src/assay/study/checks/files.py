"""Checks of files that a study names: events of samples and of processes, cards of MadGraph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from assay.study.checks.draft import Check, Draft
from assay.study.checks.morphing import n_generated
from assay.study.checks.process import located_processes
from assay.study.model import FilesProcess, MadGraphProcess
from assay.study.model_samples import regions_of
from assay.study.problems import Finding, Location, listed, suggestion

LHE, HEPMC, HDF5 = (".lhe", ".lhe.gz"), (".hepmc", ".hepmc.gz"), (".h5", ".hdf5")


def sample_files(draft: Draft) -> Iterable[Finding]:
    """Check that files of samples are in the study's folder and of a known kind, and say what such files need."""
    for name, sample in draft.samples.items():
        if sample.events is None:
            continue
        faults = list(file_faults(draft, ("samples", name, "events"), sample.events, LHE + HEPMC + HDF5))
        yield from faults
        if not faults and sample.benchmark is not None and sample.events.endswith(HDF5):
            yield Finding(
                ("samples", name, "benchmark"),
                f"a benchmark for {sample.events}, which says itself where its events were drawn",
                "a benchmark for LHE or HepMC files alone",
                "remove it",
            )
        if sample.events.endswith(HEPMC) and draft.detector is not None and draft.detector.kind == "none":
            yield Finding(
                ("samples", name, "events"),
                f"{sample.events}, whose events are showered, although detector.kind none takes partons",
                "LHE files, or a detector",
                "give LHE events, or write detector: {kind: parametrised}",
            )


def process_files(draft: Draft) -> Iterable[Finding]:
    """Check that files of events and cards of processes are in the study's folder."""
    for _, place, process in located_processes(draft):
        if isinstance(process, MadGraphProcess):
            for card in ("proc", "run", "param", "reweight"):
                name = getattr(process.cards, card)
                if name is not None:
                    yield from file_faults(draft, (*place, "cards", card), name, ())
        elif isinstance(process, FilesProcess):
            for benchmark, files in process.files.items():
                if not files:
                    yield Finding(
                        (*place, "files", benchmark), "no file", "at least one file", "give one, or remove the key"
                    )
                for index, name in enumerate(files):
                    location = (*place, "files", benchmark, index)
                    yield from file_faults(draft, location, name, LHE + HEPMC)
                    if name in files[:index]:
                        yield Finding(location, f"{name} for a second time", "every file once", "remove one of them")


def benchmarks_of_files(draft: Draft) -> Iterable[Finding]:
    """Check that files are of known benchmarks, and that the study gives all benchmarks that the morphing needs."""
    known = draft.names("benchmarks")
    for sample, place, process in located_processes(draft):
        if not isinstance(process, FilesProcess):
            continue
        for key, names in (("files", process.files), ("cross_section", process.cross_section or {})):
            for name in names:
                if draft.unknown("benchmarks", name) or (key == "cross_section" and name not in process.files):
                    yield Finding(
                        (*place, key, name),
                        f"{name}, which is no benchmark" if key == "files" else f"{name}, which has no files",
                        f"one of {listed(known if key == 'files' else process.files)}",
                        suggestion(name, known, "declare it under benchmarks"),
                        on_key=True,
                    )
        needed = n_generated(draft) if sample in regions_of(draft.samples) else None
        if needed is not None and draft.all_valid("benchmarks") and needed > len(known):
            yield Finding(
                (*place, "generator"),
                f"files, which have weights at {len(known)} benchmarks, where the morphing needs {needed}",
                "all benchmarks in the study: none can be added to events that exist",
                f"declare {needed - len(known)} more, those that the files have weights of",
            )


def file_faults(draft: Draft, location: Location, name: str, endings: tuple[str, ...]) -> Iterator[Finding]:
    """Yield what is wrong with the name of a file that travels with the study; no endings: any will do."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        yield Finding(
            location,
            f"{name!r}, a path out of the study's folder",
            "a file in the study's folder, which travels with it",
            "copy or link the file there",
        )
    elif endings and not name.endswith(endings):
        yield Finding(location, repr(name), f"a name that ends with {listed(endings)}", "give an event file")
    elif not _is_file(draft, name):
        yield Finding(
            location,
            f"{name!r}, which is not a file",
            "a file relative to the study's folder",
            "mend the name, or generate the file first" if endings else "mend the name",
        )


def _is_file(draft: Draft, name: str) -> bool:
    try:
        return (draft.folder / name).is_file()
    except (OSError, ValueError):
        return False


FILE_CHECKS: tuple[Check, ...] = (sample_files, process_files, benchmarks_of_files)
