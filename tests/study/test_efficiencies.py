from __future__ import annotations

from collections.abc import Callable

import pytest

from assay.errors import ExpressionError
from assay.study.efficiencies import formulas_of, step_of
from assay.study.model import EfficiencySystematic
from assay.study.problems import Problem

pytestmark = pytest.mark.fast


def section(**given: object) -> EfficiencySystematic:
    return EfficiencySystematic(kind="efficiency", **given)  # type: ignore[arg-type]


def test_formulas_of_objects_and_of_events() -> None:
    found = formulas_of(section(objects="a", factor="0.9 - 0.01 * abs(eta)", uncertainty=0.02))
    assert found.factor.names == ("eta",)
    assert found.uncertainty is not None
    assert formulas_of(section(factor="0.9 if len(j) > 1 else 1.")).factor.collections == ("j",)
    assert formulas_of(section()).uncertainty is None
    assert formulas_of(section(factor="j[0].pt / 100", default=1.0)).factor.may_be_missing
    with pytest.raises(ExpressionError, match="events may lack"):
        formulas_of(section(factor="j[0].pt / 100"))
    with pytest.raises(ExpressionError, match="has no properties"):
        formulas_of(section(objects="a", factor="j[0].pt"))


def test_the_line_of_cut_flows() -> None:
    assert step_of("photon_id") == "photon_id applied"


@pytest.mark.parametrize(
    ("given", "path", "says"),
    [
        ("objects: a, factor: 'pt.eta'", "factor", "^"),
        ("objects: a, factor: 0.9, uncertainty: 'ptt'", "uncertainty", "did you mean 'pt'?"),
        ("factor: '__import__(0)'", "factor", "^"),
        ("objects: a, uncertainty: -0.1", "uncertainty", "above 0"),
        ("objects: a, factor: -0.5", "factor", "above 0"),
        ("factor: 'j[0].pt'", "factor", "default"),
        ("factor: 0.9, leading: 2", "leading", "objects:"),
        ("objects: a, default: 1.0", "default", "remove it"),
        ("objects: x, factor: 0.9", "objects", "one of j, b"),
        ("objects: a, facter: 0.9", "facter", "write factor"),
        ("factor: 0.9, samples: [tt]", "samples[0]", "unknown sample"),
    ],
)
def test_mistakes(
    base_text: str, problems_of: Callable[[str], tuple[Problem, ...]], given: str, path: str, says: str
) -> None:
    text = f"{base_text}\nsystematics:\n  found: {{kind: efficiency, {given}}}\n"
    problems = {problem.path: str(problem) for problem in problems_of(text)}
    assert f"systematics.found.{path}" in problems
    assert says in problems[f"systematics.found.{path}"]


def test_an_efficiency_in_a_study(base_text: str, problems_of: Callable[[str], tuple[Problem, ...]]) -> None:
    formula = "'0.95 if abs(eta) < 1.5 else 0.9'"
    given = f"{{kind: efficiency, objects: a, leading: 2, factor: {formula}, uncertainty: 0.02}}"
    assert problems_of(f"{base_text}\nsystematics:\n  photon_id: {given}\n") == ()
