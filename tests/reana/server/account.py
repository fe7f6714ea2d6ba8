"""Operations on the user: ping, you, info, secrets."""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from .cluster import Cluster, Refusal

Answer = tuple[int, Any]
MAX_RETENTION = 3650


def ping(cluster: Cluster, request: Request) -> Answer:
    return 200, {"message": "OK", "status": "200"}


def get_you(cluster: Cluster, request: Request) -> Answer:
    used = {"disk": cluster.disk_used(), "cpu": cluster.cpu_used}
    quota = {
        kind: {
            "usage": {"raw": used[kind], "human_readable": f"{used[kind]} Bytes"},
            **({"limit": {"raw": limit, "human_readable": f"{limit} Bytes"}} if limit else {}),
        }
        for kind, limit in cluster.quota.items()
    }
    return 200, {
        "email": "jane.doe@example.org",
        "full_name": "Jane Doe",
        "username": "jane",
        "reana_server_version": "0.9.4",
        "reana_token": {"value": cluster.token, "status": "active", "requested_at": "Sun, 01 Nov 2026 08:00:00 GMT"},
        "quota": quota,
    }


def info(cluster: Cluster, request: Request) -> Answer:
    values: dict[str, Any] = {
        "compute_backends": list(cluster.backends),
        "workspaces_available": ["/var/reana"],
        "default_workspace": "/var/reana",
        "default_kubernetes_memory_limit": "4Gi",
        "kubernetes_max_memory_limit": cluster.max_memory,
        "default_kubernetes_jobs_timeout": "604800",
        "maximum_kubernetes_jobs_timeout": "1209600",
        "maximum_workspace_retention_period": str(MAX_RETENTION),
    }
    return 200, {name: {"title": name.replace("_", " "), "value": value} for name, value in values.items()}


def get_secrets(cluster: Cluster, request: Request) -> Answer:
    return 200, [{"name": name, "type": secret["type"]} for name, secret in cluster.secrets.items()]


def add_secrets(cluster: Cluster, request: Request) -> Answer:
    new = request.get_json()
    there = sorted(set(new) & set(cluster.secrets))
    if there and request.args.get("overwrite", "false").lower() != "true":
        raise Refusal(409, f"The submitted secrets {', '.join(there)} already exist.")
    cluster.secrets.update(new)
    return 201, {"message": "Secret(s) successfully added."}


def delete_secrets(cluster: Cluster, request: Request) -> Answer:
    names = request.get_json()
    if missing := [name for name in names if name not in cluster.secrets]:
        return 404, missing
    for name in names:
        del cluster.secrets[name]
    return 200, names


OPERATIONS = {
    operation.__name__: operation for operation in (ping, get_you, info, get_secrets, add_secrets, delete_secrets)
}
