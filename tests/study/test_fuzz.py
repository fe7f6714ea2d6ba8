"""Whatever is done to a study, it loads or raises StudyErrors."""

from __future__ import annotations

import copy
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from assay.study.load import load_study
from assay.study.problems import StudyErrors
from assay.study.resolve import resolve, resolved

pytestmark = pytest.mark.fast

BASE_TEXT = (Path(__file__).parent / "base.yml").read_text(encoding="utf-8")
BASE = yaml.safe_load(BASE_TEXT)
FOLDER = Path(tempfile.mkdtemp())
(FOLDER / "cards").mkdir()
(FOLDER / "cards" / "detector.yml").write_text("{}\n", encoding="utf-8")
SETTINGS = settings(
    max_examples=int(os.environ.get("ASSAY_FUZZ", "75")), deadline=None, suppress_health_check=list(HealthCheck)
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(["sm", "CWL2", "pt_j1", "theta", "j[0].pt", "histogram", "flat", "kind", "1e-3", "{", "$", ".nan"]),
)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8) | st.sampled_from(["kind", "flat"]), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the paths of everything in nested data."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [here, *(place for key, value in inner for place in places(value, (*here, key)))]


PLACES = [place for place in places(BASE) if place]


def mutate(data: Any, place: tuple[Any, ...], action: str, value: Any) -> None:
    """Replace, delete or rename what is at a place, or add something to it."""
    try:
        for step in place[:-1]:
            data = data[step]
        if action == "replace":
            data[place[-1]] = value
        elif action == "delete":
            del data[place[-1]]
        elif action == "rename":
            data[str(value)] = data.pop(place[-1])
        else:
            data[place[-1]][str(value)] = value
    except (KeyError, IndexError, TypeError):
        pass  # an earlier mutation removed the place


def check(text: str) -> None:
    path = FOLDER / "input.yml"
    path.write_bytes(text.encode("utf-8", errors="surrogatepass"))
    try:
        study = load_study(path)
    except StudyErrors as caught:
        errors = caught
    else:
        assert resolved(resolve(study)) == resolved(study)
        return
    assert errors.problems
    for problem in errors.problems:
        assert 0 <= problem.line <= text.count("\n") + 2
        assert all((problem.found, problem.expected, problem.mend))
        assert "\n" not in problem.render("input.yml").split("\n    ")[0]


@SETTINGS
@given(
    st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(["replace", "delete", "rename", "add"]), values),
        min_size=1,
        max_size=4,
    )
)
@example([(("detector", "card"), "replace", "\0")])
@example([(("sampling", "prior"), "replace", {"kind": {"flat": None, "kind": None}})])
@example([(("detector", "card"), "replace", "x" * 5000)])
@example([(("parameters", "CWL2", "transform"), "replace", "theta**-1")])
@example([(("parameters", "CWL2", "transform"), "replace", "1/theta + log(theta)")])
@example([(("parameters", "CWL2", "range"), "replace", [-1e308, 1e308])])
@example([(("limits", "theta_true"), "replace", {})])
@example([(("benchmarks",), "delete", None), (("limits", "theta_true"), "delete", None)])
def test_mutated_data(mutations: list[tuple[tuple[Any, ...], str, Any]]) -> None:
    data = copy.deepcopy(BASE)
    for place, action, value in mutations:
        mutate(data, place, action, value)
    check(yaml.safe_dump(data, sort_keys=False, allow_unicode=True))


@SETTINGS
@given(
    st.lists(st.tuples(st.integers(0, len(BASE_TEXT)), st.integers(0, 20), st.text(max_size=6)), min_size=1, max_size=3)
)
def test_mutated_text(edits: list[tuple[int, int, str]]) -> None:
    text = BASE_TEXT
    for start, length, insert in edits:
        text = text[:start] + insert + text[start + length :]
    check(text)


@SETTINGS
@given(st.text(alphabet="{}[]:,&*!|>'\"%@`#-?\n\t ab01.e\\u", max_size=60))
@example("[" * 1500)
@example("a: &a [*a]")
@example("? {a: b}\n: c")
@example('a: "\\ud800"')
@example('a: "\\UFFFFFFFF"')
@example("a: " + "9" * 5000)
@example("%YAML 9.9\n--- a")
def test_any_text(text: str) -> None:
    check(text)


@SETTINGS
@given(values)
def test_any_yaml(value: Any) -> None:
    check(yaml.safe_dump(value, allow_unicode=True))
