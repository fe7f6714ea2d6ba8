from __future__ import annotations

import pytest

from assay.reporting.comparison import Comparison, Number, Setting, as_markdown, differing

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


def test_the_page() -> None:
    numbers = (Number("m", "width", 1.0, 2.0, (0.3, 0.4)), Number("m", "region", 1.0, None))
    page = as_markdown(Comparison(("a", "b"), (), numbers, ("b has no results of m",), ((), ())), ["m.png"])
    assert "- b has no results of m" in page
    assert "| m | width | 1 ± 0.3 | 2 ± 0.4 | +2.0 |" in page
    assert "| m | region | 1 |  |  |" in page
    assert "## Settings that differ\n\nNone." in page
    assert "![m.png](m.png)" in page
