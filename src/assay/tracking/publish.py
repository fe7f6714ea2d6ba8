"""From journal records to MLflow: the one place that knows MLflow's names and limits, used live and in replay.

Importing this module imports MLflow (seconds), so callers import it where they need it.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import tempfile
import warnings
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

import mlflow.onnx
import numpy as np
import onnx
from mlflow import MlflowClient
from mlflow.entities import Dataset as MlflowDataset
from mlflow.entities import DatasetInput, InputTag, LoggedModelOutput, Metric, Param, RunTag
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

from assay.tracking.records import Artifact, Dataset, Metrics, ModelFolder, Parameters, Record, Tags, Trial

ASSAY_RUN = "assay.run"
ASSAY_ROLE = "assay.role"
PARENT = "mlflow.parentRunId"
_METRICS_PER_CALL = 1000
_VALUES_PER_CALL = 100
_PARAMETER_LENGTH = 6000
_TAG_LENGTH = 5000
_DIGEST_LENGTH = 36
_FORBIDDEN = re.compile(r"[^\w\-. :/]", flags=re.ASCII)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence what MLflow and alembic say at length while they work; errors are still raised."""
    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def key(name: str) -> str:
    """Return a name that MLflow accepts: letters, digits and `_-. :/`, at most 250 of them."""
    return _FORBIDDEN.sub("_", name).strip("/.")[:250] or "_"


def publish(client: MlflowClient, experiment: str, run: str, folder: Path, records: Iterable[Record]) -> None:
    """Write records to the run with the identifier `run`, in as few calls as MLflow's limits allow.

    Parameters
    ----------
    client
        MLflow's client.
    experiment
        Identifier of the experiment.
    run
        Identifier of the run.
    folder
        The journal's folder, to which artifacts are relative.
    records
        What to write; beginnings and ends are the caller's business.
    """
    records = tuple(records)
    _publish_values(client, run, records)
    for record in records:
        if isinstance(record, Dataset):
            client.log_inputs(run, datasets=[_dataset_input(record)])
        elif isinstance(record, Artifact):
            source = folder / record.path
            (client.log_artifacts if source.is_dir() else client.log_artifact)(run, str(source), record.folder or None)
        elif isinstance(record, ModelFolder):
            _publish_model(client, experiment, run, folder / record.path, record.name)
        elif isinstance(record, Trial):
            _publish_trial(client, experiment, run, record)


def _publish_trial(client: MlflowClient, experiment: str, run: str, trial: Trial) -> None:
    """Write a trial to a run of its own, nested in the scan's."""
    tags = {PARENT: run, ASSAY_ROLE: "trial", "mlflow.source.name": "assay"}
    if trial.error:
        tags["assay.error"] = trial.error[:_TAG_LENGTH]
    nested = client.create_run(experiment, start_time=trial.started, tags=tags, run_name=trial.name).info.run_id
    _publish_values(client, nested, [Parameters(trial.parameters), Metrics(trial.metrics, 0, trial.time)])
    client.set_terminated(nested, "FAILED" if trial.error else "FINISHED", trial.time)


def _publish_values(client: MlflowClient, run: str, records: Sequence[Record]) -> None:
    metrics: list[Metric] = []
    parameters: dict[str, Param] = {}
    tags: dict[str, RunTag] = {}
    for record in records:
        if isinstance(record, Metrics):
            metrics += [Metric(key(name), value, record.time, record.step) for name, value in record.values.items()]
        elif isinstance(record, Parameters):
            parameters |= {
                key(name): Param(key(name), value[:_PARAMETER_LENGTH]) for name, value in record.values.items()
            }
        elif isinstance(record, Tags):
            tags |= {key(name): RunTag(key(name), value[:_TAG_LENGTH]) for name, value in record.values.items()}
    # MLflow takes 1000 values in one call, of which at most 100 parameters and 100 tags
    for chunk in _chunks(metrics, _METRICS_PER_CALL):
        client.log_batch(run, metrics=chunk, synchronous=True)
    for chunk in _chunks(list(parameters.values()), _VALUES_PER_CALL):
        client.log_batch(run, params=chunk, synchronous=True)
    for chunk in _chunks(list(tags.values()), _VALUES_PER_CALL):
        client.log_batch(run, tags=chunk, synchronous=True)


def _chunks(values: list[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(values), size):
        yield values[start : start + size]


def _dataset_input(record: Dataset) -> DatasetInput:
    profile = None if record.rows is None else json.dumps({"num_rows": record.rows})
    dataset = MlflowDataset(
        name=record.name,
        digest=record.digest[:_DIGEST_LENGTH],
        source_type="sha256",
        source=json.dumps({"sha256": record.digest}),
        profile=profile,
    )
    return DatasetInput(dataset=dataset, tags=[InputTag("mlflow.data.context", record.context)])


def _publish_model(client: MlflowClient, experiment: str, run: str, folder: Path, name: str) -> None:
    graph = onnx.load(folder / "model.onnx")
    with tempfile.TemporaryDirectory(prefix="assay-model-") as scratch:
        packed = Path(scratch) / "model"
        mlflow.onnx.save_model(
            graph,
            packed,
            signature=signature(graph),
            pip_requirements=[f"onnx=={onnx.__version__}", "onnxruntime"],
            save_as_external_data=False,
        )
        model = client.create_logged_model(experiment, name=key(name), source_run_id=run, model_type="assay")
        client.log_model_artifacts(model.model_id, str(packed))
        client.finalize_logged_model(model.model_id, "READY")
    client.log_outputs(run, models=[LoggedModelOutput(model.model_id, step=0)])


def signature(graph: Any) -> ModelSignature:
    """Return the inputs and outputs of an ONNX model as MLflow's signature; free dimensions are -1."""
    initialised = {tensor.name for tensor in graph.graph.initializer}
    inputs = [_tensor(value) for value in graph.graph.input if value.name not in initialised]
    return ModelSignature(inputs=Schema(inputs), outputs=Schema([_tensor(value) for value in graph.graph.output]))


def _tensor(value: Any) -> TensorSpec:
    tensor = value.type.tensor_type
    shape = tuple(axis.dim_value if axis.HasField("dim_value") else -1 for axis in tensor.shape.dim)
    dtype = np.dtype(onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type))
    return TensorSpec(dtype, shape, value.name)
