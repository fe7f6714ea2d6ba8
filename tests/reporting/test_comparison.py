"""Two runs side by side: what differs is found, what is the same is not, what cannot be compared is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.errors import AssayError
from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting import run_folder
from assay.reporting.comparison import PAGE, compare, differences, tables, write_comparison
from assay.reporting.run import RunFiles, RunResults, read_run

pytestmark = pytest.mark.fast

NAMES = ("before", "after")


@pytest.fixture(scope="module")
def run(toy_run: RunFiles) -> RunResults:
    return read_run(toy_run)


@pytest.fixture
def better(
    run: RunResults, limit_result: Callable[..., LimitResult], fisher_result: Callable[..., FisherResult]
) -> RunResults:
    """The same run with four times the information in ALICES, of which the first parameter's is not significant."""
    information = ((600.0, 0.0), (0.0, 440.0))
    limits = [limit_result("alices", information) if one.method == "alices" else one for one in run.limits]
    fisher = [
        fisher_result("alices", information, error=1000.0) if one.method == "alices" else one for one in run.fisher
    ]
    study = run.study.model_copy(update={"luminosity": 150.0, "seed": run.study.seed + 1})
    return replace(run, study=study, limits=tuple(limits), fisher=tuple(fisher))


def test_a_run_does_not_differ_from_itself(run: RunResults) -> None:
    found = compare(NAMES, run, run)
    assert found.settings == ()
    assert found.notes == ()
    assert {pair.ratio for pair in found.intervals} <= {1.0, None}
    assert 1.0 in {pair.ratio for pair in found.intervals}
    assert {pair.deviations for pair in found.information} == {0.0}


def test_what_differs_is_found(run: RunResults, better: RunResults) -> None:
    found = compare(NAMES, run, better)
    assert {(one.path, one.first, one.second) for one in found.settings} == {
        ("luminosity", 300.0, 150.0),
        ("seed", run.study.seed, run.study.seed + 1),
    }
    ratios = {
        (pair.parameter, pair.method): pair.ratio
        for pair in found.intervals
        if pair.confidence_level == 0.68 and pair.include_rate
    }
    first = next(iter(run.study.parameters))
    assert ratios[first, "alices"] == pytest.approx((150.0 / 600.0) ** 0.5, rel=0.02)
    assert ratios[first, "sally"] == 1.0
    (pair,) = [p for p in found.information if p.method == "alices" and p.include_rate and p.parameter == first]
    assert pair.deviations == pytest.approx((pair.second[0] - pair.first[0]) / (1000.0**2 + 2.0**2) ** 0.5)
    assert any("luminosities differ" in note for note in found.notes)


def test_what_one_run_alone_has_is_told(run: RunResults, write_run: Callable[..., RunFiles], tmp_path: Path) -> None:
    fewer = replace(run, limits=tuple(one for one in run.limits if one.method != "sally"))
    notes = compare(NAMES, run, fewer).notes
    assert "methods of before alone: sally" in notes
    assert "after is not complete: no limits of sally" in notes
    three = read_run(write_run(tmp_path, 3))
    assert any(note.startswith("parameters of after alone: ") for note in compare(NAMES, run, three).notes)
    other = three.study.model_copy(update={"parameters": {"other": next(iter(three.study.parameters.values()))}})
    with pytest.raises(AssayError, match="no parameter in common"):
        compare(NAMES, run, replace(three, study=other))


def test_settings_are_compared_in_depth() -> None:
    first = {"a": {"b": 1, "c": [1, 2]}, "d": None, "e": 5}
    second = {"a": {"b": 2, "c": [1, 2]}, "d": {"f": 1}}
    assert [(one.path, one.first, one.second) for one in differences(first, second)] == [
        ("a.b", 1, 2),
        ("d", None, {"f": 1}),
        ("e", 5, None),
    ]


def test_the_page_has_tables_and_contours(run: RunResults, better: RunResults, tmp_path: Path) -> None:
    page = write_comparison(compare(NAMES, run, better), dict(zip(NAMES, (run, better), strict=True)), tmp_path)
    text = page.read_text()
    assert "Settings that differ" in text
    assert "luminosity" in text
    assert "<script>alert" not in text
    figures = sorted(path.name for path in (tmp_path / "figures").glob("*.pdf"))
    assert any(name.startswith("contours_alices_with_") for name in figures)
    assert len(tables(compare(NAMES, run, run))) == 2  # no settings


def test_the_command(run: RunResults, better: RunResults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = {"x": run, "y": better}
    monkeypatch.setattr(run_folder, "read_run_folder", lambda folder: runs[Path(folder).name])
    folders = [str(tmp_path / name) for name in runs]
    done = CliRunner().invoke(cli, ["compare", *folders, "--output", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0
    assert "Settings that differ" in done.output
    assert (tmp_path / "out" / PAGE).exists()
    done = CliRunner().invoke(cli, ["compare", *folders, "--json"], catch_exceptions=False)
    assert json.loads(done.output)["names"] == ["x", "y"]
    with pytest.raises(AssayError, match="the two runs are one"):
        CliRunner().invoke(cli, ["compare", folders[0], folders[0]], catch_exceptions=False)
