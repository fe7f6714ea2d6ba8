"""Checks of the detector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import PurePosixPath

from assay.study.checks.draft import Check, Draft
from assay.study.checks.files import HEPMC, LHE, file_faults
from assay.study.checks.process import located_processes
from assay.study.model import FilesProcess
from assay.study.model_detector import DETECTOR_CARDS, DetectorSection
from assay.study.problems import Finding, Location, listed

_CARD = ("detector", "card")
_ROOT = (".root",)


def detector_card(draft: Draft) -> Iterable[Finding]:
    """Check that the detector's card is one that comes with Assay or a file of the study, and of the right kind."""
    detector = draft.detector
    if detector is None:
        return
    if detector.kind == "delphes" and detector.card_file is None:
        yield Finding(
            _CARD,
            "no card of Delphes" if detector.card is None else f"{detector.card}, a card of the parametrised detector",
            "a card of Delphes (TCL) in the study's folder",
            "copy one of Delphes' cards there",
        )
    elif detector.kind == "none" and detector.card is not None:
        yield Finding(_CARD, "a card although kind is none", "no card", "remove it, or write kind: parametrised")
    elif detector.card_file is not None:
        yield from _file(draft, detector.kind, detector.card_file)


def _file(draft: Draft, kind: str, card: str) -> Iterable[Finding]:
    if (PurePosixPath(card).suffix == ".tcl") != (kind == "delphes"):
        wanted = "a card of Delphes, .tcl" if kind == "delphes" else "a card in YAML"
        yield Finding(_CARD, f"{card!r} although kind is {kind}", wanted, "give that card, or change the kind")
        return
    for finding in file_faults(draft, _CARD, card, ()):
        named = "" if kind == "delphes" else f", or one of {listed(DETECTOR_CARDS)}"
        yield replace(finding, expected=finding.expected + named)


def detector_settings(draft: Draft) -> Iterable[Finding]:
    """Check that settings belong to the kind of detector."""
    if draft.detector is None:
        return
    belongs = {"smearing": "none", "missing_momentum_noise": "none", "program": "delphes"}
    for name, kind in belongs.items():
        if name in draft.detector.model_fields_set and draft.detector.kind != kind and not _usual(draft.detector, name):
            yield Finding(
                ("detector", name),
                f"{name} although kind is {draft.detector.kind}",
                f"{name} with kind: {kind} alone",
                f"remove it, or write kind: {kind}",
            )


def _usual(detector: DetectorSection, name: str) -> bool:
    """Return whether a setting has its default, as in a resolved study."""
    return bool(getattr(detector, name) == getattr(DetectorSection(), name))


def objects_of_files(draft: Draft) -> Iterable[Finding]:
    """Check that files of reconstructed objects are in the study's folder, and belong to files of events."""
    for name, sample in draft.samples.items():
        if sample.objects is not None:
            location = ("samples", name, "objects")
            if sample.events is None or not sample.events.endswith(LHE + HEPMC):
                yield _without_events(location, name)
            yield from file_faults(draft, location, sample.objects, _ROOT)
    for _, place, process in located_processes(draft):
        if isinstance(process, FilesProcess) and process.objects is not None:
            for benchmark, names in process.objects.items():
                if len(names) != len(process.files.get(benchmark, ())):
                    yield _without_events((*place, "objects", benchmark), benchmark)
                for index, name in enumerate(names):
                    yield from file_faults(draft, (*place, "objects", benchmark, index), name, _ROOT)


def _without_events(location: Location, name: str) -> Finding:
    return Finding(
        location,
        f"objects without the files of events of {name}",
        "as many LHE (or HepMC) files, from which they were simulated: these have the weights",
        "give both, in the same order, or remove the objects",
    )


DETECTOR_CHECKS: tuple[Check, ...] = (detector_card, detector_settings, objects_of_files)
