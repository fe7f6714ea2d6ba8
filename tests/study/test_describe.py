from __future__ import annotations

from typing import Any

import pytest

from assay.study.describe import expected_at, known_keys
from assay.study.model import RatioMethod

pytestmark = pytest.mark.fast

DATA: dict[str, Any] = {
    "methods": {"h": {"kind": "histogram"}, "a": {"kind": "alices"}},
    "sampling": {"prior": {"c": {"flat": 1}}},
}


@pytest.mark.parametrize(
    ("location", "words"),
    [
        (("luminosity",), "a number above 0"),
        (("seed",), "a whole number of at least 0 and below 2^63"),
        (("shower", "hadronisation"), "true or false"),
        (("detector", "kind"), "one of parametrised, delphes, none"),
        (("parameters",), "a section per name"),
        (("parameters", "c", "range"), "a list of 2 numbers"),
        (
            ("parameters", "c", "max_power"),
            "a whole number from 1 to 8 or a list (1 to 4 of them), each a whole number from 0 to 8",
        ),
        (("parameters", "c", "label"), "text or null"),
        (("benchmarks", "sm"), "a number per name"),
        (("training", "max_gradient_norm"), "a number above 0 or null"),
        (("training", "hidden_layers", 0), "a whole number from 1 to 100000"),
        (("limits", "confidence_levels"), "a list (1 to 10 of them), each a number above 0 and below 1"),
        (("methods", "h", "observables", 0), "a name"),
        (("methods", "h", "bins"), "a whole number from 2 to 1000 or a list, each a whole number from 2 to 1000"),
        (("methods", "a", "alpha"), "a number above 0 or null"),
        (("sampling", "prior", "c", "flat"), "a list of 2 numbers"),
    ],
)
def test_words(location: tuple[str | int, ...], words: str) -> None:
    expected = expected_at(location, DATA)
    assert expected is not None
    assert expected.words() == words


def test_places_that_are_not_in_a_study() -> None:
    assert expected_at(("nothing",), {}) is None
    assert expected_at(("luminosity", "unit"), {}) is None
    assert known_keys(("luminosity",), {}) == ()


def test_known_keys_follow_the_kind() -> None:
    assert known_keys(("methods", "h"), DATA) == ("kind", "observables", "bins")
    assert known_keys(("methods", "a"), DATA) == tuple(RatioMethod.model_fields)
    assert known_keys(("sampling", "prior", "c"), DATA) == ("flat",)
    assert set(known_keys(("sampling", "prior", "x"), DATA)) == {"flat", "gaussian", "log_uniform"}
