from dataclasses import replace

import numpy as np
import pytest

from assay.errors import EventFileError
from assay.events import layout
from assay.events.header import check_summary, header_of, read_header, write_header, write_summary

pytestmark = pytest.mark.fast


@pytest.fixture
def header(toy, rng):
    return replace(header_of(toy.table([("sm", 5), ("a", 5)], rng)), provenance={"a": [1, 2.5, None]})


def test_a_header_comes_back(header, tmp_path):
    with layout.creating(tmp_path / "f.h5") as file:
        write_header(file, header)
    with layout.reading(tmp_path / "f.h5") as file:
        found = read_header(file)
    for name in ("space", "observables", "samples", "cut_flow", "provenance", "systematics", "named_samples"):
        assert getattr(found, name) == getattr(header, name)


def test_provenance_that_json_cannot_hold_leaves_no_file(header, tmp_path):
    with (
        pytest.raises((TypeError, ValueError)),
        layout.creating(tmp_path / "f.h5") as file,
    ):
        write_header(file, replace(header, provenance={"x": np.nan}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("signal", "background"), [([3, 1], 2), ([2, 2], 2), ([2, 1, 0], 2), ([2, 1], 3)])
def test_the_summary_is_held_against_the_events(tmp_path, signal, background):
    with layout.creating(tmp_path / "f.h5") as file:
        write_summary(file, np.array([2, 1]), 2)
        check_summary(file, np.array([2, 1]), 2)
        with pytest.raises(EventFileError, match="as its summary says"):
            check_summary(file, np.array(signal), background)


def test_no_summary_says_nothing(tmp_path):
    with layout.creating(tmp_path / "f.h5") as file:
        check_summary(file, np.array([2, 1]), 2)
