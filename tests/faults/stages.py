"""All stages of a small study, which tests run again on damaged inputs and on machines that lack something."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uproot

from assay.manifest import NAME, Manifest

Chain = Any


@dataclass(frozen=True)
class Step:
    """A stage with the roles of its inputs, in the order in which data flows."""

    stage: str
    inputs: tuple[tuple[str, str], ...]
    further: tuple[str, ...] = ()


STEPS = (
    Step("prepare", (("--setup", "configure/setup.h5"),)),
    Step("generate", (("--process", "prepare"), ("--jobs", "{job}"))),
    Step("simulate", (("--jobs", "{job}"), ("--detector", "configure/detector.yml"), ("--events", "generate_0"))),
    Step(
        "extract",
        (
            ("--setup", "configure/setup.h5"),
            ("--jobs", "{job}"),
            ("--events", "generate_0"),
            ("--objects", "simulate_0"),
        ),
    ),
    Step("combine", (("--setup", "configure/setup.h5"), ("", "extract_0"), ("", "extract_1"))),
    Step("sample", (("--events", "combine/combined.h5"),)),
    Step("train", (("--samples", "sample/ratio"), ("--events", "combine/combined.h5")), ("--job", "alices")),
    Step(
        "evaluate",
        (("--events", "combine/combined.h5"), ("--samples", "sample/score"), ("", "train_sally/model")),
        ("--method", "sally"),
    ),
)


PLOT = Step("plot", (("--events", "combine/combined.h5"), ("", "train_sally"), ("", "evaluate_sally")))
"""Takes too long to be run a thousand times."""


@dataclass(frozen=True)
class Run:
    """The folder of a run, and what its stages write when nothing is wrong."""

    chain: Chain
    other: Path
    clean: dict[str, dict[str, str]]

    def arguments(self, step: Step) -> list[object]:
        """Return a stage's arguments but for study and output."""
        job = self.chain.jobs[0].relative_to(self.chain.folder)
        given: list[object] = list(step.further)
        for option, place in step.inputs:
            path = self.chain.folder / place.format(job=job)
            given += [option, path] if option else [path]
        return given

    @property
    def wrong(self) -> Path:
        """The folder that stages are tried in."""
        return Path(self.chain.folder / "wrong")

    def do(self, step: Step) -> Any:
        """Run a stage into the folder `wrong`."""
        return self.chain.run(step.stage, self.wrong.name, *self.arguments(step))

    def changed(self, step: Step, folder: Path) -> list[str]:
        """Return which outputs of the clean run a folder lacks or has otherwise."""
        found = outputs(folder)
        return [name for name, sha in self.clean[step.stage].items() if found.get(name) != sha]


def outputs(folder: Path) -> dict[str, str]:
    """Return the digests of what a stage left in its folder, by their paths in it."""
    found = {}
    for inside in (path.parent for path in manifests(folder)):
        for one in Manifest.read(inside).outputs:
            path = inside / one.path
            found[str(path.relative_to(folder))] = content_digest(path) if path.suffix == ".root" else one.sha256
    return found


def manifests(folder: Path) -> list[Path]:
    """Return the manifests in a folder: of the stage, or of each of its jobs."""
    return sorted(folder.rglob(NAME))


def content_digest(path: Path) -> str:
    """Return the digest of the numbers in a ROOT file, whose bytes hold the time of writing."""
    with uproot.open(path) as file:
        trees = [file[name] for name, kind in file.classnames().items() if kind == "TTree"]
        content = [tree.arrays(library="ak").to_list() for tree in trees]
    assert content
    return hashlib.sha256(repr(content).encode()).hexdigest()
