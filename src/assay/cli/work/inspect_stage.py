"""Looking into the folder of a stage by its manifest, and comparing files with the manifest above them."""

from __future__ import annotations

from pathlib import Path

from assay.errors import ManifestError
from assay.events.inspection import Cell, Inspection, Table
from assay.files import sha256
from assay.manifest import Manifest, verified_inputs


def manifest_faults(path: Path) -> list[str]:
    """Say in what a file differs from what the stage that wrote it recorded; nothing for a user's own file."""
    try:
        verified_inputs({"file": [path]})
    except ManifestError as error:
        return [str(error)]
    return []


def inspect_manifest(path: Path) -> Inspection:
    """Look into a manifest, and compare the files beside it with it."""
    return inspect_stage(path.parent)


def inspect_stage(folder: Path) -> Inspection:
    """Look into the folder of a stage: its manifest, and whether its files are what it says.

    Raises
    ------
    ManifestError
        If the manifest is missing or damaged.
    """
    manifest = Manifest.read(folder)
    facts: tuple[tuple[str, Cell], ...] = (
        ("stage", manifest.stage),
        ("job", manifest.job or None),
        ("study", manifest.study),
        ("study hash", manifest.study_hash),
        ("seed", manifest.seed),
        ("version", manifest.version),
        ("started", manifest.started),
        ("wall time [s]", manifest.wall_time),
        ("peak memory [MiB]", manifest.peak_memory),
    )
    checked = [(record, _state(folder / record.path, record.sha256)) for record in manifest.outputs]
    outputs = tuple((record.path, record.size, record.sha256[:12], state) for record, state in checked)
    inputs = tuple((record.path, record.size, record.sha256[:12]) for record in manifest.inputs)
    tables = (
        Table("outputs", ("file", "bytes", "SHA-256", "state"), outputs),
        Table("inputs", ("file", "bytes", "SHA-256"), inputs),
    )
    faults = tuple(f"{record.path} is {state}" for record, state in checked if state != "as written")
    return Inspection(f"stage {manifest.stage}", facts, tables, faults)


def _state(path: Path, digest: str) -> str:
    if not path.is_file():
        return "missing"
    return "as written" if sha256(path) == digest else "not the file that the stage wrote"
