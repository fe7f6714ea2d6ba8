import json
import logging
import os
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from mlflow import MlflowClient

import assay.tracking.live
from assay.tracking import RunIdentity, read_journal, tracked

IDENTITY = RunIdentity("run-1", "wbf")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    """Half a second in place of five: that the waits are bounded is what is tested, not how long they are."""
    monkeypatch.setattr(assay.tracking.live, "PROBE_SECONDS", 0.5)
    monkeypatch.setattr(assay.tracking.live, "CLOSE_SECONDS", 0.5)
    for name in assay.tracking.live._BOUNDS:
        monkeypatch.setenv(name, "1")


def training(folder, uri):
    environ = {"MLFLOW_TRACKING_URI": uri}
    return tracked(folder, IDENTITY, "alice", stage="train", role="training", environ=environ)


def stage(folder, uri, *, metrics=20):
    with training(folder, uri) as tracker:
        for step in range(metrics):
            tracker.metrics({"loss": 1.0}, step=step)
    return read_journal(folder / "journal.jsonl")


def assert_whole(run, metrics=20):
    assert len(run.records) == metrics + 1
    assert run.end.status == "FINISHED"


@pytest.fixture
def server():
    """Start an HTTP server with a function that answers a request handler; return its address."""
    servers = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

        Handler.do_GET = Handler.do_POST = answer
        httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        httpd.daemon_threads = True
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        servers.append(httpd)
        return f"http://127.0.0.1:{httpd.server_port}"

    yield start
    for httpd in servers:
        httpd.shutdown()
        httpd.server_close()


@pytest.mark.fast
def test_no_server_at_the_address(tmp_path, caplog):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert_whole(stage(tmp_path, f"http://127.0.0.1:{port}"))
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
def test_a_server_that_accepts_and_never_answers(tmp_path, caplog):
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(64)
        assert_whole(stage(tmp_path, f"http://127.0.0.1:{deaf.getsockname()[1]}"))
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
def test_a_server_that_drips_its_answer_cannot_stretch_the_probe(tmp_path, server, caplog):
    released = threading.Event()

    def drip(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not released.wait(0.05):  # each read succeeds, so no read timeout ever strikes
            handler.wfile.write(b" ")

    try:
        assert_whole(stage(tmp_path, server(drip)))
    finally:
        released.set()
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
def test_a_server_that_answers_500_is_asked_once(tmp_path, server, caplog):
    asked = []

    def broken(handler):
        asked.append(handler.path)
        handler.send_error(500)

    assert_whole(stage(tmp_path, server(broken)))
    assert len(asked) <= 3  # experiment by name, creation, by name: the opening; nothing for the twenty metrics
    assert not any("log-batch" in path for path in asked)
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_the_credentials(status, tmp_path, server, caplog):
    def refuse(handler):
        handler.send_error(status)

    uri = server(refuse).replace("http://", "http://somebody:secret@")
    assert_whole(stage(tmp_path, uri))
    assert caplog.text.count("journal alone") == 1
    assert str(status) in caplog.text
    assert "secret" not in caplog.text


@pytest.mark.fast
def test_a_server_that_takes_a_minute_for_each_answer(tmp_path, server, caplog):
    ended = threading.Event()
    started = time.monotonic()
    try:
        assert_whole(stage(tmp_path, server(lambda handler: ended.wait(60.0) or handler.send_error(503))))
        assert time.monotonic() - started < 60.0  # it was not waited for
    finally:
        ended.set()
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
def test_a_server_that_fails_after_the_opening_is_switched_off(tmp_path, server, caplog):
    batches = []

    def answer(handler):
        size = int(handler.headers.get("Content-Length", 0))
        handler.rfile.read(size)
        if "log-batch" in handler.path:
            batches.append(handler.path)
            handler.send_error(500)
            return
        info = {"run_id": "a" * 32, "experiment_id": "1", "status": "RUNNING", "artifact_uri": "x"}
        found = {"experiment": {"experiment_id": "1", "name": "wbf"}, "runs": [], "run": {"info": info}}
        body = json.dumps(found).encode()
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    uri = server(answer)
    with training(tmp_path, uri) as tracker:
        for step in range(3):
            tracker.metrics({"loss": 1.0}, step=step)
            deadline = time.monotonic() + 10
            while step == 0 and "journal alone" not in caplog.text and time.monotonic() < deadline:
                time.sleep(0.02)
    assert len(batches) == 1
    assert_whole(read_journal(tmp_path / "journal.jsonl"), 3)
    assert caplog.text.count("journal alone") == 1


@pytest.mark.fast
def test_the_log_names_the_server_without_its_password(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        stage(tmp_path, "http://user:secret@127.0.0.1:9")
    assert "127.0.0.1:9" in caplog.text
    assert "secret" not in caplog.text


@pytest.fixture
def mlflow_server(tmp_path):
    """Start MLflow's own server on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{tmp_path}/server.db", "--artifacts-destination"]
    command += [f"{tmp_path}/store"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path, start_new_session=True
    )
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.2)
    yield f"http://127.0.0.1:{port}", process
    if process.poll() is None:
        os.killpg(process.pid, 15)
    process.wait(20)


@pytest.fixture
def patient(monkeypatch):
    """Wait for a real server on a busy machine."""
    monkeypatch.setattr(assay.tracking.live, "PROBE_SECONDS", 30.0)
    monkeypatch.setattr(assay.tracking.live, "CLOSE_SECONDS", 30.0)
    for name in assay.tracking.live._BOUNDS:
        monkeypatch.setitem(assay.tracking.live._BOUNDS, name, "20" if name.endswith("TIMEOUT") else "0")


@pytest.mark.slow
def test_a_real_server_gets_the_parent_and_its_nested_runs(tmp_path, mlflow_server, patient, onnx_model):
    address, _ = mlflow_server
    environ = {"MLFLOW_TRACKING_URI": address}
    with tracked(tmp_path / "c", IDENTITY, "wbf", stage="configure", creates_parent=True, environ=environ) as tracker:
        tracker.parameters({"luminosity": 300.0})
    for name in ("alice", "sally"):
        folder = tmp_path / name
        with tracked(folder, IDENTITY, name, stage="train", role="training", environ=environ) as tracker:
            for step in range(5):
                tracker.metrics({"loss": 1.0 / (step + 1)}, step=step)
            tracker.model(onnx_model(folder / "model"), name)
    with tracked(tmp_path / "p", IDENTITY, "wbf", stage="plot", ends_study=True, environ=environ) as tracker:
        tracker.metrics({"fisher": 154.2})
    client = MlflowClient(address)
    experiment = client.get_experiment_by_name("wbf").experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(runs) == {"wbf", "alice", "sally"}
    parent = runs.pop("wbf")
    assert parent.data.params == {"luminosity": "300.0"}
    assert parent.data.metrics == {"fisher": 154.2}
    assert parent.info.status == "FINISHED"
    for run in runs.values():
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert len(client.get_metric_history(run.info.run_id, "loss")) == 5
        assert run.info.status == "FINISHED"
    assert {model.name for model in client.search_logged_models([experiment])} == {"alice", "sally"}


@pytest.mark.slow
def test_a_real_server_that_dies_in_the_middle(tmp_path, mlflow_server, monkeypatch, caplog):
    address, process = mlflow_server
    monkeypatch.setattr(assay.tracking.live, "PROBE_SECONDS", 30.0)
    with training(tmp_path, address) as tracker:
        for step in range(20):
            tracker.metrics({"loss": 1.0}, step=step)
            if step == 5:
                os.killpg(process.pid, 9)
                process.wait(20)
    assert_whole(read_journal(tmp_path / "journal.jsonl"))
    assert caplog.text.count("journal alone") == 1


WRITER = """
import sys
from pathlib import Path
from assay.tracking import RunIdentity, live, tracked
live.PROBE_SECONDS = live.CLOSE_SECONDS = 60.0
live._BOUNDS.update({name: "50" if name.endswith("TIMEOUT") else "2" for name in live._BOUNDS})
name, folder, uri = sys.argv[1:]
kind = {"stage": "train", "role": "training", "environ": {"MLFLOW_TRACKING_URI": uri}}
with tracked(Path(folder), RunIdentity("run-1", "wbf"), name, **kind) as tracker:
    for step in range(20):
        tracker.metrics({"loss": 1.0 / (step + 1)}, step=step)
"""


@pytest.mark.slow
def test_sixteen_trainings_write_at_once(tmp_path, mlflow_server):
    """Nothing of any of them is lost, and they find one experiment and one parent."""
    address, _ = mlflow_server
    names = [f"member{number}" for number in range(16)]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, name, tmp_path / name, address], stdout=subprocess.PIPE)
        for name in names
    ]
    told = [writer.communicate(timeout=300)[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 16, told
    client = MlflowClient(address)
    runs = client.search_runs([client.get_experiment_by_name("wbf").experiment_id])
    assert sorted(run.info.run_name for run in runs if run.info.run_name in names) == sorted(names)
    for run in runs:
        if run.info.run_name in names:
            assert len(client.get_metric_history(run.info.run_id, "loss")) == 20
            assert run.info.status == "FINISHED"
    for name in names:
        assert_whole(read_journal(tmp_path / name / "journal.jsonl"))
