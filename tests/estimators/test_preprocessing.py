"""Preprocessing: what each kind does, by hand; what `auto` decides; what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from assay.errors import TrainingError
from assay.estimators.preprocessing import KINDS, Preprocessing, Standardisation, blank_preprocessing, kinds_of
from assay.estimators.preprocessing_fit import chosen_kinds, invertible_kinds, preprocessing

pytestmark = pytest.mark.fast

RNG = np.random.default_rng(1)
N = 5000
COLUMNS = {
    "standard": RNG.normal(10.0, 2.0, N),
    "log": 20.0 + RNG.exponential(60.0, N),
    "signed_log": RNG.standard_t(3, N),
    "periodic": RNG.uniform(-np.pi, np.pi, N),
    "mask": np.where(RNG.random(N) < 0.3, 0.0, 25.0 + RNG.exponential(30.0, N)),
}
X = np.column_stack(list(COLUMNS.values())).astype(np.float32)
NAMES = tuple(COLUMNS)


def test_auto_finds_what_the_columns_are() -> None:
    assert chosen_kinds(X) == NAMES
    assert kinds_of(preprocessing(X, "auto", NAMES)) == NAMES


def test_auto_is_not_deceived_by_events_that_are_drawn_often() -> None:
    """Augmented samples hold an event many times; its value does not stand for a missing object, nor for a count."""
    weights = RNG.exponential(1.0, 600)
    assert chosen_kinds(X[RNG.choice(600, 50_000, p=weights / weights.sum())]) == NAMES


def test_auto_leaves_counts_constants_and_folded_angles_as_they_are() -> None:
    columns = [RNG.poisson(3.0, N), np.ones(N), RNG.uniform(0.0, np.pi, N), RNG.choice([-1.0, 1.0], N)]
    assert chosen_kinds(np.column_stack(columns).astype(np.float32)) == ("standard",) * 4


def test_features_by_hand() -> None:
    kinds = ("mask", "periodic", "log", "none", "signed_log", "standard")
    anchor, centre, scale = torch.tensor(
        [[-9.0, 1.0, 2.0, 1.0, 3.0, 1.0], [5.0, 0.0, 1.5, 0.0, 0.5, 7.0], [2.0, 1.0, 0.5, 1.0, 4.0, 10.0]]
    )
    module = Preprocessing(kinds, anchor, centre, scale)
    x = torch.tensor([[6.0, 0.4, 8.0, 3.0, -6.0, 27.0], [-9.0, -3.0, 0.1, 4.0, 0.0, -3.0]])
    expected = [
        # standard, log, signed_log, sine, mask, none, then cosine and whether the masked one exists
        [2.0, (math.log(8.0) - 1.5) / 0.5, (-math.log(3.0) - 0.5) / 4.0, math.sin(0.4), 0.5, 3.0, math.cos(0.4), 1.0],
        [-1.0, (math.log(2.0) - 1.5) / 0.5, -0.5 / 4.0, math.sin(-3.0), 0.0, 4.0, math.cos(-3.0), 0.0],
    ]
    torch.testing.assert_close(module(x), torch.tensor(expected))
    assert (module.n_columns, module.n_features) == (6, 8)


def test_angles_meet_at_their_ends() -> None:
    module = preprocessing(X, "auto", NAMES)
    rows = torch.from_numpy(X[:1]).repeat(2, 1)
    rows[0, 3], rows[1, 3] = math.pi, -math.pi
    torch.testing.assert_close(module(rows)[0], module(rows)[1], atol=1e-6, rtol=0.0)


def test_features_of_the_sample_are_of_order_one() -> None:
    features = preprocessing(X, "auto", NAMES)(torch.from_numpy(X))
    assert features.shape == (N, 7)
    for column, name in enumerate(("standard", "log", "signed_log")):
        assert float(features[:, column].mean()) == pytest.approx(0.0, abs=1e-3), name
        assert float(features[:, column].std()) == pytest.approx(1.0, abs=1e-3), name
    there = features[features[:, 6] == 1.0][:, 4]
    assert float(there.mean()) == pytest.approx(0.0, abs=1e-3)
    assert len(there) == int((COLUMNS["mask"] > 0).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_come_back_from_their_numbers(kind: str) -> None:
    module = preprocessing(X[:, 1:2], (kind,), ("log",))  # type: ignore[arg-type]
    blank = blank_preprocessing(kinds_of(module), 1)
    blank.load_state_dict(module.state_dict())
    torch.testing.assert_close(blank(torch.from_numpy(X[:, 1:2])), module(torch.from_numpy(X[:, 1:2])))


def test_one_kind_may_be_told_and_the_others_decided() -> None:
    assert kinds_of(preprocessing(X, ("auto", "standard", "auto", "none", "auto"), NAMES)) == (
        "standard",
        "standard",
        "signed_log",
        "none",
        "mask",
    )
    assert isinstance(preprocessing(X, "standard", NAMES), Standardisation)


def test_densities_have_kinds_with_an_inverse() -> None:
    kinds = invertible_kinds(X, "auto", (False,) * 5)
    assert kinds == ("standard", "signed_log", "signed_log", "standard", "standard")
    assert invertible_kinds(X, "auto", (False, True, True, False, False)) == ("standard",) * 5
    module = preprocessing(X, kinds, NAMES).double()
    x = torch.from_numpy(X[:50]).double()
    torch.testing.assert_close(module.inverse(module(x)), x, rtol=1e-5, atol=1e-5)
    for row in x[:5]:
        jacobian = torch.autograd.functional.jacobian(lambda at: module(at[None])[0], row)  # type: ignore[no-untyped-call]
        torch.testing.assert_close(module.log_slope(row[None])[0], torch.linalg.slogdet(jacobian).logabsdet)


@pytest.mark.parametrize("kinds", [("log",), ("standard",) * 6, ("log", "square", "none", "none", "none")])
def test_other_kinds_are_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(TrainingError, match="kinds of preprocessing for 5 observables"):
        preprocessing(X, kinds, NAMES)  # type: ignore[arg-type]
