from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import ExpressionError
from assay.study.checks.draft import Draft, expression_finding, interval_finding, label_findings
from assay.study.expressions import parse

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("label", [None, "", "p_T", r"\frac{1}{2}", r"\{x\}", r"C_{\tilde W}", r"5\$"])
def test_labels_that_can_be_drawn(label: str | None) -> None:
    assert not list(label_findings(("a",), label))


@pytest.mark.parametrize("label", ["$x$", "{", "}", "}{", r"\frac{1}{2", "a}b{"])
def test_labels_that_cannot(label: str) -> None:
    assert len(list(label_findings(("a",), label))) == 1


def test_intervals() -> None:
    assert interval_finding((), (0.0, 1.0)) is None
    for interval in ((1.0, 0.0), (1.0, 1.0)):
        assert interval_finding((), interval) is not None


def test_expression_findings_keep_the_caret() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse("j[0].ptt")
    finding = expression_finding(("cuts", 0), caught.value)
    assert "\n" not in finding.found
    assert finding.excerpt[0] == "j[0].ptt"
    assert set(finding.excerpt[1]) <= {" ", "^"}


def test_unknown_names() -> None:
    draft = Draft(Path(), declared={"parameters": ("a",)})
    assert draft.unknown("parameters", "b")
    assert not draft.unknown("parameters", "a")
    assert not draft.unknown("benchmarks", "sm")  # the section is missing, which is what will be reported
    assert not draft.all_valid("parameters")
