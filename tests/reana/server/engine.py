"""The workflow engine of a run, a process of its own: yadage, with a backend that sees of a step what REANA's sees.

Of an environment, `image`, `imagetag` and `resources` alone count, and of the resources the known keys alone.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import signal
import sys
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from packtivity.asyncbackends import PacktivityProxyBase
from packtivity.syncbackends import build_job, finalize_inputs, packconfig, publish
from yadage.backends.packtivitybackend import PacktivityBackend
from yadage.steering_api import steering_ctx

from .jobs import RUNNERS, Outcome, Pod, end_containers

_HANDED_ON = (
    "kerberos", "compute_backend", "kubernetes_uid", "kubernetes_cpu_request", "kubernetes_cpu_limit",
    "kubernetes_memory_request", "kubernetes_memory_limit", "kubernetes_job_timeout", "unpacked_img", "voms_proxy",
    "rucio", "htcondor_max_runtime", "htcondor_accounting_group", "slurm_partition", "slurm_time", "c4p_cpu_cores",
    "c4p_memory_limit", "c4p_additional_requirements",
)  # fmt: skip
_INJECTED = {
    "image": 'Container job failed, error: Back-off pulling image "{image}"',
    "memory": "job: :\n working\n\nOOMKilled\n",
    "deadline": "job: :\n working\n\n\nDeadlineExceeded\nThe job was killed due to exceeding timeout of 60 seconds.",
    "lost": "",
}


class Record:
    """What the server reads of the engine: one file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._state: dict[str, Any] = {"status": "running", "jobs": {}, "started": _now(), "finished": None}
        self._write()

    def add_job(self, identity: str, job: dict[str, Any]) -> None:
        with self._lock:
            self._state["jobs"][identity] = job
            self._write()

    def update_job(self, identity: str, **changes: Any) -> None:
        with self._lock:
            self._state["jobs"][identity].update(changes)
            self._write()

    def job_status(self, identity: str) -> str:
        return str(self._state["jobs"][identity]["status"])

    def finish(self, status: str) -> None:
        with self._lock:
            self._state.update(status=status, finished=_now())
            self._write()

    def _write(self) -> None:
        partial = self._path.with_suffix(".partial")
        partial.write_text(json.dumps(self._state))
        partial.replace(self._path)


class ReanaBackend:
    """Submits steps as jobs: what packtivity asks of a backend."""

    def __init__(self, config: Mapping[str, Any], environment: Mapping[str, str], record: Record) -> None:
        self._settings = config
        self._environment = environment
        self._record = record
        self._config = packconfig()
        self._pool = ThreadPoolExecutor(config["max_jobs"])

    def submit(self, spec: Any, parameters: Any, state: Any, metadata: Any = None) -> PacktivityProxyBase:
        parameters, state = finalize_inputs(parameters, state)
        job = build_job(spec["process"], parameters, state, self._config)
        state.ensure()
        command = job.get("command") or (
            f"echo {base64.b64encode(job['script'].encode()).decode()}|base64 -d|{job['interpreter']}"
        )
        image, resources = _seen_of(spec["environment"])
        identity = str(uuid.uuid4())
        self._record.add_job(
            identity,
            {
                "workflow_uuid": self._settings["workflow_uuid"],
                "job_name": metadata["name"],
                "compute_backend": "Kubernetes",
                "backend_job_id": f"reana-run-job-{identity}",
                "docker_img": image,
                "cmd": job.get("command") or job["script"],
                "status": "queued",
                "logs": "",
                "started_at": None,
                "finished_at": None,
            },
        )
        pod = Pod(
            identity, image, command, resources, self._environment, self._settings["workspace"],
            Path(self._settings["records"]) / "logs" / identity,
        )  # fmt: skip
        self._pool.submit(self._run, pod, metadata["name"])
        proxy = PacktivityProxyBase(identity)
        proxy.spec, proxy.pardata, proxy.statedata = spec, parameters, state
        return proxy

    def ready(self, proxy: PacktivityProxyBase) -> bool:
        return self._record.job_status(proxy.proxy) in ("finished", "failed")

    def successful(self, proxy: PacktivityProxyBase) -> bool:
        return self._record.job_status(proxy.proxy) == "finished"

    def fail_info(self, proxy: PacktivityProxyBase) -> str:
        return f"job {proxy.proxy} failed"

    def result(self, proxy: PacktivityProxyBase) -> Any:
        return publish(proxy.spec["publisher"], proxy.pardata, proxy.statedata, self._config)

    def _run(self, pod: Pod, name: str) -> None:
        self._record.update_job(pod.identity, status="running", started_at=_now())
        fault = self._settings["faults"].get(name)
        try:
            if fault is not None:
                outcome = Outcome(False, _INJECTED[fault].format(image=pod.image))
            else:
                outcome = RUNNERS[self._settings["runner"]](pod)
        except Exception as error:
            logging.exception("job %s", name)
            outcome = Outcome(False, f"the test server failed: {error!r}")
        self._record.update_job(
            pod.identity, status="finished" if outcome.succeeded else "failed", logs=outcome.log, finished_at=_now()
        )


def _seen_of(environment: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the image and the resources that REANA's engine sees of an environment."""
    if environment["environment_type"] != "docker-encapsulated":
        raise ValueError(f"REANA runs docker-encapsulated environments only, not {environment['environment_type']}")
    tag = environment.get("imagetag")
    resources: dict[str, Any] = {}
    for entry in environment.get("resources") or ():
        if isinstance(entry, dict):
            resources |= {key: value for key, value in entry.items() if key in _HANDED_ON and value is not None}
    return f"{environment['image']}:{tag}" if tag else environment["image"], resources


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _end_all(config: Mapping[str, Any]) -> None:
    """End the engine and its jobs: each is a session of its own, found by its parent."""
    if config["runner"] == "docker":
        end_containers(config["workflow_uuid"])
    own = os.getpid()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == own:
                    os.killpg(int(entry.name), signal.SIGKILL)
            except (OSError, ValueError, IndexError):
                continue
    os._exit(1)


def main(path: str) -> None:
    """Run the workflow that a configuration file describes, with the environment that comes on standard input."""
    config = json.loads(Path(path).read_text())
    signal.signal(signal.SIGTERM, lambda number, frame: _end_all(config))
    secrets = json.loads(sys.stdin.read())
    os.umask(0o002)
    record = Record(Path(config["records"]) / "state.json")
    environment = {
        **secrets,
        "REANA_WORKSPACE": config["workspace"],
        "REANA_WORKFLOW_UUID": config["workflow_uuid"],
    }
    backend = PacktivityBackend(packtivity_backend=ReanaBackend(config, environment, record), backendopts={})
    try:
        with steering_ctx(
            dataarg=config["workspace"],
            dataopts={"initdir": config["workspace"]},
            initdata=config["parameters"],
            workflow_json=config["workflow"],
            backend=backend,
            visualize=False,  # draws with graphviz, which is not everywhere
            updateinterval=config["update_interval"],
            accept_metadir=True,  # as the server sets it for every start
        ):
            pass
    except Exception as error:
        logging.exception("Workflow exited unexpectedly: %s", error)
        record.finish("failed")
    else:
        record.finish("finished")


if __name__ == "__main__":
    logging.basicConfig(level="INFO", format="%(asctime)s | %(name)s | %(threadName)s | %(levelname)s | %(message)s")
    main(sys.argv[1])
