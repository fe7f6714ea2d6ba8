"""Credentials for MLflow as REANA's secrets: they reach the steps' environment and show nowhere."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping

from assay.errors import ReanaError

PREFIX = "MLFLOW_"


def tracking_secrets(environment: Mapping[str, str] = os.environ) -> dict[str, dict[str, str]]:
    """Return the settings of MLflow in the environment in the form in which REANA takes secrets.

    Raises
    ------
    ReanaError
        If there are none, or the tracking server would be this machine.
    """
    found = {name: value for name, value in environment.items() if name.startswith(PREFIX) and value}
    if "MLFLOW_TRACKING_URI" not in found:
        raise ReanaError(
            "MLFLOW_TRACKING_URI is not set",
            expected="the address of an MLflow server that the cluster can reach, and its credentials",
            mend="export MLFLOW_TRACKING_URI=https://... (and MLFLOW_TRACKING_USERNAME, MLFLOW_TRACKING_PASSWORD or "
            "MLFLOW_TRACKING_TOKEN)",
        )
    return {
        name: {"value": base64.b64encode(value.encode()).decode(), "type": "env"}
        for name, value in sorted(found.items())
    }
