from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # as in a shell's background; all it starts inherits it
    signal.signal(signal.SIGINT, signal.default_int_handler)
ASSAY = Path(sys.executable).with_name("assay")

SMALL = {
    "process": {"events_per_benchmark": 600, "jobs_per_benchmark": 1},
    "sampling": {"hypotheses": 20, "train_samples": 2000, "validation_samples": 500, "test_samples": 500},
    "training": {"hidden_layers": [20, 20], "epochs": 3, "batch_size": 256},
}


def merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return nested settings with some changed."""
    both = {
        key: merged(base[key], value) if isinstance(value, dict) and key in base else value
        for key, value in changes.items()
    }
    return {**base, **both}


@pytest.fixture
def small_study(tmp_path: Path) -> Callable[..., Path]:
    """Write the default study with few events and small networks, and further changes."""

    def write(**changes: Any) -> Path:
        study = yaml.safe_load((ROOT / "input" / "input.yml").read_text())
        folder = tmp_path / "input"
        shutil.copytree(ROOT / "input" / "cards", folder / "cards", dirs_exist_ok=True)
        path = folder / "input.yml"
        path.write_text(yaml.safe_dump(merged(merged(study, SMALL), changes), sort_keys=False))
        return path

    return write


@pytest.fixture
def assay() -> Callable[..., str]:
    """Run the command line as a user does, expect an exit status, and return what it prints."""

    def run(*arguments: object, expect: int = 0) -> str:
        done = subprocess.run([str(ASSAY), *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless Chromium: see tests/browser.py. In CI it has to be there."""
    spec = importlib.util.spec_from_file_location("browser", ROOT / "tests" / "browser.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules["browser"] = browser = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(browser)
    if reason := browser.missing():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with browser.chromium() as started:
        yield started
