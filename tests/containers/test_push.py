"""Pushing through the real engine, to a registry of a few lines on loopback: it takes what it is sent, or refuses."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from docker import DockerClient

pytestmark = pytest.mark.containers


class Registry(ThreadingHTTPServer):
    """What the OCI's distribution specification asks of a registry that is pushed to, and no more."""

    def __init__(self, refuses: bool) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.refuses = refuses
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, bytes] = {}

    @property
    def name(self) -> str:
        return f"127.0.0.1:{self.server_port}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Registry
    uploads: dict[str, bytes] = {}  # noqa: RUF012 - shared by all connections

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(key.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def do_GET(self) -> None:
        if self.server.refuses:
            self.answer(401, WWW_Authenticate='Basic realm="test"')
        else:
            self.answer(200, b"{}")

    def do_HEAD(self) -> None:
        self.answer(200 if self.path.rsplit("/", 1)[1] in self.server.blobs else 404)

    def do_POST(self) -> None:
        place = f"{self.path.split('?')[0]}{len(self.uploads)}"
        self.uploads[place] = b""
        self.answer(202, Location=place, Range="0-0")

    def do_PATCH(self) -> None:
        place = self.path.split("?")[0]
        self.uploads[place] += self.body()
        self.answer(202, Location=place, Range=f"0-{len(self.uploads[place]) - 1}")

    def do_PUT(self) -> None:
        url, data = urlsplit(self.path), self.body()
        if "/manifests/" in url.path:
            self.server.manifests[url.path] = data
            digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        else:
            digest = parse_qs(url.query)["digest"][0]
            self.server.blobs[digest] = self.uploads.pop(url.path) + data
        self.answer(201, Location=url.path, Docker_Content_Digest=digest)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


@contextmanager
def registry(refuses: bool = False) -> Iterator[Registry]:
    with Registry(refuses) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


@contextmanager
def tiny_image(client: DockerClient, reference: str) -> Iterator[None]:
    """An image of one small file under a name."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        entry = tarfile.TarInfo("assay.txt")
        entry.size = 5
        archive.addfile(entry, io.BytesIO(b"assay"))
    repository, tag = reference.rsplit(":", 1)
    client.api.import_image_from_data(layer.getvalue(), repository=repository, tag=tag)
    try:
        yield
    finally:
        client.images.remove(reference, force=True)


def test_an_image_arrives_whole_and_its_digest_is_told(client: DockerClient, assay: Callable[..., str]) -> None:
    with registry() as server, tiny_image(client, f"{server.name}/us/assay-physics:9.9"):
        shown = assay("images", "push", "physics", "--registry", f"{server.name}/us", "--tag", "9.9")
        (manifest,) = server.manifests.values()
        assert list(server.manifests) == ["/v2/us/assay-physics/manifests/9.9"]
        assert f"{server.name}/us/assay-physics@sha256:{hashlib.sha256(manifest).hexdigest()}" in shown
        described = json.loads(manifest)
        assert {described["config"]["digest"], described["layers"][0]["digest"]} == set(server.blobs)


def test_a_registry_that_does_not_know_us_is_told_apart(client: DockerClient, assay: Callable[..., str]) -> None:
    with registry(refuses=True) as server, tiny_image(client, f"{server.name}/us/assay-physics:9.9"):
        shown = assay("images", "push", "physics", "--registry", f"{server.name}/us", "--tag", "9.9", expect=1)
        assert not server.manifests
        assert f"docker login {server.name}" in shown


def test_a_registry_that_is_not_there(client: DockerClient, assay: Callable[..., str]) -> None:
    with tiny_image(client, "127.0.0.1:9/us/assay-physics:9.9"):
        shown = assay("images", "push", "physics", "--registry", "127.0.0.1:9/us", "--tag", "9.9", expect=1)
    assert "is 127.0.0.1:9 the right name" in shown
