"""The server: routing, access, injected faults, and the checks of every request and answer."""

from __future__ import annotations

import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from . import account, files, runs
from .cluster import Cluster, Refusal
from .openapi import BadRequestError, Operation, read_operations, routes

_HANDLERS: dict[str, Callable[..., Any]] = {**account.OPERATIONS, **files.OPERATIONS, **runs.OPERATIONS}
_OPEN = ("ping", "get_config")


class _QuietHandler(WSGIRequestHandler):
    def log(self, *arguments: Any) -> None:
        pass


class Application:
    """A WSGI application; `violations` are answers that the specification does not allow."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.violations: list[str] = []
        self.requests: list[str] = []
        self._operations = read_operations()
        self._routes = routes(self._operations)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        try:
            name, arguments = self._routes.bind_to_environ(environ).match()
        except HTTPException as error:
            return _json(error.code or 404, {"message": error.description})(environ, start_response)
        fault = self.cluster.faults.of_call(name)
        if fault is not None and fault.status == 0:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            raise ConnectionAbortedError
        if fault is not None and fault.plain:
            response: Response = Response(fault.message, fault.status)
        elif fault is not None:
            response = _json(fault.status, {"message": fault.message})
        else:
            with self._lock:
                response = self._answer(self._operations[name], request, arguments)
        request.stream.read()
        return response(environ, start_response)

    def _answer(self, operation: Operation, request: Request, arguments: dict[str, str]) -> Response:
        self.requests.append(f"{request.method} {request.path} {sorted(set(request.args) - {'access_token'})}")
        try:
            self._check_access(operation.name, request.args.get("access_token"))
            operation.check_request(request)
            if operation.name not in _HANDLERS:
                raise Refusal(500, f"The test server does not do {operation.name}.")
            result = _HANDLERS[operation.name](self.cluster, request, **arguments)
        except Refusal as refusal:
            result = refusal.status, {"message": refusal.message}
        except BadRequestError as error:
            result = 400, {"message": str(error)}
        except Exception:
            self.violations.append(traceback.format_exc())
            result = 500, {"message": "Internal server error."}
        return result if isinstance(result, Response) else self._checked(operation, *result)

    def _check_access(self, operation: str, token: str | None) -> None:
        if operation in _OPEN:
            return
        if not token:
            raise Refusal(401, "User not signed in")
        if token != self.cluster.token:
            raise Refusal(403, "Token not valid.")

    def _checked(self, operation: Operation, status: int, body: Any) -> Response:
        try:
            operation.check_answer(status, body)
        except Exception as error:
            self.violations.append(f"{operation.name} {status}: {error}")
        return _json(status, body)


def _json(status: int, body: Any) -> Response:
    return Response(json.dumps(body), status, content_type="application/json")


@contextmanager
def serving(application: Application) -> Iterator[str]:
    """Serve on a free port of loopback; the value is the server's address."""
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        application.cluster.shut_down()
        server.server_close()
