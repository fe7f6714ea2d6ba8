"""Servers that are reached and do not behave."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from assay.errors import ReanaAccessError
from assay.running.reana import server as module
from assay.running.reana.server import Server

pytestmark = pytest.mark.fast


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server that takes connections and never says anything."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("REANA_SERVER_URL", address)
        monkeypatch.setenv("REANA_ACCESS_TOKEN", "of-nobody")
        yield address


def test_a_silent_server_is_not_waited_for_for_ever(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.2)
    with pytest.raises(ReanaAccessError, match="cannot be reached") as error:
        Server().ping()
    assert silent in str(error.value)
    assert "of-nobody" not in str(error.value)


def test_the_address_is_read_anew_for_every_server(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Server()
    monkeypatch.setenv("REANA_SERVER_URL", "http://127.0.0.1:9/")
    with pytest.raises(ReanaAccessError, match=r"^http://127\.0\.0\.1:9: cannot connect"):
        Server().ping()


class _Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b'{"email": "me@example.org", "reana_server_version": "0.9.4"}'
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A server with a certificate that it has made itself."""
    made, key = tmp_path / "made.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", made, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(made, key)
    server = HTTPServer(("127.0.0.1", 0), _Greeting)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("REANA_SERVER_URL", f"https://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("REANA_ACCESS_TOKEN", "of-nobody")
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


def test_certificates_are_verified(certificate: Path, tmp_path: Path) -> None:
    with pytest.raises(ReanaAccessError, match="certificate cannot be verified") as error:
        Server().ping()
    assert "of-nobody" not in str(error.value)
    with pytest.raises(ReanaAccessError, match="certificate cannot be verified"):
        Server().download("a.1", "file", tmp_path / "file")
    with pytest.raises(ReanaAccessError, match="certificate cannot be verified"):
        Server().upload("a.1", certificate, "file")


@pytest.mark.parametrize(("name", "value"), [("REQUESTS_CA_BUNDLE", None), ("REANA_VERIFY_TLS", "no")])
def test_an_authority_can_be_named_and_verification_turned_off(
    certificate: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str | None
) -> None:
    monkeypatch.setenv(name, value or str(certificate))
    assert Server().ping().email == "me@example.org"
    Server().download("a.1", "file", tmp_path / "file")
    assert b"me@example.org" in (tmp_path / "file").read_bytes()
