"""Checks of the shower."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from assay.study.checks.draft import Check, Draft
from assay.study.checks.files import HDF5, HEPMC
from assay.study.problems import Finding, Location
from assay.study.pythia_card import CardLine, card_lines

_OWN_PYTHIA_SETTINGS = {
    "beams:": "comes from process and the events",
    "random:": "derives from the study's seed",
    "main:": "is set by Assay",
    "next:": "is set by Assay",
    "init:": "is set by Assay",
    "leshouches:": "is set by Assay",
    "hepmcoutput:": "is not of Pythia but of MadGraph: write `hepmc: true` for such a file",
    "syscalc:": "is not of Pythia but of MadGraph",
    "partonlevel:mpi": "is shower.multiparton_interactions",
    "hadronlevel:hadronize": "is shower.hadronisation",
    "hadronlevel:all": "is shower.hadronisation",
}
_VARIATIONS = "uncertaintybands:dovariations"
_ON = ("on", "yes", "true", "1", "ok")


def pythia_settings(draft: Draft) -> Iterable[Finding]:
    """Check that further Pythia settings are assignments, and not of what Assay sets."""
    if draft.shower is not None:
        yield from _settings(("shower", "settings"), draft.shower.settings)
    for name, sample in draft.samples.items():
        yield from _settings(("samples", name, "shower"), sample.shower)
        if sample.shower and (sample.events or "").endswith((*HEPMC, *HDF5)):
            found = f"settings of the shower for {sample.events}, which is showered already"
            yield Finding(("samples", name, "shower"), found, "none", "remove them")


def _settings(place: Location, settings: Sequence[str]) -> Iterable[Finding]:
    seen: set[str] = set()
    for index, text in enumerate(settings):
        location = (*place, index)
        line = CardLine(0, text.strip())
        if not line.value or "=" not in text or ":" not in line.name:
            yield Finding(
                location, repr(text), "Group:name = value", "write TimeShower:alphaSvalue = 0.13, for example"
            )
            continue
        shown = text.partition("=")[0].strip()
        if own := _own(line):
            yield Finding(location, f"{shown}, which {own}", "settings that Assay leaves to you", "remove it")
        if line.name in seen:
            yield Finding(location, f"{shown} for a second time", "every setting once", "remove one of them")
        seen.add(line.name)


def pythia_card(draft: Draft) -> Iterable[Finding]:
    """Check that Pythia's card is in the study's folder, and sets nothing that Assay sets."""
    if draft.shower is None or draft.shower.card is None:
        return
    card, location = draft.shower.card, ("shower", "card")
    path = PurePosixPath(card)
    if path.is_absolute() or ".." in path.parts or "\\" in card:
        found = f"{card!r}, a path out of the study's folder"
        yield Finding(location, found, "a file in the study's folder", "copy the card beside the study")
        return
    try:
        text = (draft.folder / card).read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):
        expected = "a card of Pythia, relative to the study's folder"
        yield Finding(location, f"{card!r}, which is not a readable file", expected, "mend the name")
        return
    for line in card_lines(text):
        if line.name == "include":
            mend = "put that file's lines into the card"
            yield Finding(location, f"line {line.number} of the card: {line.text!r}", "one file alone", mend)
        elif not line.value or ":" not in line.name:
            found = f"line {line.number} of the card: {line.text!r}"
            yield Finding(location, found, "Group:name = value", "mend the line, or begin it with ! to leave it out")
        elif own := _own(line):
            found = f"line {line.number} of the card: {line.text!r}, which {own}"
            yield Finding(location, found, "settings that Assay leaves to you", "remove the line")


def particles_are_written(draft: Draft) -> Iterable[Finding]:
    """Check that there is a shower where its events are to be kept."""
    if draft.shower is None or draft.detector is None:
        return
    if draft.shower.hepmc and draft.detector.kind == "none":
        yield Finding(
            ("shower", "hepmc"),
            "events of a shower, although detector.kind none leaves it out",
            "a detector behind the shower",
            "write hepmc: false, or detector: {kind: parametrised}",
        )


def weights_of_pythia(draft: Draft) -> Iterable[Finding]:
    """Check that not both matching and merging are on, nor weights that would be lost."""
    if draft.shower is None:
        return
    values, places = _values(draft)
    matching = values.get("jetmatching:merge", "").lower() in _ON
    merging = [name for name, value in values.items() if name.startswith("merging:do") and value.lower() in _ON]
    merging = [name for name in merging if name.endswith(("merging", "tree", "loop", "subt", "subtnlo"))]
    if matching and merging:
        found = f"both JetMatching:merge and {merging[0]} are on"
        yield Finding(places["jetmatching:merge"], found, "matching or merging", "switch one of them off")
    if values.get(_VARIATIONS, "").lower() in _ON:
        yield Finding(
            places[_VARIATIONS],
            "weights for variations of the shower, which are not carried on",
            "one weight per event from Pythia",
            "remove it: shower the events again with other settings, as a sample of its own",
        )


def _values(draft: Draft) -> tuple[dict[str, str], dict[str, tuple[str | int, ...]]]:
    """Return the settings of card and study, the last counts, and where each of them is in the study."""
    values: dict[str, str] = {}
    places: dict[str, tuple[str | int, ...]] = {}
    if draft.shower is None:
        return values, places
    if draft.shower.card is not None:
        try:
            text = (draft.folder / draft.shower.card).read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError):
            text = ""
        for line in card_lines(text):
            values[line.name], places[line.name] = line.value, ("shower", "card")
    for index, setting in enumerate(draft.shower.settings):
        line = CardLine(0, setting.strip())
        values[line.name], places[line.name] = line.value, ("shower", "settings", index)
    return values, places


def _own(line: CardLine) -> str:
    return next((why for prefix, why in _OWN_PYTHIA_SETTINGS.items() if line.name.startswith(prefix)), "")


SIMULATION_CHECKS: tuple[Check, ...] = (pythia_settings, pythia_card, particles_are_written, weights_of_pythia)
