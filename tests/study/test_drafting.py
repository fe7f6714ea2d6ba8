from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assay.study.document import read_document
from assay.study.drafting import draft_of

pytestmark = pytest.mark.fast


@pytest.fixture
def data(base_text: str, tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "input.yml").write_text(base_text, encoding="utf-8")
    return read_document(tmp_path / "input.yml").data


def test_valid_study(data: dict[str, Any]) -> None:
    draft = draft_of(data, Path("here"))
    assert draft.folder == Path("here")
    assert draft.names("methods") == tuple(data["methods"])
    assert all(draft.all_valid(section) for section in ("parameters", "benchmarks", "observables", "methods"))
    assert draft.luminosity == 300.0
    assert draft.cuts == ("pt_j1 > 30",)


def test_what_is_not_given_has_its_default(data: dict[str, Any]) -> None:
    del data["shower"], data["limits"]
    draft = draft_of(data, Path())
    assert draft.shower is not None
    assert draft.limits is not None
    assert draft.reference is None


def test_only_what_is_at_fault_is_missing(data: dict[str, Any]) -> None:
    data["parameters"]["CWL2"]["range"] = (1.0,)
    data["parameters"]["CPWL2"]["unknown"] = 1
    data["methods"]["alice"] = {"kind": "alicee"}
    data["methods"]["histogram_2d"]["observables"] = ("pt_j1", 3)
    data["benchmarks"]["w"]["CWL2"] = "x"
    data["luminosity"] = -1.0
    data["training"]["epochs"] = "many"
    draft = draft_of(data, Path())
    assert tuple(draft.parameters) == ("CPWL2",)
    assert draft.names("parameters") == ("CWL2", "CPWL2")
    assert set(draft.methods) == set(data["methods"]) - {"alice", "histogram_2d"}
    assert draft.benchmarks["w"] == {"CPWL2": 0.0}
    assert draft.luminosity is None
    assert draft.training is not None
    assert draft.training.batch_size == 1024


@pytest.mark.parametrize("value", [None, 3, "text", (), (1, 2), {}, {"a": 1}, {"a": {"b": ({},)}}])
def test_sections_of_any_kind(data: dict[str, Any], value: Any) -> None:
    for section in list(data):
        draft_of({**data, section: value}, Path())
    assert draft_of(dict.fromkeys(data, value), Path()).parameters == {}
