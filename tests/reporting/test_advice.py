"""What limits the sensitivity, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from assay.estimators.verdicts import CheckResult
from assay.events.pool import EventPool
from assay.reporting.advice import advice_section, information_budget, next_steps
from assay.reporting.run import RunResults, read_run

pytestmark = pytest.mark.fast


@pytest.fixture(scope="module")
def results(toy_run: Any) -> RunResults:
    found = read_run(toy_run)
    passed = {
        name: tuple(replace(check, verdict="passed") for check in checks) for name, checks in found.checks.items()
    }
    return replace(found, checks=passed)


@pytest.fixture(scope="module")
def pool(results: RunResults) -> EventPool:
    return EventPool.from_table(results.table)


def steps(results: RunResults, pool: EventPool) -> str:
    return "\n".join(verdict.text for verdict in next_steps(results, pool))


def with_limits(results: RunResults, *limits: Any) -> RunResults:
    return replace(results, limits=limits)


def test_a_raised_check_names_its_remedy(results: RunResults, pool: EventPool) -> None:
    doubtful = CheckResult("overtraining", 0.3, 0.01, 0.0, 0.1, "failed", "at most")
    found = steps(replace(results, checks={"alices": (doubtful,)}), pool)
    assert "alices, check “overtraining” failed: more training samples" in found
    assert "overtraining" not in steps(results, pool)


def test_a_training_that_still_improves_wants_more_epochs(results: RunResults, pool: EventPool) -> None:
    assert "More epochs" not in steps(results, pool)
    history = replace(results.trainings["alices"], best_epoch=10)
    assert "More epochs of alices" in steps(replace(results, trainings={"alices": history}), pool)


def test_an_open_interval_wants_a_wider_range_unless_the_method_is_blind(
    results: RunResults, pool: EventPool, limit_result: Callable[..., Any]
) -> None:
    # the histogram sees next to nothing of CPWL2: no range would close its interval
    open_ones = [limit_result(name, ((4.0, 0.0), (0.0, 0.2)), reach=0.6) for name in ("histogram", "alices")]
    found = steps(with_limits(results, *open_ones), pool)
    assert "A wider range of CPWL2 in “limits.grid”: the interval of alices" in found
    assert "range of CWL2" in found
    assert "histogram" not in found.split("CPWL2 in")[1].split("\n")[0]
    assert "wider range" not in steps(with_limits(results, limit_result("alices")), pool)


def test_too_few_events_say_how_many_more(results: RunResults, pool: EventPool) -> None:
    first = replace(results.limits[0], n_events=1e5)
    found = steps(with_limits(results, first), pool)
    assert "More events at sm" in found
    assert "times as many" in found
    assert "More events at sm" not in steps(with_limits(results, replace(first, n_events=1.0)), pool)


def test_a_coarse_grid_is_told(results: RunResults, pool: EventPool, limit_result: Callable[..., Any]) -> None:
    coarse = limit_result("alices", points=7)
    assert 0 < min(coarse.points_inside) < 20
    assert "“limits.grid”: the region of alices" in steps(with_limits(results, coarse), pool)


def test_the_budget_compares_like_with_like(results: RunResults, fisher_result: Callable[..., Any]) -> None:
    """Upper bounds of another kind of data (shape against rate) are no bounds."""
    mine = fisher_result("alices", np.diag([80.0, 60.0]), include_rate=True)
    base = fisher_result("histogram", np.diag([40.0, 0.5]), include_rate=True)
    bound = fisher_result("parton level", np.diag([100.0, 120.0]), include_rate=True)
    table = information_budget(replace(results, fisher=(mine, base, bound)))
    assert table is not None
    assert table.rows[0] == ("complete event record (upper bound)", "100 (100 %)", "120 (100 %)")
    assert table.rows[1][1:] == ("80.0 (80 %)", "60.0 (50 %)")
    shape = fisher_result("parton level", np.diag([100.0, 120.0]), include_rate=False)
    other = information_budget(replace(results, fisher=(mine, base, shape)))
    assert other is not None
    assert other.rows[0] == ("best learned method", "80.0 (100 %)", "60.0 (100 %)")


def test_the_section_says_what_limits(results: RunResults, pool: EventPool) -> None:
    section = advice_section(results, pool)
    text = " ".join(verdict.text for verdict in section.verdicts)
    assert "half the width takes 1200 fb⁻¹" in text
    assert "Finite simulation" in text
    assert {verdict.topic for verdict in section.verdicts} == {"What limits the sensitivity", "What to do next"}
    assert advice_section(replace(results, fisher=()), pool).tables == ()
