"""Densities as ONNX: equal to the native ones, within splines and beyond them, for counts and for long tails."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime
import pytest
import torch

from assay.estimators.density import Density
from assay.estimators.description import ModelDescription, TrainingRecord
from assay.estimators.flows import DensityNetwork
from assay.estimators.model_folder import save_estimator
from assay.estimators.preprocessing import Preprocessing, Standardisation
from assay.estimators.settings import ActivationName, FlowSettings, NetworkSettings, TrainingSettings

pytestmark = pytest.mark.fast

RECORD = TrainingRecord(TrainingSettings(), "", "", 1, 1, 1, 1, 0.0, 0.0)


def density(
    kind: Literal["nsf", "maf"],
    discrete: tuple[bool, ...],
    *,
    tailed: bool = False,
    residual: bool = False,
    activation: ActivationName = "silu",
) -> Density:
    n = len(discrete)
    flow, kinds = FlowSettings(kind, 2, 5), tuple("signed_log" if tailed and k == 1 else "standard" for k in range(n))
    settings = NetworkSettings((12, 12), activation, residual, kinds)  # type: ignore[arg-type]
    torch.manual_seed(3)
    ones = torch.ones(n)
    x = Standardisation(0.3 * ones, 1.7 * ones)
    features = Preprocessing(kinds, 2.0 * ones, 0.1 * ones, 0.8 * ones) if tailed else x  # type: ignore[arg-type]
    theta = Standardisation(torch.tensor([0.5, -20.0]), torch.tensor([2.0, 10.0]))
    network = DensityNetwork(features, theta, discrete, flow, settings)
    with torch.no_grad():  # far from the identity that untrained flows are
        for parameter in network.parameters():
            parameter.mul_(2.0)
    description = ModelDescription(
        method="nde",
        family="density",
        observables=tuple(f"x{k}" for k in range(n)),
        parameters=("p", "q"),
        ranges=((-1.5, 2.5), (-30.0, -10.0)),
        reference=(0.0, -20.0),
        network=settings,
        training=RECORD,
        flow=flow,
        discrete=discrete,
    )
    return Density(network.eval(), description)


CASES = {
    "spline": density("nsf", (False, False, False)),
    "affine": density("maf", (False, False, False), activation="tanh"),
    "residual": density("nsf", (False, False, False), residual=True),
    "one observable": density("nsf", (False,), activation="elu"),
    "one affine": density("maf", (False,)),
    "counts": density("nsf", (True, False, True)),
    "long tails": density("maf", (False, False, False), tailed=True),
    "long tails and counts": density("nsf", (False, False, True), tailed=True),
}


@pytest.mark.parametrize("name", CASES)
def test_onnx_is_the_native_density(name: str, tmp_path: Path) -> None:
    estimator = CASES[name]
    save_estimator(tmp_path / "model", estimator)
    session = onnxruntime.InferenceSession(tmp_path / "model" / "model.onnx", providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(1)
    n = len(estimator.observables)
    x = np.concatenate([rng.normal(0.3, 1.7, (200, n)), rng.uniform(-15.0, 15.0, (50, n))])  # the splines end at +-8.5
    x = np.where(estimator.description.discrete, np.round(x), x).astype(np.float32)
    for theta in ([0.1, -22.0], [2.4, -11.0]):
        expected = estimator.log_likelihood(x, [theta])[0]
        (found,) = session.run(None, {"x": x, "theta": np.tile(np.array(theta, dtype=np.float32), (len(x), 1))})
        assert found.shape == (250, 1)
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-5, atol=1e-5)
        assert np.ptp(expected) > 1.0


@pytest.mark.parametrize("name", ["spline", "affine", "long tails"])
def test_densities_are_derivatives_of_their_maps(name: str) -> None:
    """log p = log N(u) + log |du/dx|, with the derivative of the map from x to u by autograd."""
    network = CASES[name].network
    torch.manual_seed(1)
    x = torch.randn(20, 3).double() * 3.0
    context = torch.tensor([[0.3, -15.0]]).double()
    network = network.double()
    try:
        transform = network.flow(network.theta(context)).transform

        def mapped(row: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = transform(network.x(row[None]))[0]
            return result

        for row in x:
            u = mapped(row)
            jacobian = torch.autograd.functional.jacobian(mapped, row)  # type: ignore[no-untyped-call]
            expected = -0.5 * (u**2).sum() - 1.5 * np.log(2.0 * np.pi) + torch.linalg.slogdet(jacobian).logabsdet
            found = network(row[None], context)[0]
            torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)
    finally:
        network.float()


def test_samples_come_from_the_density() -> None:
    """Drawing is the inverse of the map to the base distribution, long tails included."""
    network = CASES["long tails"].network
    theta = torch.tensor([[0.3, -15.0]]).expand(4000, -1)
    torch.manual_seed(2)
    drawn = network.draw(theta)
    with torch.no_grad():
        u = network.flow(network.theta(theta)).transform(network.x(drawn))
    for column in u.T:
        assert abs(float(column.mean())) < 0.06
        assert abs(float(column.std()) - 1.0) < 0.05
    counts = CASES["long tails and counts"].network.draw(theta)
    assert torch.equal(counts[:, 2], torch.round(counts[:, 2]))
    assert not torch.equal(counts[:, 1], torch.round(counts[:, 1]))
