"""Operations on runs: create, start, restart, status, stop, delete, logs, specification, retention rules."""

from __future__ import annotations

import json
import uuid
from typing import Any

import yadageschemas
from reana_commons.validation.utils import validate_reana_yaml
from reana_commons.yadage import yadage_load_from_workspace
from werkzeug.wrappers import Request

from .account import MAX_RETENTION
from .cluster import USER, Cluster, Refusal, Run, disk_usage, in_days
from .files import page_of, size

Answer = tuple[int, Any]
_COUNTED = ("total", "running", "finished", "failed")


def create_workflow(cluster: Cluster, request: Request) -> Answer:
    specification, name = request.get_json(), request.args["workflow_name"]
    cluster.check_quota()
    if not specification:
        raise Refusal(400, "Neither a REANA specification nor a URL was given.")
    if specification["workflow"]["type"] != "yadage":
        raise Refusal(400, "The test server runs yadage workflows only.")
    if "." in name:
        raise Refusal(400, f'Workflow name {name} contains illegal character "."')
    rules = _rules(specification)
    run = cluster.add(name or "workflow", specification)
    run.rules = rules
    return 201, {
        "message": "The workflow has been successfully created.",
        "workflow_id": run.id,
        "workflow_name": run.full_name,
    }


def start_workflow(cluster: Cluster, request: Request, run: str) -> Answer:
    body = request.get_json(silent=True) or {}
    cluster.check_quota()
    found = cluster.find(run)
    if body.get("restart"):
        found = _restarted(cluster, found, body.get("reana_specification"))
    elif found.status != "created":
        raise Refusal(403, f"Workflow {found.full_name} is already {found.status} and cannot be started again.")
    options = {**(found.specification["inputs"].get("options") or {}), **(body.get("operational_options") or {})}
    try:
        loaded = yadage_load_from_workspace(str(found.workspace), found.specification, options.get("toplevel", ""))
    except Exception as error:
        raise Refusal(500, str(error)) from None
    # the real server keeps specifications as JSON, too
    found.specification = json.loads(json.dumps(loaded, cls=yadageschemas.utils.WithJsonRefEncoder))
    _validate(found.specification)
    cluster.start(found, body.get("input_parameters") or {})
    for rule in found.rules:
        rule.update(status="active", apply_on=in_days(rule["retention_days"]))
    return 200, {
        "message": "Workflow submitted.",
        "workflow_id": found.id,
        "workflow_name": found.name,
        "run_number": found.number,
        "status": "queued",
        "user": USER,
    }


def _restarted(cluster: Cluster, run: Run, specification: dict[str, Any] | None) -> Run:
    if run.status not in ("finished", "failed"):
        raise Refusal(403, "Only finished or failed workflows can be restarted.")
    if any(rule["status"] == "pending" for rule in run.rules):
        raise Refusal(
            403,
            "The workflow cannot be restarted because some retention rules are currently being applied to the "
            "workspace. Please retry later.",
        )
    if specification is not None:
        _validate(specification)
    copy = cluster.clone(run, specification)
    copy.rules, run.rules = _rules(copy.specification), [{**rule, "status": "inactive"} for rule in run.rules]
    return copy


def set_workflow_status(cluster: Cluster, request: Request, run: str) -> Answer:
    found, status = cluster.find(run), request.args["status"]
    if status == "start":
        return start_workflow(cluster, request, run)
    if status == "stop":
        if found.status not in ("running", "queued"):
            raise Refusal(409, f"Workflow {found.id} is not running.")
        cluster.stop(found)
        message = "Workflow successfully stopped"
    else:
        if found.status == "running":
            raise Refusal(409, f"Workflow {found.id} cannot be deleted as it is running.")
        all_runs = (request.get_json(silent=True) or {}).get("all_runs", False)
        for one in [other for other in cluster.runs if all_runs and other.name == found.name] or [found]:
            cluster.delete(one)
        message = "Workflow successfully deleted"
    return 200, {
        "message": message,
        "workflow_id": found.id,
        "workflow_name": found.full_name,
        "status": found.status,
        "user": USER,
    }


def get_workflow_status(cluster: Cluster, request: Request, run: str) -> Answer:
    return 200, {**_brief(cluster.find(run)), "logs": ""}


def get_workflows(cluster: Cluster, request: Request) -> Answer:
    runs = [] if request.args["type"] == "interactive" else list(reversed(cluster.runs))
    if name := request.args.get("workflow_id_or_name"):
        runs = [cluster.find(name)]
    items = []
    for run in runs:
        run.refresh()
        item = {**_brief(run), "launcher_url": None}
        if request.args.get("include_workspace_size", "").lower() == "true":
            item["size"] = size(disk_usage(run.workspace))
        items.append(item)
    if wanted := request.args.get("status"):
        items = [item for item in items if item["status"] in wanted.split(",")]
    else:
        items = [item for item in items if item["status"] != "deleted"]
    return 200, {"items": page_of(items, request), "total": len(items)}


def get_workflow_logs(cluster: Cluster, request: Request, run: str) -> Answer:
    found = cluster.find(run)
    steps = request.get_json(silent=True)
    jobs = list(found.engine_state()["jobs"].items())
    if steps:
        jobs = [(key, job) for key, job in jobs if job["job_name"] in steps]
    content = {
        "workflow_logs": None if steps else found.engine_log(),
        "job_logs": dict(page_of(jobs, request)),
        "engine_specific": None,
    }
    return 200, {
        "workflow_id": found.id,
        "workflow_name": found.full_name,
        "user": USER,
        "logs": json.dumps(content),
    }


def get_workflow_parameters(cluster: Cluster, request: Request, run: str) -> Answer:
    found = cluster.find(run)
    parameters = found.specification.get("inputs", {}).get("parameters", {})
    return 200, {"id": found.id, "name": found.full_name, "type": "yadage", "parameters": parameters}


def get_workflow_specification(cluster: Cluster, request: Request, run: str) -> Answer:
    return 200, {"specification": cluster.find(run).specification, "parameters": {}}


def get_workflow_retention_rules(cluster: Cluster, request: Request, run: str) -> Answer:
    found = cluster.find(run)
    return 200, {"workflow_id": found.id, "workflow_name": found.full_name, "retention_rules": found.rules}


def _validate(specification: dict[str, Any]) -> None:
    try:
        validate_reana_yaml(specification)
    except Exception as error:
        raise Refusal(400, getattr(error, "message", str(error))) from None


def _rules(specification: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = (specification.get("workspace") or {}).get("retention_days") or {}
    for pattern, days in wanted.items():
        if days > MAX_RETENTION:
            raise Refusal(400, f"Maximum workflow retention period was reached for {pattern}.")
    return [
        {
            "id": str(uuid.uuid4()),
            "workspace_files": pattern,
            "retention_days": days,
            "apply_on": None,
            "status": "created",
        }
        for pattern, days in wanted.items()
    ]


def _brief(run: Run) -> dict[str, Any]:
    state = run.engine_state()
    progress: dict[str, Any] = {key: {"total": 0, "job_ids": []} for key in _COUNTED}
    for identity, job in state["jobs"].items():
        for key in ("total", "running" if job["status"] == "queued" else job["status"]):
            progress[key]["total"] += 1
            progress[key]["job_ids"].append(identity)
    progress.update(
        run_started_at=state["started"],
        run_finished_at=state["finished"],
        run_stopped_at=run.stopped,
        current_command=None,
        current_step_name=None,
    )
    return {
        "id": run.id,
        "name": run.full_name,
        "status": run.status,
        "user": USER,
        "created": run.created,
        "progress": progress,
    }


OPERATIONS = {
    operation.__name__: operation
    for operation in (
        create_workflow, start_workflow, set_workflow_status, get_workflow_status, get_workflows, get_workflow_logs,
        get_workflow_parameters, get_workflow_specification, get_workflow_retention_rules,
    )
}  # fmt: skip
