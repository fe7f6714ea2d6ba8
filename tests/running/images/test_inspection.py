"""What an image is, and what it has to be."""

from __future__ import annotations

from typing import Any

import pytest

from assay.errors import WorkflowError
from assay.running.images.checking import property_faults
from assay.running.images.inspection import describe

pytestmark = pytest.mark.fast

LABEL = "org.opencontainers.image."
WELL = {
    "Size": 1000,
    "Config": {
        "User": "1000:0",
        "Entrypoint": None,
        "Env": ["PATH=/opt/assay/bin:/bin", "HOME=/tmp"],
        "Labels": {f"{LABEL}{name}": name for name in ("title", "version", "revision", "created", "licenses")},
    },
    "History": [
        {"Size": 0, "CreatedBy": "/bin/sh -c #(nop)  USER 1000:0"},
        {"Size": 300, "CreatedBy": "/bin/sh -c #(nop) COPY dir:1 in /opt/assay"},
        {"Size": 700, "CreatedBy": ""},
    ],
}


def changed(**config: Any) -> dict[str, Any]:
    return {**WELL, "Config": {**WELL["Config"], **config}}


def test_tells_the_engines_facts(engine: Any) -> None:
    engine.here["image"] = WELL
    found = describe(engine, "image")
    assert (found.size, found.user, found.entrypoint) == (1000, "1000:0", ())
    assert found.labels["revision"] == "revision"
    assert [(layer.size, layer.command) for layer in found.layers] == [(700, "base"), (300, "COPY dir:1 in /opt/assay")]
    assert property_faults(found) == []


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"User": ""}, "runs as root, not as 1000:0"),
        ({"Entrypoint": ["/bin/tini", "--"]}, "has an entry point, /bin/tini --; REANA ignores it"),
        ({"Env": None}, "HOME is not set, not /tmp"),
        ({"Labels": {f"{LABEL}title": "x"}}, "lacks labels: version, revision, created, licenses"),
    ],
)
def test_properties_that_would_fail_on_a_cluster_are_told(engine: Any, config: dict[str, Any], fault: str) -> None:
    engine.here["image"] = changed(**config)
    assert property_faults(describe(engine, "image")) == [fault]


def test_an_image_that_is_not_here(engine: Any) -> None:
    with pytest.raises(WorkflowError, match="make images"):
        describe(engine, "image")
