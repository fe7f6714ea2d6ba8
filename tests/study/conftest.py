from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from assay.study.load import load_study
from assay.study.problems import Problem, StudyErrors


@pytest.fixture(scope="session")
def base_text() -> str:
    return (Path(__file__).parent / "base.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def write_study(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Write a study beside the detector card and events that it names; a later one replaces it."""
    folder = tmp_path_factory.mktemp("study")
    (folder / "cards").mkdir()
    (folder / "cards" / "detector.yml").write_text("{}\n", encoding="utf-8")
    (folder / "cards" / "events.lhe.gz").write_bytes(b"")

    def write(text: str) -> Path:
        path = folder / "input.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="session")
def problems_of(write_study: Callable[[str], Path]) -> Callable[[str], tuple[Problem, ...]]:
    """Return what is wrong with a study, nothing if it loads."""

    @cache
    def load(text: str) -> tuple[Problem, ...]:
        try:
            load_study(write_study(text))
        except StudyErrors as errors:
            return errors.problems
        return ()

    return load
