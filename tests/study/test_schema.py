from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from assay.study.schema import schema_text, study_schema

pytestmark = pytest.mark.fast

INPUT = Path(__file__).parents[2] / "input"


def test_written_schema_is_up_to_date() -> None:
    written = (INPUT / "schema.json").read_text(encoding="utf-8")
    assert written == schema_text(), "run `python -m assay.study.schema`"


@pytest.mark.parametrize("path", sorted(INPUT.glob("*.yml")), ids=lambda path: path.name)
def test_studies_satisfy_it(path: Path) -> None:
    jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), study_schema(), jsonschema.Draft7Validator)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("luminosity: 300.0", "luminosity: -1"),
        ("kind: sally", "kind: sal"),
        ("lha_id: 5", "lhaid: 5"),
        ("epochs: 40", "epochs: 1.5"),
        ("pt_j1: {", "pt-j1: {"),
        ("range: [-1.2, 1.2]", "range: [-1.2, wide]"),
        ("{flat: [-0.8, 0.8]}", "{falt: [-0.8, 0.8]}"),
    ],
)
def test_mistakes_do_not(base_text: str, old: str, new: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(base_text.replace(old, new, 1)), study_schema(), jsonschema.Draft7Validator)


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(study_schema())


def test_every_key_is_described() -> None:
    schema = json.loads(schema_text())
    for name, section in {"Study": schema, **schema["$defs"]}.items():
        for key, content in section["properties"].items():
            assert content.get("description"), f"{name}.{key}"
