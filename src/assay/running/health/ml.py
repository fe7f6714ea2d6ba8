"""Stages 7-11: torch and its devices, ONNX, figures, MLflow."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from assay.running.health.finding import Check

_MEND = "pip install 'assay[ml]', or use the image assay-ml"
_ACCURACY = 1e-5


def torch() -> str:
    """Return torch's version and what it computes on."""
    import torch

    devices = [f"cuda:{i} {torch.cuda.get_device_name(i)}" for i in range(torch.cuda.device_count())]
    return f"torch {torch.__version__}; {', '.join(devices) or 'CPU'}, {torch.get_num_threads()} threads"


def training() -> str:
    """Take one step of training, on the device that a training here would use; the loss has to fall."""
    import torch

    device = "cuda" if torch.cuda.is_available() else "cpu"
    network, x, y = _network_and_data()
    network, x, y = network.to(device), x.to(device), y.to(device)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01)
    before = torch.nn.functional.mse_loss(network(x), y)
    before.backward()  # type: ignore[no-untyped-call]
    optimiser.step()
    after = torch.nn.functional.mse_loss(network(x), y)
    if not after < before:
        raise ValueError(f"the loss went from {float(before):.6f} to {float(after):.6f} in one step")
    return f"one step on {device}: loss {float(before):.4f} to {float(after):.4f}"


def onnx() -> str:
    """Write a network as ONNX with the project's own writer, and compare what onnxruntime makes of it."""
    import numpy as np
    import onnxruntime
    import torch

    from assay.estimators.description import ModelDescription, TrainingRecord
    from assay.estimators.networks import ScoreNetwork, Standardisation
    from assay.estimators.onnx_graph import onnx_graph
    from assay.estimators.settings import NetworkSettings, TrainingSettings

    _, x, _ = _network_and_data()
    settings = NetworkSettings(hidden=(8, 8))
    scaling = Standardisation(torch.tensor([0.5, -1.0, 2.0]), torch.tensor([1.0, 2.0, 0.5]))
    network = ScoreNetwork(scaling, Standardisation(torch.tensor([0.1]), torch.tensor([3.0])), settings)
    training = TrainingRecord(TrainingSettings(), "", "", 0, 0, 0, 0, 0.0, 0.0)
    description = ModelDescription(
        "sally", "local_score", ("a", "b", "c"), ("theta",), ((-1.0, 1.0),), (0.0,), settings, training
    )
    model = onnx_graph(network, description)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(x).numpy()
    deviation = float(np.max(np.abs(session.run(None, {"x": x.numpy()})[0] - expected)))
    if not deviation < _ACCURACY:
        raise ValueError(f"onnxruntime differs from torch by {deviation:.1e}")
    return f"onnxruntime {onnxruntime.__version__} agrees with torch at {_ACCURACY:.0e}"


def figures() -> str:
    """Draw a figure into a file."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "figure.png"
        figure, axes = plt.subplots(figsize=(1, 1))
        axes.plot([0.0, 1.0])
        figure.savefig(path)
        plt.close(figure)
        if not path.read_bytes().startswith(b"\x89PNG"):
            raise ValueError("no figure was written")
    return f"matplotlib {mpl.__version__}"


def tracking() -> str:
    """Import MLflow, and tell where it would be told about trainings."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    import mlflow

    where = os.environ.get("MLFLOW_TRACKING_URI")
    return f"mlflow {mlflow.__version__}; " + (f"live to {where}" if where else "into the run's own store")


def _network_and_data() -> tuple[Any, Any, Any]:  # of torch, which is not imported where types are
    import torch

    torch.manual_seed(1)
    network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1))
    x = torch.randn(64, 3)
    return network, x, x.sum(dim=1, keepdim=True)


CHECKS = (
    Check("torch", torch, _MEND),
    Check("training", training, _MEND),
    Check("ONNX", onnx, _MEND),
    Check("figures", figures, _MEND),
    Check("MLflow", tracking, _MEND),
)
