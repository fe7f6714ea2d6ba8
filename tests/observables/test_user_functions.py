from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.errors import ExpressionError
from assay.observables.extract import ObservableDefinition, extract
from assay.observables.user_functions import load
from assay.study.functions import read_module

pytestmark = pytest.mark.fast

SOURCE = """
import awkward as ak
import numpy as np

LIMIT = 5.0


def _helper(x):
    return 2 * x


def twice(x, y=0.0):
    return _helper(x) + y


def mass(first, second):
    return (first + second).mass


def n_soft(jets):
    return ak.sum(jets.pt < 40, axis=1)


def tagged(jets):
    return ak.sum(jets.btag, axis=1)


def nowhere(x):
    return np.full(x.shape, np.nan)


def fails(x):
    raise ValueError("on purpose")


def lacks_memory(x):
    raise MemoryError("Unable to allocate 9 GiB")


def all_at_once(x):
    return np.ones((len(x), 2))
"""
MODULE = read_module("functions.py", SOURCE)


def observe(events: ak.Array, text: str, default: float = -1.0) -> np.ndarray:
    found = extract(
        events, [ObservableDefinition("x", text, default=default)], [], np.ones((len(events), 1)), functions=MODULE
    )
    return found.x[:, 0]


def test_numbers_particles_and_lists(make_events: Callable[[int, int], ak.Array]) -> None:
    events = make_events(60, 1)
    np.testing.assert_allclose(observe(events, "twice(met.pt, 1)"), 2 * events.met.pt + 1)
    np.testing.assert_allclose(observe(events, "n_soft(j)"), ak.sum(events.jets.pt < 40, axis=1))
    expected = ak.sum(events.jets.btag, axis=1) + 2 * ak.num(events.jets)
    np.testing.assert_allclose(observe(events, "tagged(j) + twice(len(j))"), expected)
    plain = observe(events, "(j[0] + l[0]).m")
    np.testing.assert_allclose(observe(events, "mass(j[0], l[0])"), plain, rtol=1e-6)
    assert (plain == -1.0).any()
    assert (plain > 0.0).any()


def test_no_number_is_a_missing_one(make_events: Callable[[int, int], ak.Array]) -> None:
    np.testing.assert_array_equal(observe(make_events(5, 1), "nowhere(met.pt)", default=3.0), 3.0)


@pytest.mark.parametrize(
    ("text", "message"), [("fails(met.pt)", "ValueError: on purpose"), ("all_at_once(met.pt)", r"shape \(7, 2\)")]
)
def test_failures_name_the_function(make_events: Callable[[int, int], ak.Array], text: str, message: str) -> None:
    with pytest.raises(ExpressionError, match=message):
        observe(make_events(7, 1), text)


def test_want_of_memory_is_not_the_functions_fault(make_events: Callable[[int, int], ak.Array]) -> None:
    with pytest.raises(MemoryError, match="9 GiB"):
        observe(make_events(7, 1), "lacks_memory(met.pt)")


def test_a_module_that_does_not_run() -> None:
    with pytest.raises(ExpressionError, match="ZeroDivisionError"):
        load(read_module("functions.py", "1 / 0\ndef f(x):\n    return x\n"))
    with pytest.raises(ExpressionError, match="'f' is no function"):
        load(read_module("functions.py", "def f(x):\n    return x\nf = 3\n"))
