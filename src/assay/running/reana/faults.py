"""What went wrong when talking to a REANA server, as errors that say how to mend it.

reana-client raises plain exceptions that carry the server's message alone; the status is in the exception it was
handling at that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from requests.exceptions import SSLError

from assay.errors import ReanaAccessError, ReanaError

_STATUS_IN_TEXT = re.compile(r"^Error (\d{3}) ")
_TOKEN_IN_TEXT = re.compile(r"(access_token=)[^&\s)'\"]+")
_NO_CONNECTION = ("Connection", "Timeout", "ChunkedEncoding", "ProtocolError")
_NO_CONNECTION_TEXT = ("could not connect", "timed out", "failed for an unknown reason")


class TransientError(ReanaError):
    """The server does not answer, or answers with a fault of its own (5xx): worth trying again."""


class MissingError(ReanaError):
    """The server has no such run or file (404)."""


def as_error(error: Exception, doing: str, server: str) -> ReanaError:
    """Translate what reana-client raised.

    Parameters
    ----------
    error
        What was raised.
    doing
        What was being done, such as `cannot upload input/input.yml`.
    server
        The server's address.
    """
    status, message = _status(error), _message(error)
    if "quota" in message.lower():
        return _quota(doing, message, server)
    if status == 401 or (status == 403 and "token" in message.lower()):
        return ReanaAccessError(
            f"{doing}: access denied ({status} {message})",
            where=server,
            expected="the access token of a user of this server",
            mend="copy the token from your profile page of this server into REANA_ACCESS_TOKEN",
        )
    if status == 404:
        return MissingError(
            f"{doing}: not found ({message})",
            where=server,
            expected="a REANA server that has it",
            mend="check REANA_SERVER_URL, and the name of the run (`reana-client list`)",
        )
    if status is not None and status < 500:
        return ReanaError(
            f"{doing}: refused ({status} {message})", where=server, mend=_mend_of_refusal(status, message)
        )
    if status is not None:
        return TransientError(
            f"{doing}: the server has a fault of its own ({status} {message})",
            where=server,
            expected="an answer",
            mend="try again later; if it stays so, tell the server's administrators",
        )
    if any(isinstance(one, SSLError) for one in _chain(error)):
        return ReanaAccessError(
            f"{doing}: the server's certificate cannot be verified",
            where=server,
            expected="a certificate of an authority that this machine trusts",
            mend="name the authority's file in REQUESTS_CA_BUNDLE, or set REANA_VERIFY_TLS=no and trust the network",
        )
    if _is_no_connection(error):
        return TransientError(
            f"{doing}: the server cannot be reached ({_short(message)})",
            where=server,
            expected="a REANA server at this address",
            mend="check REANA_SERVER_URL and the network (a VPN?)",
        )
    return ReanaError(
        f"{doing}: {_short(message)}",
        where=server,
        expected="an answer as REANA 0.9 gives it",
        mend="check with `reana-client ping` that server and client are of the same release",
    )


def _quota(doing: str, message: str, server: str) -> ReanaError:
    return ReanaError(
        f"{doing}: the quota is exceeded ({message})",
        where=server,
        expected="room for the run's files and processor time",
        mend="`reana-client quota-show` tells how much there is; `reana-client delete --include-all-runs -w NAME` or "
        "`reana-client prune -w NAME` frees disk; ask the server's administrators for more",
    )


def _mend_of_refusal(status: int, message: str) -> str:
    if "restarted" in message:
        return "a stopped run cannot go on, start a new one: the same command without --resume"
    if status == 409 or "already" in message:
        return "see its state with `reana-client status`; a second run needs a new name or number"
    return "see the message; `reana-client ping` shows which server and user it is"


def _status(error: BaseException) -> int | None:
    """Return the HTTP status that an exception, or one that it was raised from, stands for."""
    for one in _chain(error):
        status = getattr(one, "status_code", None) or getattr(getattr(one, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        if found := _STATUS_IN_TEXT.match(str(one)):
            return int(found.group(1))
    return None


def _message(error: BaseException) -> str:
    """Return the server's own words, as far as there are any, without the token that addresses carry."""
    for one in _chain(error):
        response = getattr(one, "response", None)
        try:
            return str(response.json()["message"])  # type: ignore[union-attr]
        except Exception:  # noqa: S112 - whatever a server sends that is not REANA's
            continue
    return _TOKEN_IN_TEXT.sub(r"\1...", str(error)) or type(error).__name__


def _is_no_connection(error: BaseException) -> bool:
    for one in _chain(error):
        names = [kind.__name__ for kind in type(one).__mro__]
        if any(part in name for name in names for part in _NO_CONNECTION) or isinstance(one, OSError):
            return True
    return any(text in str(error).lower() for text in _NO_CONNECTION_TEXT)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."
