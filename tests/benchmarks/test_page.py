"""The page is made of the results of a run, and of nothing else."""

from __future__ import annotations

import importlib
import json
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.fast


@pytest.fixture
def results() -> object:
    common, page, hot_paths, scaling = map(importlib.import_module, ("common", "page", "hot_paths", "scaling"))

    def measured(*seconds: float) -> object:
        return common.Measured(seconds, seconds, 12.0)

    def comparison(name: str, target: float | None) -> object:
        peer = measured(3.0, 4.0, 5.0)
        return common.Comparison("limits", name, 1, "limits", measured(0.1, 0.1), peer, target, "benchmarks/limits.py")

    machine = {
        "system": "Linux 6", "processor": "a processor", "cores": 2, "memory_gib": 8.0, "python": "3.11",
        "versions": {"numpy": "2.0"}, "load": [1.0, 2.0], "minutes": 9.0, "repetitions": 3,
    }  # fmt: skip
    path = hot_paths.HotPath("a path", 0.3, "BLAS", 0.1, (("linear", 0.6), ("log", 0.3)), "the rest")
    points = tuple(scaling.Point(x, measured(1e-3 * x**2)) for x in (10.0, 100.0, 1000.0))
    return page.Results(
        machine,
        hot_paths.Machine(1e11, 1e10, 5e8, 1e10, 1e9, 1e8),
        (comparison("first", 20.0), comparison("second", 50.0), comparison("third", None)),
        (path,),
        (scaling.Series("sampling", "events", "some work", points),),
    )


@pytest.fixture
def page() -> ModuleType:
    return importlib.import_module("page")


def test_the_page_tells_ratios_misses_distances_and_growth(results, page: ModuleType, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    page.write_page(results, tmp_path / "benchmarks.md")
    text = (tmp_path / "benchmarks.md").read_text()
    rows = {line.split(" | ")[1]: line for line in text.splitlines() if line.startswith("| limits")}
    assert "**40** (30 to 50) | 20 |" in rows["first"]
    assert "50: **missed**" in rows["second"]
    assert "missed" not in rows["third"]
    assert "| a path | 300 ms | BLAS | 3.0 | `linear` 60%, `log` 30% | the rest |" in text
    assert "| 10, 100, 1 000 |" in text
    assert "| 2.00 |" in text
    for name in ("benchmark-ratios.png", "benchmark-growth.png"):
        assert f"(images/{name})" in text
        assert (tmp_path / "images" / name).stat().st_size < 200_000


def test_programs_and_pages_that_are_named_are_there(page: ModuleType) -> None:
    root = Path(__file__).parents[2]
    for _, program, text in page.OTHERS:
        assert (root / "benchmarks" / f"{program}.py").is_file()
        assert f"benchmarks/{program}.py" in (root / "docs" / text).read_text()


def test_a_file_gives_the_same_page_as_the_run(results, page: ModuleType, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    read = page.Results.of_json(json.loads(json.dumps(asdict(results))))
    assert read == results


def test_misses_are_told(results) -> None:  # type: ignore[no-untyped-def]
    assert [one.what for one in importlib.import_module("run_all").missed(results)] == ["second"]
