"""Every objective: its value by hand, and its minimum at the truth."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from assay.errors import TrainingError
from assay.estimators.likelihood_ratio import RatioBatch, cross_entropy
from assay.estimators.methods import METHODS, RatioMethod, ScoreMethod, method_named
from assay.estimators.sally import sally

pytestmark = pytest.mark.fast

RATIO_METHODS = [method for method in METHODS.values() if isinstance(method, RatioMethod)]
LOG2 = math.log(2.0)

# Two samples: y = 0 with r_hat = 2, r_xz = 4, t = (1, 0), t_xz = (3, -1); y = 1 with r_hat = 1/2, r_xz = 1/3.
BY_HAND = RatioBatch(
    log_r=torch.tensor([LOG2, -LOG2]),
    y=torch.tensor([0.0, 1.0]),
    r_xz=torch.tensor([4.0, 1.0 / 3.0]),
    t=torch.tensor([[1.0, 0.0]]),
    t_xz=torch.tensor([[3.0, -1.0]]),
)
SCORE = 0.5 * ((3.0 - 1.0) ** 2 + 1.0)  # the mean over both samples; the one of y = 1 does not count
CARL = 0.5 * (-math.log(1.0 - 1.0 / 3.0) - math.log(2.0 / 3.0))
ROLR = 0.5 * ((1.0 / 4.0 - 1.0 / 2.0) ** 2 + (1.0 / 3.0 - 1.0 / 2.0) ** 2)
# s_hat = 1/3 and 2/3, s_xz = 1/5 and 3/4
ALICE = -0.5 * (
    1.0 / 5.0 * math.log(1.0 / 3.0)
    + 4.0 / 5.0 * math.log(2.0 / 3.0)
    + 3.0 / 4.0 * math.log(2.0 / 3.0)
    + 1.0 / 4.0 * math.log(1.0 / 3.0)
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("carl", CARL),
        ("rolr", ROLR),
        ("alice", ALICE),
        ("cascal", CARL + 0.7 * SCORE),
        ("rascal", ROLR + 0.7 * SCORE),
        ("alices", ALICE + 0.7 * SCORE),
    ],
)
def test_value_by_hand(name: str, expected: float) -> None:
    method = method_named(name)
    assert isinstance(method, RatioMethod)
    assert float(method.objective(BY_HAND, 0.7)) == pytest.approx(expected, rel=1e-6)


def test_sally_by_hand() -> None:
    t, t_xz = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[3.0, 2.0], [1.0, -4.0]])
    expected = 0.5 * ((2.0 / 2.0) ** 2 + (1.0 / 2.0) ** 2 + (4.0 / 8.0) ** 2)
    assert float(sally(t, t_xz, torch.tensor([2.0, 8.0]))) == pytest.approx(expected)


# A world of three x and two z, with probabilities in units of 1/20: samples in these numbers have exact expectations.
P0 = torch.tensor([[5, 1], [3, 4], [1, 6]])
P1 = torch.tensor([[2, 6], [4, 3], [4, 1]])
T_XZ = torch.tensor([[2.0, -1.0], [0.5, 1.5], [-3.0, 0.25]])  # any joint score will do: the truth is its mean given x
TRUE_LOG_R = torch.log(P0.sum(dim=1) / P1.sum(dim=1)).double()
TRUE_T = ((P0 * T_XZ).sum(dim=1) / P0.sum(dim=1)).double()


def _world() -> tuple[Tensor, Tensor, Tensor]:
    """All samples: indices of x and z, and labels; those with y = 0 first."""
    cells = torch.cartesian_prod(torch.arange(3), torch.arange(2))
    x0, x1 = (cells.repeat_interleave(p.ravel(), dim=0) for p in (P0, P1))
    y = torch.cat([torch.zeros(len(x0)), torch.ones(len(x1))]).double()
    return *torch.cat([x0, x1]).T, y


def _expected_loss(method: RatioMethod, log_r: Tensor, t: Tensor) -> Tensor:
    x, z, y = _world()
    n0 = int((y == 0).sum())
    batch = RatioBatch(
        log_r=log_r[x],
        y=y,
        r_xz=(P0 / P1).double()[x, z],
        t=t[x[:n0], None],
        t_xz=T_XZ.double()[x[:n0], z[:n0], None],
    )
    return method.objective(batch, 0.3)


@pytest.mark.parametrize("method", RATIO_METHODS, ids=lambda method: method.name)
def test_expectation_is_least_at_the_truth(method: RatioMethod) -> None:
    log_r, t = TRUE_LOG_R.clone().requires_grad_(), TRUE_T.clone().requires_grad_()
    loss = _expected_loss(method, log_r, t)
    loss.backward()
    assert log_r.grad is not None
    assert float(log_r.grad.abs().max()) < 1e-7
    for index in range(3):
        for step in (-0.1, 0.1):
            shift = step * torch.eye(3).double()[index]
            assert _expected_loss(method, TRUE_LOG_R + shift, TRUE_T) > loss
            if method.uses_joint_score:
                assert t.grad is not None
                assert float(t.grad.abs().max()) < 1e-7
                assert _expected_loss(method, TRUE_LOG_R, TRUE_T + shift) > loss
            else:
                assert _expected_loss(method, TRUE_LOG_R, TRUE_T + shift) == loss


def test_swapped_labels_have_another_minimum() -> None:
    """A loss that confuses y would not pass the test above: its minimum is elsewhere."""
    x, _, y = _world()
    log_r = TRUE_LOG_R.clone().requires_grad_()
    cross_entropy(log_r[x], 1.0 - y).backward()
    assert log_r.grad is not None
    assert float(log_r.grad.abs().max()) > 0.01


@pytest.mark.parametrize("log_r", [-200.0, -90.0, 90.0, 200.0])
def test_cross_entropy_is_exact_for_extreme_ratios(log_r: float) -> None:
    """-log s_hat grows like log r; a clipped or naive sigmoid would give a constant, an infinity or NaN."""
    value = torch.tensor([log_r], requires_grad=True)
    wrong = cross_entropy(value, torch.tensor([1.0 if log_r > 0 else 0.0]))
    assert float(wrong.detach()) == pytest.approx(abs(log_r))
    (gradient,) = torch.autograd.grad(wrong, value)
    assert float(gradient) == pytest.approx(math.copysign(1.0, log_r))


def test_joint_ratio_of_zero_is_a_target_like_any_other() -> None:
    """An event of theta1 that is impossible at theta0."""
    batch = RatioBatch(torch.tensor([-3.0]), torch.ones(1), torch.zeros(1), torch.empty(0, 0), torch.empty(0, 0))
    for method in RATIO_METHODS:
        if not method.uses_joint_score:
            assert torch.isfinite(method.objective(batch, 0.0))


def test_registry() -> None:
    assert set(METHODS) == {"carl", "rolr", "cascal", "rascal", "alice", "alices", "sally", "sallino", "nde", "scandal"}
    assert isinstance(method_named("sally"), ScoreMethod)
    assert {m.name for m in RATIO_METHODS if m.uses_joint_score} == {"cascal", "rascal", "alices"}


def test_unknown_methods_are_refused_by_name() -> None:
    with pytest.raises(TrainingError, match=r"'alcie'") as error:
        method_named("alcie")
    assert "alice" in str(error.value)
