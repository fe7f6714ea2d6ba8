from __future__ import annotations

import pytest

from assay.study.problems import Problem, StudyErrors, listed, nearest, render_path, suggestion

pytestmark = pytest.mark.fast


def test_paths_and_messages() -> None:
    assert render_path(("limits", "confidence_levels", 0)) == "limits.confidence_levels[0]"
    problem = Problem("a.b", 3, 1, "this", "that", "do it", ("x > 1", "  ^"))
    assert problem.render("f.yml") == "f.yml:3: a.b: this; expected that; mend: do it\n    x > 1\n      ^"
    assert Problem("", 0, 0, "this", "that", "do it").render("f.yml") == "f.yml: this; expected that; mend: do it"


def test_problems_are_in_the_order_of_lines() -> None:
    late, early = Problem("a", 9, 1, "f", "e", "m"), Problem("b", 2, 1, "f", "e", "m")
    assert StudyErrors("f.yml", [late, early]).problems == (early, late)


def test_nearest() -> None:
    assert nearest("luminosty", ["luminosity", "limits"]) == "luminosity"
    assert nearest("RANGE", ["range"]) == "range"
    assert nearest("pt_j", ["pt_j1", "pt_j2"]) == "pt_j1"  # the first of two that are as near
    assert nearest("xyz", ["range", "points"]) is None
    assert suggestion("xyz", ["range"], "declare it") == "declare it"


def test_listed() -> None:
    assert listed([]) == "none"
    assert listed("abc") == "a, b, c"
    assert listed(map(str, range(20))).endswith("11, ... (20 in all)")
