from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.study.load import load_study
from assay.study.problems import Problem, StudyErrors


@pytest.fixture(scope="session")
def base_text() -> str:
    return (Path(__file__).parent / "base.yml").read_text(encoding="utf-8")


@pytest.fixture
def write_study(tmp_path: Path) -> Callable[[str], Path]:
    """Write a study beside the detector card that it names."""

    def write(text: str) -> Path:
        (tmp_path / "cards").mkdir(exist_ok=True)
        (tmp_path / "cards" / "detector.yml").write_text("{}\n", encoding="utf-8")
        path = tmp_path / "input.yml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def problems_of(write_study: Callable[[str], Path]) -> Callable[[str], tuple[Problem, ...]]:
    """Return what is wrong with a study, nothing if it loads."""

    def load(text: str) -> tuple[Problem, ...]:
        try:
            load_study(write_study(text))
        except StudyErrors as errors:
            return errors.problems
        return ()

    return load
