"""The JSON schema of `input.yml`, by which editors complete and check it while it is written.

`python -m assay.study.schema [file]` writes it, by default to `input/schema.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from assay.files import write_text
from assay.study.model import Study

DEFAULT_PATH = Path("input/schema.json")


def study_schema() -> dict[str, Any]:
    """Return the JSON schema of a study, in draft 7, which is what YAML editors know."""
    schema: dict[str, Any] = _draft_7(Study.model_json_schema(mode="validation"))
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Assay study", **schema}


def _draft_7(schema: Any) -> Any:
    """Return a schema of pydantic's (draft 2020-12) in draft 7, without the titles that repeat the keys."""
    if isinstance(schema, list):
        return [_draft_7(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _draft_7(inner) for key, inner in schema.items() if not (key == "title" and isinstance(inner, str))}
    plain.pop("discriminator", None)
    if "prefixItems" in plain:
        plain["items"] = plain.pop("prefixItems")
    if "patternProperties" in plain:
        plain["additionalProperties"] = False
    if "$ref" in plain and len(plain) > 1:  # draft 7 ignores what stands beside a reference
        plain["allOf"] = [{"$ref": plain.pop("$ref")}]
    return plain


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_text(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, schema_text())
