from __future__ import annotations

import pytest
import yaml

from assay.study.scalars import Ambiguous, plain_scalar

pytestmark = pytest.mark.fast


@pytest.mark.parametrize("text", ["", "~", "null", "true", "False", "0", "-3", "+4", "1.5", ".5", "1.e-3", "-2.0E+10"])
def test_agrees_with_yaml(text: str) -> None:
    expected = yaml.safe_load(f"[{text}]")[0] if text else None
    assert plain_scalar(text) == expected
    assert type(plain_scalar(text)) is type(expected)


@pytest.mark.parametrize(
    "text", ["j[0].pt", "16.52*theta", "1.2.3", "2026-01-01", "300 fb", "1,5", "-", "e", "1e", "0.68a"]
)
def test_text(text: str) -> None:
    assert plain_scalar(text) == text


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("1e-3", "write 1.0e-3"),
        ("1e3", "write 1.0e+3"),
        ("-1.5E4", "write -1.5e+4"),
        ("yes", "write true, or 'yes'"),
        ("Off", "write false, or 'Off'"),
        ("010", "write 10"),
        ("-007", "write -7"),
        ("0x1F", "in decimal"),
        ("0o17", "in decimal"),
        ("1_000", "write 1000"),
        ("1:30", "quote it"),
        (".nan", "write a number"),
        ("-.Inf", "write a number"),
        ("inf", "write a number"),
        ("1.0e+999", "smaller number"),
        ("9" * 50, "round it"),
    ],
)
def test_refused(text: str, mend: str) -> None:
    with pytest.raises(Ambiguous) as caught:
        plain_scalar(text)
    assert mend in caught.value.mend


def test_the_mended_spelling_is_accepted_by_all() -> None:
    for text in ("1.0e-3", "1.0e+3", "-1.5e+4"):
        assert plain_scalar(text) == yaml.safe_load(text) == float(text)
