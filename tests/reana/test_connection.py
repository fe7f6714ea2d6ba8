"""Servers that are reached and do not behave."""

from __future__ import annotations

import socket
from collections.abc import Iterator

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
