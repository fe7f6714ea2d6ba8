"""To start runs: yadage with our executors, and what steps can run in or on."""

from __future__ import annotations

import importlib
import os
import shutil
from importlib.metadata import version

from assay.running.health.finding import Check, MissingError
from assay.running.health.madgraph import program

_MEND = "pip install 'assay[workflow]'"
_EXECUTORS = ("local", "docker")
_SLURM = ("srun", "squeue", "scancel", "sinfo")


def yadage() -> str:
    """Import the engine."""
    for module in ("yadage", "packtivity", "jq"):
        importlib.import_module(module)
    return ", ".join(f"{name} {version(name)}" for name in ("yadage", "packtivity", "adage", "jq"))


def executors() -> str:
    """Load the plug-in that runs steps, as yadage does, and look for its executors."""
    import packtivity.handlers.execution_handlers as handlers

    importlib.import_module("assay.running.executor")
    known = handlers.handlers["docker-encapsulated"]
    if absent := [name for name in _EXECUTORS if name not in known]:
        raise LookupError(f"the plug-in lacks {', '.join(absent)}")
    return "assay.running.executor: " + ", ".join(name for name in known if name != "default")


def docker() -> str:
    """Ask the Docker Engine for its version, and for our images."""
    from assay.running.images.engine import connected

    client = connected()
    ours = sorted(tag for image in client.images.list() for tag in image.tags if "/assay-" in tag)
    return f"Docker Engine {client.version()['Version']}; images: {', '.join(ours) or 'none of ours'}"


def apptainer() -> str:
    """Ask Apptainer for its version, or Singularity where only that is found."""
    from assay.running.layers.apptainer import PROGRAMS

    found = [name for name in PROGRAMS if shutil.which(name) is not None]
    if not found:
        raise MissingError(f"no {' or '.join(PROGRAMS)} on PATH")
    return program(found[0], "--version")()


def slurm() -> str:
    """Look for the programs that submit and follow jobs, and ask the controller, which has to answer."""
    from assay.running.layers import BATCH_SYSTEMS

    absent = [name for name in _SLURM if shutil.which(name) is None]
    if absent:
        raise MissingError(f"no {', '.join(absent)} on PATH")
    BATCH_SYSTEMS["slurm"].check(())
    return f"{program('srun', '--version')()}; the controller answers"


def reana() -> str:
    """Ask the REANA server that the settings name who we are: a token that it does not know is a fault."""
    server, token = os.environ.get("REANA_SERVER_URL"), os.environ.get("REANA_ACCESS_TOKEN")
    client = f"reana-client {version('reana-client')}"
    unset = [name for name, value in (("REANA_SERVER_URL", server), ("REANA_ACCESS_TOKEN", token)) if not value]
    if unset:
        raise MissingError(f"{client}; {' and '.join(unset)} not set")
    from assay.running.reana.server import Server

    user = Server().ping()
    return f"{client}; {server}, release {user.server_version}, knows us as {user.email}"


CHECKS = (
    Check("yadage", yadage, _MEND),
    Check("executors", executors, _MEND),
    Check("Docker", docker, "start the Docker Engine, for CONTAINERS=docker", optional=True),
    Check("Apptainer", apptainer, "install Apptainer, for CONTAINERS=apptainer", optional=True),
    Check("Slurm", slurm, "work where Slurm is set up, for BATCH_SYSTEM=slurm", optional=True),
    Check("REANA", reana, "set REANA_SERVER_URL and REANA_ACCESS_TOKEN, for make run-reana", optional=True),
)
