from __future__ import annotations

import ast
import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import ExpressionError
from assay.study.expressions import Expression, check_name, evaluate, parse
from assay.study.grammar import Kind
from assay.study.parsing import MAXIMUM_DEPTH, MAXIMUM_LENGTH

pytestmark = pytest.mark.fast

MADMINER_DELTA_PHI = "j[0].deltaphi(j[1]) * (-1. + 2. * float(j[0].eta > j[1].eta))"

OBSERVABLES = [
    "j[0].pt",
    "j[0].pt()",
    "j[0].phi()",
    "j[-1].eta",
    "(j[0]+j[1]).m",
    "(a[0] + a[1]).pt",
    MADMINER_DELTA_PHI,
    "len(j)",
    "met.pt",
    "met.phi",
    "sum(j.pt)",
    "sum(j).m",
    "max(j.pt)",
    "min(j[0].pt, j[1].pt, 30)",
    "abs(j[0].eta - j[1].eta)",
    "sqrt(2*met.pt*l[0].pt*(1 - cos(met.deltaphi(l[0]))))",
    "math.sqrt(j[0].px**2 + j[0].py**2)",
    "np.arctan2(j[0].py, j[0].px)",
    "j[0].deltar(a[0])",
    "j[0].deltaR(a[0])",
    "e[0].charge * mu[0].charge",
    "p[0].pdgid",
    "ph[0].pt",
    "pow(j[0].pt, 2)",
    "where(len(j) > 1, j[1].pt, 0)",
    "j[1].pt if len(j) > 1 else 0.",
    "float(len(b) == 2)",
    "int(j[0].pt) % 2",
    "math.pi / 2",
    "-j[0].pt // 3",
    "1e3",
    "+2",
    # of MadMiner's users
    "(l[0] + met).mt",
    "(j[0] + j[1] + l[0] + met).mt",
    "l[0].deltaphi(met)",
    "(l[0] + met).deltaphi(j[0] + j[1])",
    "j[0].theta",
    "sqrt((l[0].e + b[0].e)**2 - (l[0].pt + b[0].pt)**2)",
    "j[0].M2",
    "j[0].beta * j[0].gamma",
    "p[0].pdgid + p_truth[1].spin",
    "tau[0].pt",
    "visible.e",
    "all.m",
    "boost_to_com(j[0]).pt",
    "l[0].boost_beta3(-(l[0] + met).to_beta3()).to_Vector3D().dot((l[0] + met).to_Vector3D())",
    "l[0].boost(-1. * (l[0] + l[1]).boostvector).pz",
    "l[0].boostCM_of_p4(l[0] + l[1]).cosangle(l[0] + l[1])",
    "(j[0] + j[1]).to_Vector3D().cross((l[0] + met).to_Vector3D()).unit().z",
    "l[0].rotateZ(-met.phi).boostZ(0.5).eta",
    "costhetastar(a[0], a[0] + a[1])",
    "costhetacs(e[0], e[1]) + phics(e[0], e[1])",
    "from_pxpypzm(met.px, met.py, 0., 0.).e",
    "(l[0] + from_pxpypze(met.px, met.py, 3., hypot(met.pt, 3.))).m",
    "(l[0] + l[1]).charge",
    "sum(j.pt > 30)",
    "max(abs(j.eta))",
    "min(j.deltar(a[0]))",
    "np.sum(a.pt)",
    "mean(j.pt) / prod(j.m)",
    "np.log1p(j[0].pt) + math.asinh(2) + np.e + math.tau",
    "j[0].b_tag",
    "scale * alpha_qcd * alpha_qed / n_particles",
]

CUTS = [
    "j[0].pt > 30",
    "len(j) >= 2 and len(a) >= 2",
    "not len(e) > 0",
    "20 < j[0].pt <= 500",
    "j[0].pt > 30 or (met.pt > 50 and j[0].eta < 2)",
    "j[0].btag == 1",
    "bool(len(b))",
    "abs(j[0].eta) != 0",
    "j[0].b_tag",
    "not j[0].tautag and any(j.btag)",
    "all(j.pt > 30 or abs(j.eta) < 2.5)",
]

REFUSED = [
    # running code
    "__import__('os').system('true')",
    "eval('1')",
    "exec('1')",
    "open('x')",
    "compile('1', '', 'eval')",
    "globals()",
    "getattr(j, 'pt')",
    "().__class__",
    "(1).__class__.__bases__",
    "j.__class__",
    "j[0].__class__",
    "j[0].pt.__class__",
    "met.__dict__",
    "''.join([])",
    "'%s' % 1",
    "f'{j}'",
    "b'x'",
    "lambda: 1",
    "(lambda x: x)(1)",
    "[x for x in j]",
    "{x for x in j}",
    "{1: 2}",
    "(x for x in j)",
    "[1, 2]",
    "(1, 2)",
    "{1}",
    "x := 3",
    "(x := 3)",
    "yield 1",
    "await x",
    "import os",
    "a = 1",
    "1; 2",
    "print(1)",
    "math.os.system('x')",
    "math.__dict__",
    "np.load('x')",
    "np.ndarray",
    "sqrt.__call__(2)",
    "sqrt(*j)",
    "sqrt(x=2)",
    "sum(**j)",
    "sqrt(2)(3)",
    "j[0](1)",
    "j.__len__()",
    "j[0].__init__.__globals__",
    "().__class__.__mro__[1].__subclasses__()",
    "met.pt.__reduce__()",
    "np.core",
    "np.lib.npyio.os.system('x')",
    "numpy.fromfile('x')",
    "np.vectorize(j)",
    "math.__loader__.load_module('os')",
    "j[0].to_beta3().__dict__",
    "j[0].boost(__import__('os'))",
    "breakpoint()",
    "vars(j)",
    "setattr(j, 'pt', 1)",
    "type(j)",
    "object",
    "__builtins__",
    "__file__",
    "exit()",
    "input()",
    "memoryview(b'x')",
    "str(j)",
    "j[0].pt.real",
    "sum(x.pt for x in j)",
    "len([x for x in j if x.pt > 30])",
    "[x.pt for x in j][0]",
    "(lambda: j[0])().pt",
    "j[0].pt if (y := 3) else 1",
    "f'{j[0].pt}'",
    "'{0.pt}'.format(j[0])",
    "sum(j.pt, start=0)",
    "pz_nu(l[0], met)",
    # exhausting the machine
    "2**(10**(10**10))",
    "1e308 * 1e308 ** 1e3",
    "pow(9, 9**9)",
    "j[0].pt ** 21",
    "0x" + "f" * 300,
    "9" * 120,
    "sum(" * 70 + "j" + ")" * 70,
    "j[0]" + ".boost(j[1])" * 80 + ".pt",
    "9**9**9**9",
    "2**1000",
    "10" * 400,
    "1" * 900,
    "1e400",
    "-" * 900 + "1",
    "(" * 400 + "1" + ")" * 400,
    "+".join("1" * 200),
    "j" * (MAXIMUM_LENGTH + 1),
    "not " * 100 + "len(j) > 1",
    "abs(" * 90 + "1" + ")" * 90,
    # not text, not characters
    "",
    "   ",
    "\n",
    "j[0].pt # comment",
    "j[0].pt\x00",
    "ј[0].pt",  # a Cyrillic letter
    "j[0].ｐt",
    "j[0].pt \u202e",
    "√2",
    "j[0].pt＞30",
    "μ[0].pt",
    "ｊ[0].pt",
    "j[0]․pt",
    "j[0].pt\u200b",
    # not formulas
    "j[0].pt >",
    "j[0.pt",
    "(j[0].pt",
    "j[0].pt)",
    "1 +* 2",
    "j 0",
    "1 if 2",
    # not meaningful
    "jj[0].pt",
    "j.pt",
    "j",
    "j[0]",
    "j[0] + j[1]",
    "j[0] * 2",
    "j[0] / j[1]",
    "j[0] + 1",
    "1 + j[0]",
    "-j[0]",
    "j[0].ptt",
    "j[0].charge",
    "met.charge",
    "met[0].pt",
    "met.btag",
    "(j[0] + j[1]).charge",
    "j[0:2].pt",
    "j[x].pt",
    "j[0.5].pt",
    "j[True].pt",
    "j[-0].pt",
    "j[100].pt",
    "j['0'].pt",
    "j[0][1].pt",
    "len(3)",
    "len(j[0])",
    "len(j, a)",
    "len(j.pt)",
    "len",
    "sqrt",
    "sqrt()",
    "sqrt(1, 2)",
    "where(1, 2)",
    "where(1, 2, 3)",
    "arctan2(1)",
    "sum(3)",
    "sum(j, a)",
    "max(j)",
    "max(j.charge)",
    "j[0].deltaphi",
    "j[0].deltaphi()",
    "j[0].deltaphi(3)",
    "j[0].deltaphi(j)",
    "j[0].deltaphi(j[1], j[2])",
    "j[0].pt(1)",
    "3 .real",
    "True",
    "None",
    "...",
    "1j",
    "'text'",
    "j[0].pt & 1",
    "j[0].pt | 1",
    "1 ^ 2",
    "~1",
    "1 << 2",
    "1 @ 2",
    "j[0].pt is 3",
    "j[0].pt in j",
    "j[0].pt and j[1].pt",
    "not 3",
    "1 if 2 else 3",
    "unknown_observable + 1",
    "j[0].y",
    "j[0].boost(3)",
    "j[0].boost(j)",
    "j[0].boostX(j[1])",
    "j[0].boost()",
    "j[0].to_beta3(j[1])",
    "j[0].to_beta3()",
    "j[0].to_beta3() + j[1]",
    "j[0] + j[1].to_beta3()",
    "j[0].to_beta3() * j[1].to_beta3()",
    "j[0].to_beta3().m",
    "j[0].to_beta3().cross(j[1]).x",
    "costhetastar(j[0])",
    "costhetastar(j[0], 3)",
    "from_pxpypze(1, 2, 3).m",
    "from_pxpypze(1, 2, j[0], 3).m",
    "j[0].spin",
    "l[0].btag",
    "(j[0] + l[0]).charge",
    "visible.charge",
    "sum(j.pt > a.pt)",
    "sum(j[0].pt)",
    "prod(j)",
    "any(j.pt)",
    "all(j[0].pt > 3)",
    "sum(j.ptt)",
    "max(j.pt, j.eta)",
    "sum(j.deltar(a))",
    "mean()",
    "sum(sum(j.pt))",
]  # fmt: skip


@pytest.mark.parametrize("text", OBSERVABLES)
def test_observables_are_accepted(text: str) -> None:
    expression = parse(text)
    assert expression.kind is (Kind.CONDITION if text.endswith("b_tag") else Kind.NUMBER)
    assert expression.text == text


@pytest.mark.parametrize("text", CUTS)
def test_cuts_are_accepted(text: str) -> None:
    assert parse(text, condition=True).kind is Kind.CONDITION


def test_at_least_sixty_expressions_are_refused() -> None:
    assert len(set(REFUSED)) == len(REFUSED) >= 60


@pytest.mark.parametrize("text", REFUSED, ids=range(len(REFUSED)))
def test_everything_else_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert len(caught.value.what) > 10


@pytest.mark.parametrize("content", [None, 3, 1.5, ["j"], {"j": 1}])
def test_only_text_is_an_expression(content: object) -> None:
    with pytest.raises(ExpressionError, match="has to be text"):
        parse(content)  # type: ignore[arg-type]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_an_expression_or_an_expression_error(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert parse(text, variables=("x",)).text


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["j", "[", "]", "0", ".", "pt", "(", ")", "+", "**", ",", "len", "met", "not ", "and ", "9", ">"]
        ),
        max_size=25,
    )
)
def test_any_mixture_of_symbols_gives_an_expression_or_an_expression_error(symbols: list[str]) -> None:
    with contextlib.suppress(ExpressionError):
        assert parse("".join(symbols)).text


@pytest.mark.parametrize(
    ("text", "under"),
    [
        ("1 + jj[0].pt", "jj"),
        ("j[0].pt + met.ptt", "met.ptt"),
        ("sqrt(j[0])", "j[0]"),
        ("1 + 2 * foo(3)", "foo"),
        ("j[0].pt ** 99", "99"),
        ("len(j) + 'x'", "'x'"),
        ("j[0].deltaphi(len(j))", "len(j)"),
        ("(j[0] + a[1]).charge", "(j[0] + a[1]).charge"),
        ("1 + sum(j.pt > a.pt)", "j.pt > a.pt"),
        ("3 * j[0].boost(met.pt).m", "met.pt"),
        ("l[0].boostX(j[0]).pt", "j[0]"),
        ("max(j.etta) + 1", "j.etta"),
        ("j[0].y + 1", "j[0].y"),
        ("twice(met.pt, 2, 3)", "twice(met.pt, 2, 3)"),
    ],
)
def test_a_caret_stands_under_the_fault(text: str, under: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, functions={"twice": (1, 2)})
    _, line, carets = caught.value.what.split("\n")
    start = carets.index("^")
    assert line[start : start + carets.count("^")] == under


@pytest.mark.parametrize(
    ("text", "nearest"),
    [
        ("jet[0].pt", None),
        ("met.ptt", "pt"),
        ("sqr(2)", "sqrt"),
        ("j[0].deltafi(j[1])", "deltaphi"),
        ("pt_j2 + 1", "pt_j1"),
    ],
)
def test_the_nearest_known_name_is_suggested(text: str, nearest: str | None) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text, variables=("pt_j1",))
    assert caught.value.expected is not None
    if nearest is not None:
        assert caught.value.mend == f"did you mean {nearest!r}?"


def test_a_cut_has_to_be_a_condition() -> None:
    with pytest.raises(ExpressionError, match="has to be a condition"):
        parse("j[0].pt", condition=True)


def test_lines_of_yaml_are_joined() -> None:
    assert parse("(j[0]\n   + j[1]).m").tree == parse("(j[0] + j[1]).m").tree


def test_functions_of_the_study_are_called_by_name_if_it_registers_them() -> None:
    expression = parse("twice(met.pt) + mass(j[0], a)", functions={"twice": (1, 2), "mass": (2, 2)})
    assert expression.functions == ("twice", "mass")
    assert expression.may_be_missing
    for text in ("twice()", "twice(1, 2, 3)", "twice", "sum(twice(j.pt))", "twice(x=1)", "thrice(1)"):
        with pytest.raises(ExpressionError):
            parse(text, functions={"twice": (1, 2)})
    with pytest.raises(ExpressionError, match="unknown function 'twice'"):
        parse("twice(met.pt)")


def test_what_an_expression_refers_to() -> None:
    expression = parse("pt_j1 + m_jj * j[0].pt - met.pt + pt_j1 + len(a)", variables=("pt_j1", "m_jj"))
    assert expression.names == ("pt_j1", "m_jj")
    assert expression.collections == ("j", "met", "a")
    assert expression.may_be_missing


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("len(j)", False),
        ("met.pt", False),
        ("visible.e", False),
        ("scale", False),
        ("sum(j.pt)", False),
        ("prod(j.pt)", False),
        ("float(any(j.pt > 3))", False),
        ("max(j.pt)", True),
        ("mean(j.pt)", True),
        ("sum(j.deltar(a[0]))", True),
        ("a[0].pt", True),
        ("a[0].boost(a[0].to_beta3()).pt", True),
    ],
)
def test_what_may_be_missing(text: str, may: bool) -> None:
    assert parse(text).may_be_missing is may


def test_formulas_know_no_particles() -> None:
    with pytest.raises(ExpressionError, match="unknown name 'j'"):
        parse("j + 1", particles=False, variables=("pt",))
    with pytest.raises(ExpressionError):
        parse("pt.eta", particles=False, variables=("pt",))


def test_a_variable_hides_no_particle() -> None:
    assert parse("j[0].pt", variables=("j",)).collections == ("j",)


def test_expressions_are_immutable_and_comparable() -> None:
    expression = parse("j[0].pt")
    assert expression == parse("j[0].pt")
    assert isinstance(expression, Expression)
    with pytest.raises(AttributeError):
        expression.text = "1"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["pt_j1", "x", "CWL2", "delta_phi_jj"])
def test_good_names(name: str) -> None:
    check_name(name)


@pytest.mark.parametrize(
    "name", ["", "1x", "a b", "j", "met", "sqrt", "pi", "and", "lambda", "len", "__x", "µ", "np", "x-y"]
)
def test_bad_names(name: str) -> None:
    with pytest.raises(ExpressionError):
        check_name(name)


def test_no_source_of_the_language_runs_code() -> None:
    for source in (Path(__file__).parents[2] / "src" / "assay" / "study").glob("*.py"):
        for node in ast.walk(ast.parse(source.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}


def test_depth_and_length_are_bounded_but_generous() -> None:
    parse("+".join(["1"] * (MAXIMUM_DEPTH - 1)))
    with pytest.raises(ExpressionError, match="levels deep"):
        parse("+".join(["1"] * (MAXIMUM_DEPTH + 1)))
    parse("1" + " " * (MAXIMUM_LENGTH - 3) + "+1")


NUMBERS = st.floats(0.1, 10.0).map(lambda x: repr(round(x, 3)))
FORMULAS = st.recursive(
    NUMBERS | st.sampled_from(["x", "y", "pi"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        inner.map(lambda t: f"(-{t})"),
        inner.map(lambda t: f"abs({t})"),
        inner.map(lambda t: f"cos({t})"),
        inner.map(lambda t: f"arctan2({t}, 2.0)"),
        st.tuples(inner, inner).map(lambda t: f"max({t[0]}, {t[1]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} < {t[2]} else 0.5)"),
        inner.map(lambda t: f"float({t} > 1 and {t} <= 3 or not {t} != 2)"),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(FORMULAS, st.lists(st.tuples(st.floats(-5, 5), st.floats(-5, 5)), min_size=1, max_size=5))
def test_formulas_agree_with_python(text: str, points: list[tuple[float, float]]) -> None:
    context = {"cos": math.cos, "arctan2": math.atan2, "abs": abs, "max": max, "float": float, "pi": math.pi}
    try:
        expected = [eval(text, {"__builtins__": {}}, {**context, "x": x, "y": y}) for x, y in points]  # noqa: S307
    except (ZeroDivisionError, OverflowError, ValueError):  # the last: the cosine of an infinity
        return
    if not np.isfinite(expected).all():
        return
    x, y = np.array(points).T
    found = evaluate(parse(text, particles=False, variables=("x", "y")), {"x": x, "y": y})
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)
