"""What docs/observables.md says of expressions is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from assay.generation.lhe import read_lhe
from assay.observables.extract import ObservableDefinition, extract
from assay.observables.particles import Particles
from assay.observables.truth import Generated
from assay.simulation.parton_level import parton_level
from assay.study import vocabulary
from assay.study.efficiencies import formulas_of
from assay.study.expressions import parse
from assay.study.functions import read_module
from assay.study.model import EfficiencySystematic, ObservableSection, ObservableSetsSection
from assay.study.observable_sets import observables_of

pytestmark = pytest.mark.fast

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "observables.md").read_text(encoding="utf-8")
EXPRESSIONS = [line for block in re.findall(r"```text\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
SECTIONS = [
    yaml.safe_load(re.sub(r"^    ", "", block, flags=re.MULTILINE))
    for block in re.findall(
        r"(?:^    \S.*\n(?:^    .*\n)*)", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL), re.MULTILINE
    )
]
(MODULE,) = (read_module("docs.py", source) for source in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))


@pytest.fixture(scope="module")
def particles() -> Particles:
    sample = read_lhe(ROOT / "tests" / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz")
    return Particles(parton_level(sample), Generated(sample, np.arange(len(sample))))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_expressions_are_evaluated(particles: Particles, text: str) -> None:
    parse(text)
    observable = ObservableDefinition("x", text, default=0.0)
    found = extract(particles, [observable], [], np.ones((particles.n_events, 1)))
    assert found.x.shape == (particles.n_events, 1)


def test_there_are_examples() -> None:
    assert len(EXPRESSIONS) >= 15
    assert len(SECTIONS) == 4


def test_sections_are_those_of_a_study(particles: Particles) -> None:
    first, sets, functions, systematics = SECTIONS
    names: list[str] = []
    for name, section in first["observables"].items():
        parse(ObservableSection.model_validate_json(json.dumps(section)).expression, variables=names)
        names.append(name)
    for cut in first["cuts"]:
        parse(cut, variables=names, condition=True)
    chosen = ObservableSetsSection.model_validate_json(json.dumps(sets["observable_sets"]))
    assert {"et_miss", "pt_j1", "px_p4"} <= dict(observables_of(chosen)).keys()
    for section in systematics["systematics"].values():
        formulas_of(EfficiencySystematic.model_validate_json(json.dumps(section)))
    for section in functions["observables"].values():
        parse(section["expression"], functions=MODULE.arities)


def test_the_example_of_a_function_runs(particles: Particles) -> None:
    observable = ObservableDefinition("x", "pz_neutrino(a[0], met)", required=True)
    found = extract(particles, [observable], [], np.ones((particles.n_events, 1)), functions=MODULE)
    assert len(found.x) == particles.n_events


def test_everything_of_the_language_is_named() -> None:
    words = set(re.findall(r"[A-Za-z_]\w*", TEXT))
    for names in (
        vocabulary.COLLECTIONS, vocabulary.COLLECTION_SYNONYMS, vocabulary.SINGLES, vocabulary.EVENT_NUMBERS,
        vocabulary.FUNCTIONS, vocabulary.REDUCTIONS, vocabulary.KINEMATICS, vocabulary.PROPERTIES, vocabulary.METHODS,
        vocabulary.VECTOR_FUNCTIONS, vocabulary.COMPONENTS, vocabulary.THREE_VECTOR_METHODS,
    ):  # fmt: skip
        assert set(names) <= words
