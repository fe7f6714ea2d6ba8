from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from assay.errors import ModelError
from assay.estimators.entry import EntryRatio, EntryScore, entry_kind
from assay.sampling.info import SampleInfo

pytestmark = pytest.mark.fast

INFO = SampleInfo(("u", "v"), ("a", "b"), ((-1.0, 1.0), (-2.0, 2.0)), (0.0, 0.0))
X = np.random.default_rng(1).normal(size=(7, 2))
THETA = np.array([[0.5, -1.0], [0.0, 0.0], [-0.3, 1.5]])


class Exact:
    """A Gaussian of unit width around theta."""

    def log_ratio(self, x: Any, theta: Any) -> Any:
        return theta @ x.T - 0.5 * (theta**2).sum(axis=1)[:, None]


class Paired(Exact):
    def paired_log_ratio(self, x: Any, theta: Any) -> Any:
        return (theta * x).sum(axis=1) + 100.0


def test_what_is_worked_out_from_log_ratio() -> None:
    entry = EntryRatio("e", Exact(), INFO)
    whole = entry.log_ratio(X, THETA)
    numbers = np.array([2, 0, 1, 0, 2, 2, 1])
    np.testing.assert_allclose(entry.paired_log_ratio(X, THETA[numbers]), whole[numbers, np.arange(7)])
    weights = np.arange(7.0)
    np.testing.assert_allclose(entry.summed_log_ratio(X, THETA, weights), whole @ weights)
    np.testing.assert_allclose(entry.score(X, THETA[0]), X - THETA[0], atol=1e-9)


def test_its_own_pairs_are_used() -> None:
    assert EntryRatio("e", Paired(), INFO).paired_log_ratio(X, X).min() > 50.0


def test_wrong_shapes_and_inputs_are_refused() -> None:
    class Transposed:
        def log_ratio(self, x: Any, theta: Any) -> Any:
            return np.zeros((len(x), len(theta)))

        def score(self, x: Any) -> Any:
            return np.zeros(len(x))

    with pytest.raises(ModelError, match=r"log_ratio returned shape \(7, 3\)"):
        EntryRatio("e", Transposed(), INFO).log_ratio(X, THETA)
    with pytest.raises(ModelError, match=r"score returned shape \(7,\)"):
        EntryScore("e", Transposed(), INFO).score(X)
    with pytest.raises(ModelError, match="`x` has shape"):
        EntryRatio("e", Exact(), INFO).log_ratio(X[:, :1], THETA)


def test_the_kind_is_what_it_has() -> None:
    class Score:
        def score(self, x: Any) -> Any:
            return x

    assert entry_kind(Exact(), "e") is EntryRatio
    assert entry_kind(Score(), "e") is EntryScore
    with pytest.raises(ModelError, match="neither"):
        entry_kind(object(), "e")
