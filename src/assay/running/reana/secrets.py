"""Credentials for MLflow as REANA's secrets: they reach the steps' environment and show nowhere."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from ipaddress import ip_address
from urllib.parse import urlsplit

from assay.errors import ReanaError

PREFIX = "MLFLOW_"


def tracking_secrets(environment: Mapping[str, str] = os.environ) -> dict[str, dict[str, str]]:
    """Return the settings of MLflow in the environment in the form in which REANA takes secrets.

    Raises
    ------
    ReanaError
        If there is no address of a tracking server, or none that jobs on a cluster could reach by HTTP: this machine,
        as seen from itself, or a folder.
    """
    found = {name: value for name, value in environment.items() if name.startswith(PREFIX) and value}
    if "MLFLOW_TRACKING_URI" not in found:
        raise ReanaError(
            "MLFLOW_TRACKING_URI is not set",
            expected="the address of an MLflow server that the cluster can reach, and its credentials",
            mend="export MLFLOW_TRACKING_URI=https://... (and MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD or "
            "MLFLOW_TRACKING_TOKEN)",
        )
    if not _is_reachable(found["MLFLOW_TRACKING_URI"]):
        raise ReanaError(
            "not an address that the cluster can reach",
            where="MLFLOW_TRACKING_URI",  # its value may hold a password
            expected="http://... or https://... of another machine",
            mend="export the address of an MLflow server that the cluster can reach",
        )
    return {
        name: {"value": base64.b64encode(value.encode()).decode(), "type": "env"}
        for name, value in sorted(found.items())
    }


def _is_reachable(address: str) -> bool:
    try:
        parts = urlsplit(address.strip())
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        number = ip_address(host)
    except ValueError:  # a name
        return True
    return not (number.is_loopback or number.is_unspecified)
