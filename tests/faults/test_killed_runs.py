"""A study that is killed at twenty random moments ends as an undisturbed one; nothing complete is done again."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import h5py
import numpy as np
import pytest
import yaml

from assay.manifest import NAME

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks processes up in /proc"),
]

ROOT = Path(__file__).parents[2]
ASSAY = Path(sys.executable).with_name("assay")
SECONDS = 900.0
KILLS = 20
SEED = 3
STUDY = {
    "process": {"events_per_benchmark": 200, "jobs_per_benchmark": 2},
    "execution": {"jobs_per_step": 4, "retries": 0},
    "sampling": {"hypotheses": 10, "train_samples": 400, "validation_samples": 200, "test_samples": 200},
    "training": {"hidden_layers": [10], "epochs": 4, "batch_size": 64},
    "limits": {"grid": {name: {"range": [-0.48, 0.48], "points": 9} for name in ("CWL2", "CPWL2")}},
}
METHODS = {"alices": {"kind": "alices"}, "histogram": {"kind": "histogram", "observables": ["pt_j1"]}}
Victim = Literal["launcher", "engine", "step"]


@dataclass(frozen=True)
class Moment:
    """When to kill whom: once so many manifests are written, and some seconds later."""

    manifests: int
    delay: float
    victim: Victim


def moments(n_manifests: int) -> list[Moment]:
    """Moments that are spread over a whole run."""
    chance = random.Random(SEED)
    victims: list[Victim] = [*["launcher"] * 12, *["engine"] * 4, *["step"] * 4]  # type: ignore[list-item]
    chance.shuffle(victims)
    return [
        Moment(int((number + chance.random()) / KILLS * n_manifests), chance.uniform(0.0, 2.0), victim)
        for number, victim in enumerate(victims)
    ]


def manifests(run: Path) -> dict[str, bytes]:
    """Manifests by the folder of the stage, job or method that is complete."""
    return {str(path.parent.relative_to(run)): path.read_bytes() for path in run.rglob(NAME)}


def command_line(process: int) -> list[str]:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode().split("\0")
    except OSError:
        return []


def processes_of(run: Path) -> list[int]:
    """Processes that work below a folder, or name it; not those that have ended and wait to be reaped."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            inside = entry.joinpath("cwd").readlink().is_relative_to(run)
        except OSError:
            continue
        if inside or any(str(run) in word for word in command_line(int(entry.name))):
            found.append(int(entry.name))
    return found


def victim_of(run: Path, launcher: int, victim: Victim, chance: random.Random) -> int | None:
    """Return the process to kill, if there is one at this moment."""
    if victim == "launcher":
        return launcher
    found = []
    for process in processes_of(run):
        words = command_line(process)
        is_engine = any(word.endswith("yadage-run") for word in words)
        is_step = len(words) > 2 and words[1] == str(ASSAY) and words[2] != "run"
        if is_step if victim == "step" else is_engine and parent(process) == launcher:
            found.append(process)
    return chance.choice(sorted(found)) if found else None


def parent(process: int) -> int:
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])


def is_locked(run: Path) -> bool:
    with open(run / ".lock") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def wait_until(condition: Callable[[], bool], pause: float = 0.1) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(pause)


def start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    with open(log, "ab") as output:
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)


def killed(command: list[str], run: Path, moment: Moment, chance: random.Random, log: Path) -> bool:
    """Start the run and kill it at a moment; return whether it was still there to be killed."""
    launcher = start(command, log)
    wait_until(lambda: launcher.poll() is not None or len(manifests(run)) >= moment.manifests)
    time.sleep(moment.delay)
    process = None
    while process is None and launcher.poll() is None:  # before it starts a step, a run has none
        time.sleep(0.05)
        process = victim_of(run, launcher.pid, moment.victim, chance)
    if process is not None and launcher.poll() is None:
        os.kill(process, signal.SIGKILL)
    status = launcher.wait(SECONDS)
    wait_until(lambda: not (run / ".lock").exists() or not is_locked(run))
    wait_until(lambda: not processes_of(run))
    assert status in {"launcher": (-signal.SIGKILL,), "engine": (1,), "step": (1,)}[moment.victim], log.read_text()
    return process is not None


def content(path: Path) -> object:
    """Return what a file of results holds, without what tells where and when it was made."""
    if path.suffix == ".h5":
        found: dict[str, object] = {}

        def visit(name: str, item: object) -> None:
            if isinstance(item, h5py.Dataset):
                found[name] = item[()]

        with h5py.File(path) as file:
            file.visititems(visit)
        return found
    if path.suffix == ".json":
        return json.loads(path.read_text())
    return path.read_bytes()


def same(one: object, other: object) -> bool:
    try:
        np.testing.assert_equal(one, other)
    except AssertionError:
        return False
    return True


def check_same(run: Path, undisturbed: Path) -> int:
    """Compare the results of two runs, value by value; return how many files there are."""
    patterns = ("**/combined.h5", "**/limits_*", "**/fisher.*", "**/model/*", "**/events.h5", "**/events.lhe.gz")
    names = sorted({str(path.relative_to(undisturbed)) for pattern in patterns for path in undisturbed.glob(pattern)})
    for name in names:
        assert same(content(run / name), content(undisturbed / name)), name
    return len(names)


def test_a_run_that_is_killed_twenty_times_ends_as_an_undisturbed_one(
    small_study: Callable[..., Path], tmp_path: Path
) -> None:
    study, run, undisturbed, log = small_study(), tmp_path / "run", tmp_path / "undisturbed", tmp_path / "shown"
    document = yaml.safe_load(small_study(**STUDY).read_text())
    study.write_text(yaml.safe_dump({**document, "methods": METHODS}, sort_keys=False))
    command = [str(ASSAY), "run", "--study", str(study), "--project", str(ROOT), "--processes", "2", "--output"]
    subprocess.run([*command, str(undisturbed)], check=True, capture_output=True)
    total = len(manifests(undisturbed))
    chance = random.Random(SEED)
    complete: dict[str, bytes] = {}
    kills = 0
    for moment in moments(total):
        kills += killed([*command, str(run)], run, moment, chance, log)
        now = manifests(run)
        assert {name: now.get(name) for name in complete} == complete, "what was complete was done again"
        complete = now
    assert kills == KILLS
    subprocess.run([*command, str(run)], check=True, capture_output=True)
    now = manifests(run)
    assert {name: now.get(name) for name in complete} == complete
    assert set(now) == set(manifests(undisturbed))
    assert not list(run.rglob(".partial-*"))
    assert check_same(run, undisturbed) > 40
