"""Two runs beside each other: what differs is found, what is the same is not, what cannot be compared is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.inference.information import FisherResult
from assay.inference.results import LimitResult
from assay.reporting import comparison
from assay.reporting.comparison import (
    Comparison,
    Number,
    Setting,
    as_markdown,
    compare,
    differing,
    setting_rows,
    write_comparison,
)
from assay.reporting.run import RunFiles, RunResults, read_run

pytestmark = pytest.mark.fast


def test_settings_that_differ_are_told_by_their_paths() -> None:
    first = {"seed": 1, "methods": {"a": {"kind": "alice"}, "b": {"kind": "rate"}}, "cuts": ["x > 1"]}
    second = {"seed": 1, "methods": {"a": {"kind": "carl"}}, "cuts": ["x > 2"], "new": None}
    found = list(differing(first, second))
    assert Setting("methods.a.kind", "alice", "carl") in found
    assert Setting("cuts", ["x > 1"], ["x > 2"]) in found
    assert [one.path for one in found] == ["methods.a.kind", "methods.b", "cuts", "new"]
    assert not list(differing(first, first))


def test_differences_in_standard_deviations() -> None:
    assert Number("m", "q", 1.0, 2.0, (0.3, 0.4)).sigmas == pytest.approx(2.0)
    assert Number("m", "q", 2.0, 1.0, (0.3, 0.4)).sigmas == pytest.approx(-2.0)
    for number in (
        Number("m", "q", 1.0, None, (0.3, None)),
        Number("m", "q", 1.0, 2.0),
        Number("m", "q", 1.0, 2.0, (0.0, 0.0)),
    ):
        assert number.sigmas is None


def test_long_settings_are_shortened_in_tables() -> None:
    whole = {"kind": "carl", "training": {"hidden_layers": [100, 100, 100], "activation": "silu", "epochs": 40}}
    found = Comparison(("a", "b"), (Setting("methods.carl", "(not there)", whole),), (), (), ((), ()))
    ((path, first, second),) = setting_rows(found)
    assert (path, first) == ("methods.carl", "(not there)")
    assert second.startswith("{'kind': 'carl'")
    assert second.endswith(" ...")
    assert len(second) <= 60


def test_the_page() -> None:
    numbers = (Number("m", "width", 1.0, 2.0, (0.3, 0.4)), Number("m", "region", 1.0, None))
    page = as_markdown(Comparison(("a", "b"), (), numbers, ("b has no results of m",), ((), ())), ["m.png"])
    assert "- b has no results of m" in page
    assert "| m | width | 1 ± 0.3 | 2 ± 0.4 | +2.0 |" in page
    assert "| m | region | 1 |  |  |" in page
    assert "## Settings that differ\n\nNone." in page
    assert "![m.png](m.png)" in page


@pytest.fixture(scope="module")
def run(toy_run: RunFiles) -> RunResults:
    return read_run(toy_run)


@pytest.fixture
def compared(
    run: RunResults,
    limit_result: Callable[..., LimitResult],
    fisher_result: Callable[..., FisherResult],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Comparison:
    """A run and one with four times the information in ALICES, half the luminosity, and SALLY still to come."""
    information = ((600.0, 0.0), (0.0, 440.0))
    limits = [limit_result("alices", information) if one.method == "alices" else one for one in run.limits]
    sharper = fisher_result("alices", information, error=1000.0)
    after = replace(
        run,
        study=run.study.model_copy(update={"luminosity": 150.0}),
        limits=tuple(one for one in limits if one.method != "sally"),
        fisher=tuple(sharper if one.method == "alices" else one for one in run.fisher),
    )
    runs = {"before": run, "after": after}
    monkeypatch.setattr(comparison, "read_run_folder", lambda folder: runs[Path(folder).name])
    return compare(tmp_path / "before", tmp_path / "after")


def test_what_differs_between_runs_is_found_and_nothing_else(run: RunResults, compared: Comparison) -> None:
    assert compared.settings == (Setting("luminosity", 300.0, 150.0),)
    assert "after has no results of sally: it is not finished" in compared.notes
    first = next(iter(run.study.parameters))
    numbers = {(one.method, one.quantity): one for one in compared.numbers}
    width = numbers["alices", f"width of {first} at 68% CL, with rate"]
    assert width.second == pytest.approx(0.5 * width.first, rel=0.03)
    same = numbers["histogram", f"width of {first} at 68% CL, with rate"]
    assert same.first == same.second
    found = numbers["alices", f"information {first}, {first}, with rate"]
    assert found.sigmas == pytest.approx((600.0 - found.first) / np.hypot(1000.0, 2.0))
    assert numbers["sally", f"width of {first} at 68% CL, with rate"].second is None


def test_the_page_and_the_figures(compared: Comparison, tmp_path: Path) -> None:
    paths = {path.name for path in write_comparison(compared, tmp_path / "out")}
    assert {"comparison.md", "comparison.json"} <= paths
    assert sum(name.startswith("alices_rate_") for name in paths) == 2  # PNG and PDF
    assert not [name for name in paths if name.startswith("sally")]
    assert json.loads((tmp_path / "out" / "comparison.json").read_text())["runs"] == ["before", "after"]


def test_the_command(compared: Comparison, tmp_path: Path) -> None:
    folders = [str(tmp_path / name) for name in compared.names]
    done = CliRunner().invoke(cli, ["compare", *folders], catch_exceptions=False)
    assert done.exit_code == 0
    assert "luminosity" in done.output
    assert "note: after has no results of sally" in done.output
    done = CliRunner().invoke(cli, ["compare", *folders, "--json"], catch_exceptions=False)
    assert json.loads(done.output)["settings"] == [{"path": "luminosity", "first": 300.0, "second": 150.0}]
