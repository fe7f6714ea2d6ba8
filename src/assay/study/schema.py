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
    """Return the JSON schema (draft 2020-12) of a study."""
    schema = Study.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Assay study",
        **{key: value for key, value in schema.items() if key != "title"},
    }


def schema_text() -> str:
    """Return the schema as the text of its file."""
    return json.dumps(study_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    write_text(sys.argv[1] if len(sys.argv) > 1 else DEFAULT_PATH, schema_text())
