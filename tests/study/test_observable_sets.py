from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from assay.study.expressions import parse
from assay.study.load import load_study
from assay.study.model_observables import DefaultObservablesSection, FourMomentaSection, ObservableSetsSection
from assay.study.observable_sets import observables_of
from assay.study.problems import Problem
from assay.study.resolve import from_resolved, write_resolved

pytestmark = pytest.mark.fast

# as MadMiner's `add_default_observables` names them with its defaults, and the charges that it means to add
MADMINER = [
    "et_miss", "phi_miss", "e_visible", "eta_visible",
    "n_ls", "e_l1", "pt_l1", "eta_l1", "phi_l1", "charge_l1", "e_l2", "pt_l2", "eta_l2", "phi_l2", "charge_l2",
    "n_as", "e_a1", "pt_a1", "eta_a1", "phi_a1", "e_a2", "pt_a2", "eta_a2", "phi_a2",
    "n_js", "e_j1", "pt_j1", "eta_j1", "phi_j1", "e_j2", "pt_j2", "eta_j2", "phi_j2",
]  # fmt: skip


def test_the_default_set_is_that_of_madminer() -> None:
    found = dict(observables_of(ObservableSetsSection(default=DefaultObservablesSection())))
    assert list(found) == MADMINER
    assert found["n_js"].expression == "len(j)"
    assert (found["e_visible"].expression, found["e_visible"].required) == ("visible.e", True)
    assert (found["phi_a2"].expression, found["phi_a2"].default) == ("a[1].phi", 0.0)
    assert found["charge_l2"].expression == "l[1].charge"


def test_parts_of_the_default_set() -> None:
    chosen = DefaultObservablesSection(
        leptons=0, photons=0, jets=1, missing_momentum=False, visible_sum=False, numbers=False
    )
    found = dict(observables_of(ObservableSetsSection(default=chosen)))
    assert list(found) == ["e_j1", "pt_j1", "eta_j1", "phi_j1"]


def test_four_momenta_of_any_particles() -> None:
    chosen = FourMomentaSection(particles={"p": 2, "tau": 1}, components=("px", "e"), required=True)
    found = dict(observables_of(ObservableSetsSection(four_momenta=chosen)))
    assert {name: section.expression for name, section in found.items()} == {
        "px_p1": "p[0].px", "e_p1": "p[0].e", "px_p2": "p[1].px", "e_p2": "p[1].e", "px_tau1": "tau[0].px",
        "e_tau1": "tau[0].e",
    }  # fmt: skip
    assert all(section.required and section.default is None for section in found.values())


def test_every_observable_of_every_set_is_an_expression() -> None:
    names = ("j", "b", "e", "mu", "tau", "l", "a", "v", "p")
    components = ("e", "pt", "eta", "phi", "m", "px", "py", "pz")
    momenta = FourMomentaSection(particles=dict.fromkeys(names, 2), components=components)  # type: ignore[arg-type]
    found = dict(observables_of(ObservableSetsSection(default=DefaultObservablesSection(), four_momenta=momenta)))
    assert len(found) == 9 * 2 * 8 + 4 + 3 + 2  # the others of the default set are among them
    for section in found.values():
        parse(section.expression)


WITH_SETS = """
observable_sets:
  default: {leptons: 0, charges: false}
  four_momenta: {particles: {j: 1, b: 1}, components: [m]}
observables:
  pt_j1: {expression: "j[0].pt + 0.0", required: true}
  ratio: {expression: "pt_j1 / e_j2", default: 0.0}
"""


@pytest.fixture
def with_sets(base_text: str) -> str:
    before, _, rest = base_text.partition("observables:\n")
    _, _, after = rest.partition("\nluminosity:")
    others = base_text[base_text.index("\nmethods:") : base_text.index("\nlimits:")]
    after = after.replace(others, "\nmethods:\n  rate: {kind: rate}\n")
    return f"{before}{WITH_SETS}\nluminosity:{after}"


def test_sets_are_written_out_in_the_study(with_sets: str, write_study: Callable[[str], Path], tmp_path: Path) -> None:
    study = load_study(write_study(with_sets))
    names = list(study.observables)
    assert {"et_miss", "n_as", "e_j2", "m_j1", "m_b1", "pt_j1", "ratio"} <= set(names)
    assert names.index("e_j2") < names.index("ratio")
    assert study.observables["pt_j1"].expression == "j[0].pt + 0.0"  # the study's own goes before that of a set
    assert study.observable_sets == ObservableSetsSection()
    write_resolved(tmp_path / "study.json", study)
    assert list(from_resolved(tmp_path / "study.json").observables) == names


@pytest.mark.parametrize(
    ("old", "new", "path"),
    [
        ("leptons: 0", "leptons: -1", "observable_sets.default.leptons"),
        ("leptons: 0", "lepton: 0", "observable_sets.default.lepton"),
        ("{j: 1, b: 1}", "{jets: 1}", "observable_sets.four_momenta.particles.jets"),
        ("components: [m]", "components: [mass]", "observable_sets.four_momenta.components[0]"),
        ("  default: {", "  standard: {", "observable_sets.standard"),
        ("pt_j1 / e_j2", "pt_j1 / e_j3", "observables.ratio.expression"),
    ],
)
def test_mistakes_in_sets_have_their_place(
    with_sets: str, problems_of: Callable[[str], tuple[Problem, ...]], old: str, new: str, path: str
) -> None:
    assert old in with_sets
    assert path in {problem.path for problem in problems_of(with_sets.replace(old, new))}
