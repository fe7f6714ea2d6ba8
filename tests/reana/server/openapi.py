"""REANA's OpenAPI file as routes and as checks of requests and answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

import jsonschema
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request

_ALSO_SENT = {"download_file": {"file_name"}}
"""Parameters that reana-client sends although the specification has them elsewhere."""


class BadRequestError(Exception):
    """A request is not as the specification says."""


@dataclass(frozen=True)
class Operation:
    """An operation of the interface, as specified."""

    name: str
    method: str
    path: str
    specified: dict[str, Any]

    def check_request(self, request: Request) -> None:
        """Raise BadRequestError unless parameters and body are as specified."""
        specified = self.specified.get("parameters", [])
        queries = {entry["name"]: entry for entry in specified if entry["in"] == "query"}
        if unknown := set(request.args) - set(queries) - _ALSO_SENT.get(self.name, set()):
            raise BadRequestError(f"{self.name} has no parameter {', '.join(sorted(unknown))}.")
        for name, entry in queries.items():
            if name in request.args:
                _check_text(name, entry, request.args[name])
            elif entry.get("required"):
                raise BadRequestError(f"Field '{name}': Missing data for required field.")
        consumed = self.specified.get("consumes", [])
        if "application/octet-stream" in consumed:
            if request.mimetype != "application/octet-stream":
                raise BadRequestError(f"Wrong Content-Type {request.mimetype} use application/octet-stream")
            return
        for entry in specified:
            if entry["in"] == "body":
                _check_body(entry, request)

    def check_answer(self, status: int, body: Any) -> None:
        """Raise AssertionError or ValidationError unless an answer is as specified."""
        answers = self.specified["responses"]
        # decorators of the real server answer 401 and 403 where the specification does not say so, too
        assert str(status) in answers or status in (401, 403), f"{self.name} never answers {status}"
        schema = answers.get(str(status), {}).get("schema")
        if schema is not None:
            jsonschema.validate(body, _nullable(schema))


def read_operations() -> dict[str, Operation]:
    """Return the operations by name."""
    folder = resources.files("reana_commons") / "openapi_specifications"
    content = json.loads((folder / "reana_server.json").read_text())
    operations = [
        Operation(specified["operationId"], method.upper(), path, specified)
        for path, methods in content["paths"].items()
        for method, specified in methods.items()
    ]
    return {operation.name: operation for operation in operations}


def routes(operations: dict[str, Operation]) -> Map:
    """Return the map from addresses to operations."""
    return Map([_rule(operation) for operation in operations.values()], merge_slashes=False)


def _rule(operation: Operation) -> Rule:
    path = operation.path.replace("{file_name}", "<path:file_name>")
    path = path.replace("{workflow_id_or_name}", "<run>").replace("{", "<").replace("}", ">")
    return Rule(path, methods=[operation.method], endpoint=operation.name, strict_slashes=False)


def _check_text(name: str, entry: dict[str, Any], text: str) -> None:
    kind = entry.get("type")
    right = (
        kind not in ("boolean", "integer")
        or (kind == "boolean" and text.lower() in ("true", "false"))
        or (kind == "integer" and text.isdigit())
    )
    if not right or text not in entry.get("enum", [text]):
        raise BadRequestError(f"Field '{name}': Not a valid {kind}: {text!r}.")


def _check_body(entry: dict[str, Any], request: Request) -> None:
    body = request.get_json(silent=True) if request.data else None
    if body is None:
        if entry.get("required"):
            raise BadRequestError(f"Field '{entry['name']}': Missing data for required field.")
        return
    try:
        jsonschema.validate(body, _nullable(entry["schema"]))
    except jsonschema.ValidationError as error:
        raise BadRequestError(f"Field '{entry['name']}': {error.message}") from None


def _nullable(schema: Any) -> Any:
    """Turn Swagger's `x-nullable` into JSON schema."""
    if isinstance(schema, list):
        return [_nullable(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    turned = {key: _nullable(value) for key, value in schema.items()}
    if schema.get("x-nullable") and isinstance(schema.get("type"), str):
        turned["type"] = [schema["type"], "null"]
    return turned
