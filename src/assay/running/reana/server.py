"""A REANA server, through the operations of reana-client's Python interface; faults come as Assay's errors."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from reana_client.api import client
from reana_commons.api_client import BaseAPIClient
from reana_commons.errors import MissingAPIClientConfiguration, REANASecretAlreadyExists
from requests.adapters import HTTPAdapter

from assay.errors import ReanaAccessError, ReanaError
from assay.running.reana.answers import Logs, RemoteFile, RunState, User, logs, run_state
from assay.running.reana.faults import as_error

URL, TOKEN = "REANA_SERVER_URL", "REANA_ACCESS_TOKEN"
VERIFY = "REANA_VERIFY_TLS"
"""Set to `no` to talk to a server whose certificate cannot be verified."""
_TIMEOUT = 60.0
_CHUNK = 1 << 20


class _ImpatientAdapter(HTTPAdapter):  # type: ignore[misc, unused-ignore]
    """Gives up on a server that does not answer; reana-client waits for ever."""

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        return super().send(request, *args, **kwargs)


class Server:
    """The REANA server that the environment names.

    reana-client verifies no certificates; its API client is told to, and files, which it sends and takes by calls of
    its own without verification and whole in memory, go by requests from here.

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
        self._verify = os.environ.get(VERIFY, "yes").strip().lower() not in ("no", "0", "false")
        if not self._verify:
            warnings.filterwarnings("ignore", message="Unverified HTTPS request")
        logging.getLogger("bravado").setLevel(logging.ERROR)
        with suppress(MissingAPIClientConfiguration):
            BaseAPIClient("reana-server")  # reads the address anew, for the next one made
        http_client = BaseAPIClient("reana-server")._client.swagger_spec.http_client
        http_client.ssl_verify = self._verify
        for scheme in ("http://", "https://"):
            http_client.session.mount(scheme, _ImpatientAdapter())

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
        """Upload a file into a run's workspace."""
        with path.open("rb") as content:
            self._transfer(
                f"cannot upload {name}", "POST", f"{run}/workspace", name,
                data=content, headers={"Content-Type": "application/octet-stream"},
            )  # fmt: skip

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

    def download(self, run: str, name: str, target: Path) -> None:
        """Write the content of a file of a run's workspace into a file here, piece by piece."""
        self._transfer(f"cannot download {name}", "GET", f"{run}/workspace/{quote(name)}", name, target)

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

    def _call(self, doing: str, operation: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return operation(*arguments, access_token=self._token, **named)
        except Exception as error:
            raise as_error(error, doing, self.url) from None

    def _transfer(
        self, doing: str, method: str, place: str, name: str, target: Path | None = None, **content: Any
    ) -> None:
        parameters = {"file_name": name, "access_token": self._token}
        try:
            with requests.request(
                method, f"{self.url}/api/workflows/{place}", params=parameters, stream=True, timeout=_TIMEOUT,
                verify=self._verify, **content,
            ) as answer:  # fmt: skip
                if not answer.ok:  # translated here, while the server's words can be read
                    raise as_error(requests.HTTPError(answer.reason, response=answer), doing, self.url)
                if target is not None:
                    with target.open("wb") as output:
                        output.writelines(answer.iter_content(_CHUNK))
        except requests.RequestException as error:
            raise as_error(error, doing, self.url) from None


def _setting(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ReanaAccessError(f"{name} is not set", expected=what, mend=f"export {name}=...")
    return value
