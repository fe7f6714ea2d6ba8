"""Operations on files of a workspace: upload, list, download, delete, disk usage, pruning."""

from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path
from typing import Any

from reana_commons.workspace import glob_or_walk_directory, walk
from werkzeug.wrappers import Request, Response

from .cluster import Cluster, Refusal, Run, disk_usage, time_of

Answer = tuple[int, Any]


def upload_file(cluster: Cluster, request: Request, run: str) -> Answer:
    name = request.args["file_name"]
    cluster.check_quota()
    cluster.check_disk(request.content_length or 0, f"Uploading file {name}")
    found = cluster.find(run)
    if found.status == "deleted":
        raise Refusal(404, "Workflow does not exist.")
    target = _inside(found, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("wb") as handle:
        shutil.copyfileobj(request.stream, handle)
    return 200, {"message": f"{name} has been successfully uploaded."}


def get_files(cluster: Cluster, request: Request, run: str) -> Answer:
    workspace = cluster.find(run).workspace
    pattern = request.args.get("file_name")
    # a pattern finds folders, too
    names = sorted(glob_or_walk_directory(workspace, pattern)) if pattern else _all(workspace)
    items = [
        {
            "name": name,
            "size": size((workspace / name).stat().st_size),
            "last-modified": time_of((workspace / name).stat().st_mtime),
        }
        for name in names
    ]
    return 200, {"items": page_of(items, request), "total": len(items)}


def download_file(cluster: Cluster, request: Request, run: str, file_name: str) -> Response:
    workspace = cluster.find(run).workspace
    is_folder = (workspace / file_name).is_dir()
    names = _matching(workspace, file_name)
    if not names:
        raise Refusal(404, f"{file_name} does not exist.")
    if len(names) == 1 and not is_folder:
        content, kind, name = (workspace / names[0]).read_bytes(), "application/octet-stream", Path(names[0]).name
    else:
        content, kind, name = _zipped(workspace, names), "application/zip", f"download_{Path(file_name).name}.zip"
    return Response(content, 200, {"Content-Disposition": f"attachment; filename={name}"}, content_type=kind)


def delete_file(cluster: Cluster, request: Request, run: str, file_name: str) -> Answer:
    workspace = cluster.find(run).workspace
    deleted = {}
    for name in _matching(workspace, file_name):
        deleted[name] = {"size": (workspace / name).stat().st_size}
        (workspace / name).unlink()
    return 200, {"deleted": deleted, "failed": {}}


def get_workflow_disk_usage(cluster: Cluster, request: Request, run: str) -> Answer:
    found = cluster.find(run)
    summarize = (request.get_json(silent=True) or {}).get("summarize", False)
    entries = [{"name": "", "size": size(disk_usage(found.workspace))}]
    if not summarize:
        names = _all(found.workspace)
        entries = [{"name": f"/{name}", "size": size((found.workspace / name).stat().st_size)} for name in names]
    return 200, {"workflow_id": found.id, "workflow_name": found.full_name, "user": "jane", "disk_usage_info": entries}


def prune_workspace(cluster: Cluster, request: Request, run: str) -> Answer:
    found = cluster.find(run)
    if found.status in ("queued", "running"):
        raise Refusal(403, "The workflow is running.")
    for name in _all(found.workspace):
        if not is_kept(found, name):
            (found.workspace / name).unlink()
    return 200, {
        "message": "The workspace has been correctly pruned.",
        "workflow_id": found.id,
        "workflow_name": found.full_name,
    }


def is_kept(run: Run, name: str) -> bool:
    """Whether a file is an input or an output, which neither pruning nor retention rules touch."""
    declared = [run.specification.get(part) or {} for part in ("inputs", "outputs")]
    roots = [Path(root) for part in declared for kind in ("files", "directories") for root in part.get(kind) or ()]
    return any(Path(name).is_relative_to(root) for root in roots)


def size(raw: int) -> dict[str, Any]:
    return {"raw": raw, "human_readable": f"{raw} Bytes"}


def page_of(items: list[Any], request: Request) -> list[Any]:
    """Return the page of a list that a request asks for; without `size`, all."""
    length = int(request.args.get("size") or len(items) or 1)
    first = (int(request.args.get("page") or 1) - 1) * length
    return items[first : first + length]


def _all(workspace: Path) -> list[str]:
    return sorted(walk(workspace, include_dirs=False))


def _matching(workspace: Path, name: str) -> list[str]:
    """List files by a name, folder or pattern."""
    found = glob_or_walk_directory(workspace, name, include_dirs=False)
    return sorted(entry for entry in found if (workspace / entry).is_file())


def _inside(run: Run, name: str) -> Path:
    target = (run.workspace / name.lstrip("/")).resolve()
    if not target.is_relative_to(run.workspace.resolve()):
        raise Refusal(400, "Invalid file name: it leads out of the workspace.")
    return target


def _zipped(workspace: Path, names: list[str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(workspace / name, name)
    return buffer.getvalue()


OPERATIONS = {
    operation.__name__: operation
    for operation in (upload_file, get_files, download_file, delete_file, get_workflow_disk_usage, prune_workspace)
}
