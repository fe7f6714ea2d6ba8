"""A REANA server, through the operations of reana-client's Python interface; faults come as Assay's errors."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import requests
from reana_client.api import client
from reana_commons.api_client import BaseAPIClient
from reana_commons.errors import MissingAPIClientConfiguration, REANASecretAlreadyExists
from requests.adapters import HTTPAdapter

from assay.errors import ReanaAccessError, ReanaError
from assay.running.reana.answers import Logs, RemoteFile, RunState, User, logs, run_state
from assay.running.reana.faults import TransientError, as_error

URL, TOKEN = "REANA_SERVER_URL", "REANA_ACCESS_TOKEN"
_TIMEOUT = 60.0


class _ImpatientAdapter(HTTPAdapter):  # type: ignore[misc, unused-ignore]
    """Gives up on a server that does not answer; reana-client waits for ever."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        return super().send(request, *args, **kwargs)


class Server:
    """The REANA server that the environment names.

    Raises
    ------
    ReanaAccessError
        If REANA_SERVER_URL or REANA_ACCESS_TOKEN is not set.
    """

    def __init__(self) -> None:
        self.url = _setting(URL, "the address of a REANA server, such as https://reana.cern.ch").strip("/")
        self._token = _setting(TOKEN, "your access token, from your profile page on the server")
        if not self.url.startswith(("http://", "https://")):
            raise ReanaAccessError(
                "not an address", where=f"{URL}={self.url}", expected="http://... or https://...", mend=f"set {URL}"
            )
        warnings.filterwarnings("ignore", message="Unverified HTTPS request")  # reana-client does not verify
        logging.getLogger("bravado").setLevel(logging.ERROR)
        with suppress(MissingAPIClientConfiguration):
            BaseAPIClient("reana-server")  # reads the address anew, for the next one made
        session = BaseAPIClient("reana-server")._client.swagger_spec.http_client.session
        for scheme in ("http://", "https://"):
            session.mount(scheme, _ImpatientAdapter())

    def ping(self) -> User:
        """Ask the server who we are.

        Raises
        ------
        ReanaAccessError
            If the server cannot be reached, is not a REANA server or does not accept the token.
        """
        try:
            answer = self._call("cannot connect", client.ping)
            if answer.get("error"):
                self._call("cannot connect", client.get_user_quota)  # fails, too, and says why
        except ReanaError as error:
            raise ReanaAccessError(error.what, where=error.where, expected=error.expected, mend=error.mend) from None
        return User(str(answer.get("email")), str(answer.get("reana_server_version")))

    def info(self) -> dict[str, Any]:
        """Ask for the cluster's settings: title and value, by name."""
        return dict(self._call("cannot ask for the cluster's settings", client.info))

    def create(self, specification: Mapping[str, Any], name: str) -> str:
        """Create a run, and return its name with its number; the server loads the workflow from the uploaded files."""
        answer = self._call("cannot create the run", client.create_workflow, dict(specification), name)
        return str(answer["workflow_name"])

    def upload(self, run: str, path: Path, name: str) -> None:
        """Upload a file into a run's workspace.

        reana-client drops the status of an answer that refuses a file, so any refusal but a lack of room counts as
        transient.
        """
        doing = f"cannot upload {name}"
        try:
            with path.open("rb") as content:
                client.upload_file(run, content, name, self._token)
        except Exception as error:
            fault = as_error(error, doing, self.url)
            if type(fault) is ReanaError and "quota" not in fault.what:
                raise TransientError(fault.what, where=fault.where, expected=fault.expected, mend=fault.mend) from None
            raise fault from None

    def start(self, run: str) -> str:
        """Start a created run, and return its name."""
        self._call(f"cannot start {run}", client.start_workflow, run, parameters={})
        return run

    def restart(self, run: str, specification: Mapping[str, Any] | None = None) -> str:
        """Run again in the workspace of a run that has ended, and return the new run's name.

        Parameters
        ----------
        run
            A run that failed or finished.
        specification
            What to run; None: the same again.
        """
        parameters: dict[str, Any] = {"input_parameters": {}, "operational_options": {}, "restart": True}
        if specification is not None:
            parameters["reana_specification"] = dict(specification)
        answer = self._call(f"cannot restart {run}", client.start_workflow, run, parameters=parameters)
        return f"{answer['workflow_name']}.{answer['run_number']}"

    def state(self, run: str) -> RunState:
        """Ask where a run stands."""
        return run_state(self._call(f"cannot follow {run}", client.get_workflow_status, run))

    def logs(self, run: str) -> Logs:
        """Ask for the logs of a run: of the engine and of all jobs."""
        return logs(self._call(f"cannot read the logs of {run}", client.get_workflow_logs, run))

    def specification(self, run: str) -> dict[str, Any]:
        """Ask for the specification that a run was created with."""
        answer = self._call(f"cannot ask for {run}", client.get_workflow_specification, run)
        return dict(answer["specification"])

    def files(self, run: str) -> list[RemoteFile]:
        """List all files of a run's workspace; listing a folder would count its sub-folders as files."""
        answer = self._call(f"cannot list the files of {run}", client.list_files, run)
        return [RemoteFile(entry["name"], int(entry["size"]["raw"])) for entry in answer]

    def download(self, run: str, name: str) -> bytes:
        """Return the content of a file of a run's workspace."""
        doing = f"cannot download {name}"
        try:
            content, _, _ = client.download_file(run, name, self._token)
        except Exception as error:
            raise as_error(error, doing, self.url) from None
        return bytes(content)

    def add_secrets(self, secrets: Mapping[str, Mapping[str, str]], overwrite: bool) -> None:
        """Hand secrets to the server, for the jobs of all runs.

        Raises
        ------
        ReanaError
            If one is there and may not be overwritten.
        """
        try:
            client.add_secrets(dict(secrets), overwrite, self._token)
        except REANASecretAlreadyExists:
            raise ReanaError(
                "there are secrets of these names",
                where=", ".join(secrets),
                expected="new names",
                mend="give --overwrite to replace them",
            ) from None
        except Exception as error:
            raise as_error(error, "cannot add the secrets", self.url) from None

    def secret_names(self) -> Iterable[str]:
        """List the names of the secrets that the server has."""
        return [entry["name"] for entry in self._call("cannot list the secrets", client.list_secrets)]

    def _call(self, doing: str, operation: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return operation(*arguments, access_token=self._token, **named)
        except Exception as error:
            raise as_error(error, doing, self.url) from None


def _setting(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ReanaAccessError(f"{name} is not set", expected=what, mend=f"export {name}=...")
    return value
