"""What the machine does while a stage runs: MLflow's monitors of CPU, memory, disk, network and GPU, on request."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_SECONDS = 10.0
_log = logging.getLogger(__name__)


@contextmanager
def watched(tell: Callable[[Mapping[str, float], int], None], stage: str, seconds: float = _SECONDS) -> Iterator[None]:
    """Tell of the machine during a block.

    Metrics are named `system/...` as MLflow's own, with the stage in between where several stages share a run. The
    first are told within `seconds`, the last at the end; what a monitor cannot measure is left out.

    Parameters
    ----------
    tell
        Takes metrics and the number of the measurement.
    stage
        Its name.
    seconds
        Between two measurements.
    """
    done = threading.Event()
    thread = threading.Thread(target=_watch, args=(tell, stage, seconds, done), name="assay-machine", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(seconds)


def _watch(tell: Callable[[Mapping[str, float], int], None], stage: str, seconds: float, done: threading.Event) -> None:
    try:
        monitors = _monitors()
        step = 0
        while True:
            ended = done.wait(seconds)
            tell({f"system/{stage}/{name}": value for name, value in _measured(monitors).items()}, step)
            step += 1
            if ended:
                return
    except Exception as error:  # nothing that is measured on the side may fail a stage
        _log.warning("system metrics cannot be measured (%s)", error)


def _monitors() -> list[Any]:
    """Return MLflow's monitors; of GPUs only where there is one that can be asked."""
    from mlflow.system_metrics.metrics.cpu_monitor import CPUMonitor
    from mlflow.system_metrics.metrics.disk_monitor import DiskMonitor
    from mlflow.system_metrics.metrics.gpu_monitor import GPUMonitor
    from mlflow.system_metrics.metrics.network_monitor import NetworkMonitor

    monitors: list[Any] = [CPUMonitor(), DiskMonitor(), NetworkMonitor()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            monitors.append(GPUMonitor())
    except Exception as error:  # no NVIDIA library, or no GPU
        _log.debug("no GPU is measured (%s)", error)
    return monitors


def _measured(monitors: list[Any]) -> dict[str, float]:
    values: dict[str, float] = {}
    for monitor in monitors:
        monitor.collect_metrics()
        values |= {name: float(value) for name, value in monitor.aggregate_metrics().items()}
        monitor.clear_metrics()
    return values
