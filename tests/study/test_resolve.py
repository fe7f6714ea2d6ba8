from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from assay.errors import StudyError
from assay.study.load import load_study
from assay.study.model import FlatPrior, GaussianPrior, ParameterSection, RatioMethod, Study
from assay.study.resolve import (
    from_resolved,
    resolve,
    resolved,
    section_hash,
    study_hash,
    trained_interval,
    write_resolved,
)

pytestmark = pytest.mark.fast

MINIMAL = """\
assay: 1
name: minimal
parameters:
  c: {lha_id: 1, range: [-1.0, 2.0]}
  d_w: {lha_id: 2, range: [-1.0, 1.0], label: d}
benchmarks:
  sm: {c: 0.0, d_w: 0.0}
observables:
  pt: {expression: "j[0].pt", required: true}
luminosity: 300
sampling:
  prior: {c: {gaussian: [0.0, 0.5]}}
methods:
  alice: {kind: alice}
  alices: {kind: alices}
  cascal: {kind: cascal, training: {epochs: 3}}
  sally: {kind: sally}
"""

Write = Callable[[str], Path]


@pytest.fixture
def minimal(write_study: Write) -> Study:
    return load_study(write_study(MINIMAL))


def test_every_default_is_written_out(minimal: Study) -> None:
    content = resolved(minimal)
    assert set(content) == set(Study.model_fields)
    assert content["reference"] == content["limits"]["theta_true"] == "sm"
    assert content["sampling"]["prior"] == {"c": {"gaussian": [0.0, 0.5]}, "d_w": {"flat": [-1.0, 1.0]}}
    assert content["limits"]["grid"] == {
        "c": {"range": [-1.0, 1.5], "points": 25},
        "d_w": {"range": [-1.0, 1.0], "points": 25},
    }
    methods = content["methods"]
    assert [methods[name]["alpha"] for name in ("alice", "alices", "cascal")] == [None, 0.1, 0.1]
    assert methods["alices"]["training"] == methods["sally"]["training"] == content["training"]
    assert methods["cascal"]["training"]["epochs"] == 3
    assert content["tracking"]["experiment"] == content["title"] == "minimal"
    assert content["parameters"]["c"]["label"] == r"\mathrm{c}"
    assert content["parameters"]["d_w"]["label"] == "d"
    assert content["process"]["beam_energy"] == 6500.0
    assert content["luminosity"] == 300.0
    assert isinstance(content["luminosity"], float)


def test_resolving_twice_changes_nothing(minimal: Study) -> None:
    once = resolve(minimal)
    assert resolve(once) == once
    assert study_hash(once) == study_hash(minimal)


def test_what_is_given_is_kept(base_text: str, write_study: Write) -> None:
    study = load_study(write_study(base_text))
    after = resolve(study)
    assert after.limits.grid == study.limits.grid
    assert after.sampling == study.sampling.model_copy(update={"denominator": "sm"})
    method = after.methods["alices"]
    assert isinstance(method, RatioMethod)
    assert method.alpha == 1.0
    assert list(after.observables) == list(study.observables)


def test_round_trip_is_exact(minimal: Study, tmp_path: Path) -> None:
    path = tmp_path / "study.json"
    write_resolved(path, minimal)
    again = from_resolved(path)
    assert again == resolve(minimal)
    assert json.loads(path.read_text()) == resolved(again)
    assert study_hash(again) == study_hash(minimal)
    write_resolved(tmp_path / "again.json", again)
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("damage", ["truncate", "default removed", "unknown key", "nan", "missing"])
def test_damaged_resolved_study(minimal: Study, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "study.json"
    content = resolved(minimal)
    if damage == "default removed":
        content["reference"] = None
    if damage == "unknown key":
        content["process"]["energy"] = 1.0
    if damage == "nan":
        content["luminosity"] = float("nan")
    if damage != "missing":
        text = json.dumps(content)
        path.write_text(text[:100] if damage == "truncate" else text)
    with pytest.raises(StudyError, match="run configure again"):
        from_resolved(path)


def test_hash_changes_with_every_value_and_with_order(base_text: str, write_study: Write) -> None:
    texts = {
        "base": base_text,
        "value": base_text.replace("epochs: 40", "epochs: 41"),
        "seed": base_text.replace("seed: 20261122", "seed: 20261123"),
        "order": base_text.replace("- pt_j1 > 30", "- pt_j1 > 30\n  - pt_j2 > 30"),
    }
    sm, w = "  sm: {CWL2: 0.0, CPWL2: 0.0}\n", "  w: {CWL2: 1.2, CPWL2: 0.0}\n"
    texts["benchmarks"] = base_text.replace(sm + w, w + sm).replace("\nmorphing:", "\nreference: sm\nmorphing:")
    hashes = {name: study_hash(load_study(write_study(text))) for name, text in texts.items()}
    assert len(set(hashes.values())) == len(texts)
    same = {
        "comment": base_text + "# more\n",
        "how it is run": base_text + "execution: {retries: 7, jobs_per_step: 3}\n",
        "default written out": base_text.replace("\nmorphing:", "\nreference: sm\nmorphing:"),
        "whole number": base_text.replace("luminosity: 300.0", "luminosity: 300"),
    }
    for name, text in same.items():
        assert study_hash(load_study(write_study(text))) == hashes["base"], name


def test_section_hash(base_text: str, write_study: Write) -> None:
    study = load_study(write_study(base_text))
    changed = load_study(write_study(base_text.replace("epochs: 40", "epochs: 41")))
    assert section_hash(study, "parameters", "process") == section_hash(changed, "process", "parameters")
    assert section_hash(study, "training") != section_hash(changed, "training")
    assert section_hash(study, "methods") != section_hash(changed, "methods")  # which hold their training
    with pytest.raises(KeyError):
        section_hash(study, "trainings")


def test_trained_interval() -> None:
    parameter = ParameterSection(lha_id=1, range=(-1.0, 2.0))
    assert trained_interval(parameter, None) == (-1.0, 2.0)
    assert trained_interval(parameter, FlatPrior(flat=(0.0, 1.0))) == (0.0, 1.0)
    assert trained_interval(parameter, GaussianPrior(gaussian=(0.5, 0.25))) == (-0.25, 1.25)
    assert trained_interval(parameter, GaussianPrior(gaussian=(0.0, 1.0))) == (-1.0, 2.0)
