"""Whatever happens to a file between two stages, the next one refuses it with what, where and how to mend it.

Every file that every stage reads is truncated, has bits flipped, is empty, missing, a folder, a link to itself, or
another study's. Then the stage either ends with an error of ours and without a manifest, or with the results of the
clean run (a bit of a manifest's wall time changes nothing). Anything else is silent corruption.
"""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.manifest import NAME

from .size import FACTOR
from .stages import STEPS, Run, Step, manifests

pytestmark = pytest.mark.slow

SEED = 20261123
SHARES, N_FLIPS = (0.0, 0.31, 0.97), 3  # of a file that is cut; bits that are flipped, one at a time


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
    chance = random.Random(SEED)
    cuts = [*SHARES, *(chance.random() for _ in range(len(SHARES) * (FACTOR - 1)))]
    flips = range(1, N_FLIPS * FACTOR + 1)
    found = [*(f"cut {cut}" for cut in cuts), *(f"flipped {flip}" for flip in flips), "missing", "folder", "loop"]
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
            left = manifests(run.wrong)
            if done.exception is None:
                changed = run.changed(step, run.wrong)
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
    for number in range(12 * FACTOR):
        content = bytearray(whole)
        for _ in range(20):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
        path = tmp_path / f"{number}.h5"
        path.write_bytes(content)
        done = run.chain.run("sample", "wrong", "--events", path)
        if done.exception is None:  # the bits were in places that nobody reads
            assert not run.changed(next(step for step in STEPS if step.stage == "sample"), run.wrong)
        else:
            assert isinstance(done.exception, AssayError), done.exception
        os.remove(path)
