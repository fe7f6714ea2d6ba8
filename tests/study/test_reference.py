from __future__ import annotations

from pathlib import Path

import pytest

from assay.study.model import Study
from assay.study.reference import reference_text

pytestmark = pytest.mark.fast

DOCUMENT = Path(__file__).parents[2] / "docs" / "input.md"


def test_written_reference_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == reference_text(), "run `python -m assay.study.reference`"


def test_every_key_is_there() -> None:
    text = reference_text()

    def keys(model: type) -> set[str]:
        found = set()
        for name, info in model.model_fields.items():  # type: ignore[attr-defined]
            found.add(name)
            if hasattr(info.annotation, "model_fields"):
                found |= keys(info.annotation)
        return found

    for key in keys(Study) | {"lha_id", "expression", "flat", "gaussian", "alpha", "bins", "points"}:
        assert f"| `{key}` |" in text
