"""Whatever happens to a file between two stages, the next one refuses it with what, where and how to mend it.

Every file that every stage reads is truncated, has bits flipped, is empty, missing, a folder, a link to itself, or
another study's. Then the stage either ends with an error of ours and without a manifest, or with the results of the
clean run (a bit of a manifest's wall time changes nothing). Anything else is silent corruption.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import uproot

from assay.errors import AssayError
from assay.generation import embedded
from assay.generation.sampling import Effort
from assay.manifest import NAME, Manifest

pytestmark = pytest.mark.slow

Chain = Any
SEED = 20261123
SHARES = (0.0, 0.31, 0.97)  # of a file that is cut


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


@dataclass(frozen=True)
class Run:
    """The folder of a run, and what its stages write when nothing is wrong."""

    chain: Chain
    other: Path
    clean: dict[str, dict[str, str]]

    def do(self, step: Step) -> Any:
        """Run a stage into the folder `wrong`."""
        job = self.chain.jobs[0].relative_to(self.chain.folder)
        given: list[object] = list(step.further)
        for option, place in step.inputs:
            path = self.chain.folder / place.format(job=job)
            given += [option, path] if option else [path]
        return self.chain.run(step.stage, "wrong", *given)

    def outputs(self) -> dict[str, str]:
        """Return the digests of what is in `wrong`."""
        found = {}
        for folder in (path.parent for path in self.manifests()):
            for one in Manifest.read(folder).outputs:
                path = folder / one.path
                found[str(path)] = content_digest(path) if path.suffix == ".root" else one.sha256
        return found

    def manifests(self) -> list[Path]:
        """Return the manifests in `wrong`: of the stage, or of each of its jobs."""
        return sorted((self.chain.folder / "wrong").rglob(NAME))


@pytest.fixture(scope="module")
def run(small_chain: Callable[..., Chain], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    folders = [tmp_path_factory.mktemp(name) for name in ("damaged", "other")]
    small = {"events_per_benchmark": 120, "jobs_per_benchmark": 1}
    process = {"generator": "embedded", "name": "wbf_higgs_w_fusion", "decay": "a a", **small}
    chains = [small_chain(folder, process=process, seed=seed) for seed, folder in enumerate(folders, start=1)]
    for chain in chains:
        trained = chain.train("train_sally", "sally", chain.folder / "sample" / "score")
        assert trained.exception is None, trained.output
    found = Run(chains[0], folders[1], {})
    quick = functools.partial(embedded.prepare, effort=Effort(5000, iterations=4, n_points_per_iteration=4000))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(embedded, "prepare", quick)
        for step in STEPS:
            runs = []
            for _ in range(2):
                done = found.do(step)
                assert done.exception is None, (step.stage, done.exception)
                runs.append(found.outputs())
            # journals and the like hold times
            found.clean[step.stage] = {name: sha for name, sha in runs[0].items() if runs[1].get(name) == sha}
            assert found.clean[step.stage], step.stage
        yield found
    for folder in folders:
        shutil.rmtree(folder)


def content_digest(path: Path) -> str:
    """Return the digest of the numbers in a ROOT file, whose bytes hold the time of writing."""
    with uproot.open(path) as file:
        trees = [file[name] for name, kind in file.classnames().items() if kind == "TTree"]
        content = [tree.arrays(library="ak").to_list() for tree in trees]
    assert content
    return hashlib.sha256(repr(content).encode()).hexdigest()


def files_of(run: Run, step: Step) -> list[Path]:
    """Return all files that a stage reads, and the manifests above them."""
    job = run.chain.jobs[0].relative_to(run.chain.folder)
    paths = [run.chain.folder / place.format(job=job) for _, place in step.inputs]
    files = {run.chain.study}
    for path in paths:
        files |= {file for file in path.rglob("*") if file.is_file()} if path.is_dir() else {path}
        files |= {folder / NAME for folder in (path, *list(path.parents)[:2]) if (folder / NAME).exists()}
    return sorted(file for file in files if file.suffix != ".jsonl")


@contextmanager
def damaged(path: Path, how: str, other: Path) -> Iterator[None]:
    """Damage a file, and mend it afterwards."""
    kept, chance = path.read_bytes(), random.Random(f"{SEED}{path.name}{how}")
    kind, _, which = how.partition(" ")
    path.unlink()
    try:
        if kind == "cut":
            path.write_bytes(kept[: int(float(which) * len(kept))])
        elif kind == "flipped":
            content = bytearray(kept)
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
            path.write_bytes(content)
        elif kind == "folder":
            path.mkdir()
        elif kind == "loop":
            path.symlink_to(path)
        elif kind == "swapped":
            shutil.copy(other, path)
        elif kind == "future":
            content_of = json.loads(kept)
            path.write_text(json.dumps({**content_of, "version": "99.0", "format": "assay-99", "schema": 99}))
        yield
    finally:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink(missing_ok=True)
        path.write_bytes(kept)


def damages(path: Path, other: Path) -> Sequence[str]:
    """Return what is done to a file."""
    found = [*(f"cut {share}" for share in SHARES), "flipped 1", "flipped 2", "flipped 3", "missing", "folder", "loop"]
    if other.is_file() and other.read_bytes() != path.read_bytes():
        found.append("swapped")
    if path.suffix == ".json" and path.read_bytes()[:1] == b"{":
        found.append("future")
    return found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.stage)
def test_no_damage_is_silent(run: Run, step: Step) -> None:
    faults, refused, harmless = [], 0, 0
    for path in files_of(run, step):
        inside = path.relative_to(run.chain.folder)
        for how in damages(path, run.other / inside):
            with damaged(path, how, run.other / inside):
                done = run.do(step)
            where = f"{step.stage}, {inside} {how}"
            left = run.manifests()
            if done.exception is None:
                outputs = run.outputs()
                changed = [name for name, sha in run.clean[step.stage].items() if outputs.get(name) != sha]
                faults += [f"{where}: SILENT, {', '.join(changed)} differ"] if changed else []
                harmless += 1
            elif not isinstance(done.exception, AssayError) and done.exit_code != 2:
                faults.append(f"{where}: {type(done.exception).__name__}: {done.exception}")
            elif left:
                faults.append(f"{where}: refused, but a manifest was left")
            else:
                refused += 1
                message = str(done.exception) if isinstance(done.exception, AssayError) else done.output
                faults += [] if len(message) > 20 else [f"{where}: says only {message!r}"]
    assert not faults, "\n".join(faults)
    assert refused > 20
    print(f"{step.stage}: {refused + harmless} damages, {refused} refused, {harmless} without effect")


def test_a_damaged_file_of_the_users_own_is_refused(run: Run, tmp_path: Path) -> None:
    """Without manifests, event files are still protected by their checksums."""
    whole = (run.chain.folder / "combine" / "combined.h5").read_bytes()
    chance = random.Random(SEED)
    for number in range(12):
        content = bytearray(whole)
        for _ in range(20):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        done = run.chain.run("sample", "wrong", "--events", path)
        if done.exception is None:  # the bits were in places that nobody reads
            assert {n: s for n, s in run.outputs().items() if n in run.clean["sample"]} == run.clean["sample"]
        else:
            assert isinstance(done.exception, AssayError), done.exception
        os.remove(path)
