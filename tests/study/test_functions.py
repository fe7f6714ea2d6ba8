from __future__ import annotations

import pytest

from assay.errors import ExpressionError
from assay.study.functions import UNLIMITED, digest, read_module

pytestmark = pytest.mark.fast

SOURCE = '''
"""Of the study's own."""
import os
from math import sqrt as root

LIMIT = 3


def one(x):
    return x


def two(x, y, /, z=0, *, option=1):
    return x


def some(*values):
    def inner(a):
        return a

    return values


def _hidden(x):
    return x


class Thing:
    def method(self):
        return 1


os.environ["ASSAY_TEST_OF_FUNCTIONS"] = "has run"
'''


def test_functions_at_the_top_without_underscores_and_their_arguments() -> None:
    assert read_module("f.py", SOURCE).arities == {"one": (1, 1), "two": (2, 3), "some": (0, UNLIMITED)}


def test_reading_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ASSAY_TEST_OF_FUNCTIONS", raising=False)
    read_module("f.py", SOURCE)
    import os

    assert "ASSAY_TEST_OF_FUNCTIONS" not in os.environ


def test_what_is_not_python_is_refused_with_its_line() -> None:
    with pytest.raises(ExpressionError, match=r"f\.py, line 2"):
        read_module("f.py", "x = 1\ndef f(:\n")
    with pytest.raises(ExpressionError, match="not Python"):
        read_module("f.py", "x = '\0'")


def test_the_digest_is_sha256_of_the_bytes() -> None:
    assert digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
