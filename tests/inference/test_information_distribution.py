from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.errors import AssayError, InferenceError
from assay.inference.information_distribution import (
    information_distribution,
    read_distributions,
    write_distributions,
)

pytestmark = pytest.mark.fast


def test_bins_add_up_to_the_information_and_show_where_it_is(tmp_path: Path) -> None:
    """t = x of a Gaussian: the information in [x, x + dx] is x^2 phi(x) dx."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=100_000)
    weights = np.full(len(x), 0.01 / len(x))
    scores = np.stack([x, 0.5 * np.ones_like(x)], axis=1)
    one = information_distribution("sally", "x", ("a", "b"), x, scores, weights, 3.0, 30)
    assert np.allclose(one.information.sum(axis=0), 30.0 * (scores.T @ scores) / len(x))
    assert np.isclose(one.events.sum(), 30.0)
    # a phi(x) x^2 between the edges, but for the outer bins, which hold the tails
    centre, width = 0.5 * (one.edges[1:] + one.edges[:-1])[1:-1], np.diff(one.edges)[1:-1]
    expected = 30.0 * centre**2 * np.exp(-0.5 * centre**2) / np.sqrt(2 * np.pi) * width
    assert np.all(np.abs(one.information[1:-1, 0, 0] - expected) < 5 * one.errors[1:-1, 0, 0] + 0.02)
    # the error is that of a sum over independent events
    repeated = [
        information_distribution("s", "x", ("a",), v, v[:, None], np.full(1000, 1e-3), 1.0, 5).information[2, 0, 0]
        for v in rng.uniform(-1, 1, size=(300, 1000))
    ]
    last = rng.uniform(-1, 1, size=1000)
    told = information_distribution("s", "x", ("a",), last, last[:, None], np.full(1000, 1e-3), 1.0, 5).errors[2, 0, 0]
    assert np.isclose(np.std(repeated), told, rtol=0.3)
    write_distributions(tmp_path / "d.h5", [one])
    (again,) = read_distributions(tmp_path / "d.h5")
    assert (again.method, again.observable, again.parameters) == ("sally", "x", ("a", "b"))
    assert np.array_equal(again.information, one.information)


def test_wrong_input(tmp_path: Path) -> None:
    values = np.array([1.0, np.nan])
    with pytest.raises(InferenceError, match="not finite"):
        information_distribution("s", "x", ("a",), values, values[:, None], np.ones(2), 1.0, 5)
    (tmp_path / "d.h5").write_text("no")
    with pytest.raises(AssayError, match="cannot be read"):
        read_distributions(tmp_path / "d.h5")
