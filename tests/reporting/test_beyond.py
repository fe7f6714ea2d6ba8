"""The report's sections on systematic uncertainties, toys, posteriors, ensembles and scans."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.estimators.scan import Trial
from assay.inference.coverage import Coverage
from assay.inference.impacts import Impact, Pull, SystematicsResult, Widths
from assay.inference.posterior import CredibleInterval, Posterior
from assay.inference.posterior_results import PosteriorRecord
from assay.inference.priors import Prior
from assay.inference.summaries import EnsembleSpread
from assay.inference.toy_summary import PointSummary, ToySummary
from assay.reporting.gallery import Gallery
from assay.reporting.repeated import posterior_section, toys_section
from assay.reporting.run import RunResults, read_run
from assay.reporting.systematic import systematics_section
from assay.reporting.tables import ensemble_table, scan_tables

pytestmark = pytest.mark.fast

SYSTEMATICS = SystematicsResult(
    "alices",
    True,
    ("CWL2", "CPWL2"),
    ("jes", "luminosity"),
    0.68,
    (Pull("jes", 0.0, 0.8), Pull("luminosity", 0.0, None)),
    (Impact("jes", "CWL2", 0.02, -0.02), Impact("jes", "CPWL2", 0.0, 0.0)),
    (
        Widths("all", (-0.11, -0.12), (0.11, 0.12)),
        Widths("without jes", (-0.10, -0.12), (0.10, 0.12)),
        Widths("without systematics", (-0.10, -0.115), (0.10, 0.115)),
        Widths("without background", (-0.10, None), (0.10, 0.1)),
    ),
)


@pytest.fixture(scope="module")
def results(toy_run: Any) -> RunResults:
    return read_run(toy_run)


def test_systematics_say_by_how_much_each_widens(results: RunResults, tmp_path: Path) -> None:
    section = systematics_section(replace(results, systematics=(SYSTEMATICS,)), Gallery(tmp_path))
    assert section is not None
    first, second = (verdict.text for verdict in section.verdicts)
    assert "0.220 wide" in first
    assert "10.0 % wider than without jes" in first
    assert "10.0 % wider than without background" in first
    assert "4.3 % wider than without systematics" in second
    assert "without jes" not in second  # no effect there
    widths, pulls = section.tables
    assert ("alices", "with rate", "without background", "0.200 (0.909)", "open") in widths.rows
    assert pulls.rows[0][3] == "+0.000 ± 0.800"
    assert pulls.rows[1][3:] == ("+0.000 ± flat", "–", "–")
    assert (tmp_path / "figures" / "widths_alices_rate.png").exists()
    assert systematics_section(results, Gallery(tmp_path)) is None


def toys(covered: int) -> ToySummary:
    coverage = (Coverage("CWL2", 0.6827, covered, 500, 3, 0.2, 0.19), Coverage(None, 0.6827, 340, 500, 3))
    point = PointSummary((0.0, 0.1), 503, {"no fit": 3}, coverage, None, (), None, None, (0.0, 0.1), (0.1, 0.1))
    return ToySummary("alices", False, ("CWL2", "CPWL2"), (point,), ("few toys",))


@pytest.mark.parametrize(("covered", "outcome"), [(341, "good"), (250, "bad")])
def test_toys_say_whether_intervals_cover(results: RunResults, covered: int, outcome: str) -> None:
    section = toys_section(replace(results, toys=(toys(covered),)))
    assert section is not None
    (verdict,) = section.verdicts
    assert verdict.outcome == outcome
    assert ("cover 50.0 %" in verdict.text) == (outcome == "bad")
    assert any("3 toys failed: 3 with “no fit”" in warning for warning in section.warnings)
    assert any("few toys" in warning for warning in section.warnings)
    row = section.tables[0].rows[0]
    assert row[3:8] == ("CWL2", "68.27 %", f"{covered / 5:.1f} %", "64.1–72.4 %", "500")
    assert toys_section(results) is None


def test_posteriors_state_their_prior(results: RunResults) -> None:
    rng = np.random.default_rng(1)
    prior = Prior.flat(((-0.5, 0.5), (-0.4, 0.4)))
    posterior = Posterior(("CWL2", "CPWL2"), prior, rng.normal(size=(400, 2)), np.zeros(400), (4.0, 5.0), 0.5, 100)
    record = PosteriorRecord("alices", True, posterior, (CredibleInterval("CWL2", 0.68, -0.1, 0.1),))
    section = posterior_section(replace(results, posteriors=(record,)))
    assert section is not None
    assert "CWL2 flat in [-0.5, 0.5]; CPWL2 flat in [-0.4, 0.4]" in section.text
    assert section.tables[0].rows[0][:5] == ("alices", "with rate", "CWL2", "68 %", "[−0.100, 0.100]")
    assert posterior_section(results) is None


def test_ensembles_show_their_spread(results: RunResults) -> None:
    limit = results.limits[0]
    n = len(limit.intervals)
    spread = EnsembleSpread(3, None, (0.01,) * n, (None,) * n)
    table = ensemble_table([replace(limit, ensemble=spread)])
    assert table is not None
    assert table.rows[0][2] == "3"
    assert table.rows[0][-2:] == ("0.010", "open")
    assert ensemble_table([limit]) is None


def test_scans_are_in_order_of_their_losses(results: RunResults) -> None:
    trials = {
        "alices~scan1": (Trial(0, {"batch_size": 64}, 0.6, 5, 3.0),),
        "alices~scan2": (
            Trial(1, {"batch_size": 128}, 0.5, 4, 2.0),
            Trial(3, {"batch_size": 1}, np.inf, 0, 1.0, "nan"),
        ),
    }
    (table,) = scan_tables(replace(results, trials=trials))
    assert [row[1] for row in table.rows] == ["128", "64", "1"]
    assert table.rows[-1][2] == "nan"
