"""The report, opened in a headless Chromium: all is shown, nothing is loaded or broken, everybody can read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.estimators.calibration_curve import CalibrationCurve
from assay.estimators.diagnostics import Diagnostics, read_comparison
from assay.reporting.build import write_report

pytestmark = pytest.mark.slow

WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def report(write_run: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of a toy study with calibration curves."""
    folder = tmp_path_factory.mktemp("browser")
    files = write_run(folder / "run", 2)
    shares = np.linspace(0.3, 0.7, 12)
    for method in ("alices", "sally"):
        path = files.evaluations[method] / "diagnostics.h5"
        quantities, joint, estimated = read_comparison(path)
        curve = CalibrationCurve(shares, shares + 0.01, np.full(12, 0.005))
        Diagnostics((), quantities, joint, estimated, curve).write(path)
    return write_report(files, folder / "plot")


@pytest.fixture(scope="module")
def look(chromium: Any, report: Path) -> Callable[..., Any]:
    """Open a report with some text in it changed."""

    def visit(old: str, new: str, axe: bool = False) -> Any:
        html = report.read_text()
        assert old in html
        page = report.with_name("page.html")
        page.write_text(html.replace(old, new, 1))
        return chromium.visit(page, axe=axe)

    return visit


@pytest.mark.parametrize("width", WIDTHS)
def test_the_report_is_sound(chromium: Any, report: Path, width: int) -> None:
    facts = chromium.visit(report, width=width)
    facts.assert_sound()
    assert facts.figures == len(list((report.parent / "figures").glob("*.png")))
    assert (report.parent / "figures" / "calibration.png").is_file()


def test_it_can_be_printed(chromium: Any, report: Path) -> None:
    assert chromium.printed(report).startswith(b"%PDF")


FAULTS = {
    "hidden": ('src="data:image/png;base64,', 'src="data:image/png;base64,AAAA'),
    "broken": ('href="figures/', 'href="figures/no-'),
    "scrolls": ("<main>", '<main><div style="width: 3000px">wide</div>'),
    "complaints": ("<main>", '<main><script>throw new Error("x")</script>'),
    "requests": ("<main>", '<main><img src="other.png" alt="other">'),
    "violations": ('<html lang="en">', "<html>"),
}


@pytest.mark.parametrize("what", FAULTS)
def test_faults_are_seen(look: Callable[..., Any], what: str) -> None:
    """A page with one fault fails in the test of that fault: otherwise the others would show nothing."""
    facts = look(*FAULTS[what], axe=what == "violations")
    if what == "requests":  # the page's own policy keeps it from asking; the console says so
        assert facts.complaints
        return
    assert getattr(facts, what), facts
    with pytest.raises(AssertionError, match=what):
        replace(facts, **{name: () for name in FAULTS if name != what}).assert_sound()


def test_a_link_inside_that_leads_nowhere_is_seen(look: Callable[..., Any]) -> None:
    assert look('href="#limits"', 'href="#nowhere"').broken == ("#nowhere",)
