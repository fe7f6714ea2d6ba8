"""What reana-client raises, translated."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from assay.errors import ReanaAccessError, ReanaError
from assay.running.reana.faults import MissingError, TransientError, as_error

pytestmark = pytest.mark.fast


class Answer:
    """A response as bravado hands it on."""

    def __init__(self, status: int, body: Any) -> None:
        self.status_code = status
        self._body = body

    def json(self) -> Any:
        if isinstance(self._body, Exception):
            raise self._body
        return self._body


class HTTPError(Exception):
    def __init__(self, status: int, body: Any) -> None:
        super().__init__(f"{status}")
        self.response = Answer(status, body)


def raised(status: int, body: Any) -> Exception:
    """What reana-client makes of an answer: an exception with the message alone."""
    try:
        try:
            raise HTTPError(status, body)
        except HTTPError as error:
            raise Exception(error.response.json()["message"])  # noqa: B904 - as reana-client does
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("status", "message", "kind", "words"),
    [
        (401, "User not signed in", ReanaAccessError, "REANA_ACCESS_TOKEN"),
        (403, "Token not valid.", ReanaAccessError, "REANA_ACCESS_TOKEN"),
        (403, "User quota exceeded.\nResource: disk", ReanaError, "reana-client quota-show"),
        (403, "Only finished or failed workflows can be restarted.", ReanaError, "without --resume"),
        (404, "no such workflow", MissingError, "reana-client list"),
        (409, "it is already running", ReanaError, "reana-client status"),
        (400, "Malformed request.", ReanaError, "refused (400 Malformed request.)"),
        (500, "Internal server error.", TransientError, "a fault of its own (500"),
        (504, "Gateway", TransientError, "a fault of its own (504"),
    ],
)
def test_answers(status: int, message: str, kind: type, words: str) -> None:
    error = as_error(raised(status, {"message": message}), "cannot do it", "https://reana.example.org")
    assert type(error) is kind
    assert "https://reana.example.org: cannot do it" in str(error)
    assert words in str(error)


def test_an_answer_that_is_not_json_keeps_its_status() -> None:
    error = as_error(raised(502, ValueError("Expecting value")), "cannot do it", "https://reana.example.org")
    assert type(error) is TransientError
    assert "502" in str(error)


def test_a_download_says_its_status_in_words() -> None:
    assert type(as_error(Exception("Error 503 SERVICE UNAVAILABLE None"), "x", "y")) is TransientError
    assert type(as_error(Exception("Error 404 NOT FOUND a does not exist."), "x", "y")) is MissingError


@pytest.mark.parametrize(
    "error",
    [
        requests.exceptions.ConnectionError(
            "Max retries exceeded with url: /api/you?access_token=abc123&x=1 (Refused)"
        ),
        requests.exceptions.ReadTimeout("timed out"),
        Exception("Could not connect to the server https://reana.example.org"),
        ConnectionResetError(104, "reset"),
    ],
)
def test_no_connection_is_transient_and_the_token_is_not_told(error: Exception) -> None:
    found = as_error(error, "cannot do it", "https://reana.example.org")
    assert type(found) is TransientError
    assert "cannot be reached" in str(found)
    assert "abc123" not in str(found)


def test_what_is_not_understood_is_not_tried_again() -> None:
    found = as_error(KeyError("workflow_name"), "cannot do it", "https://reana.example.org")
    assert type(found) is ReanaError
    assert "reana-client ping" in str(found)
