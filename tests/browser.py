"""Headless Chromium over its DevTools protocol: opens a page as people do, and says what is wrong with it.

Chromium speaks the protocol on two pipes, so that neither a driver nor a WebSocket is needed.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--remote-debugging-pipe",
)  # fmt: skip
NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 120.0
_FACTS = """(() => {
  const box = (e) => e.getBoundingClientRect();
  const seen = (e) => box(e).width > 20 && box(e).height > 20;
  const links = [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'));
  return {
    figures: document.querySelectorAll('figure').length,
    hidden: [...document.querySelectorAll('figure')].filter((f) => {
      const img = f.querySelector('img'), svg = f.querySelector('svg');
      return !((img && img.complete && img.naturalWidth > 0 && seen(img)) || (svg && seen(svg)));
    }).map((f) => f.innerText.slice(0, 80)),
    links: links,
    lost: links.filter((h) => h.startsWith('#') && !document.getElementById(decodeURIComponent(h.slice(1)))),
    width: document.documentElement.scrollWidth,
    room: document.documentElement.clientWidth,
    wide: [...document.querySelectorAll('body *')].filter((e) =>
      box(e).right > document.documentElement.clientWidth + 1 && !e.closest('.scroll')
    ).map((e) => e.outerHTML.slice(0, 120)),
  };
})()"""
_AXE = "axe.run(document).then((found) => JSON.stringify(found.violations.map((v) => v.id + ': ' + v.nodes[0].html)))"


@dataclass(frozen=True)
class PageFacts:
    """What a browser found of a page.

    Parameters
    ----------
    figures
        How many figures there are.
    hidden
        Of those, the ones that are not shown, by their first words.
    broken
        Links that lead nowhere, inside of the page or to files beside it.
    scrolls
        What stands beyond the right edge, if the page scrolls to the side.
    complaints
        Errors and warnings in the console.
    requests
        Addresses that were asked for besides the page itself.
    violations
        Rules of axe-core that the page breaks, each with the first element that does; None if it was not asked.
    """

    figures: int
    hidden: tuple[str, ...]
    broken: tuple[str, ...]
    scrolls: tuple[str, ...]
    complaints: tuple[str, ...]
    requests: tuple[str, ...]
    violations: tuple[str, ...] | None

    def assert_sound(self) -> None:
        """Nothing is wrong with the page."""
        for name in ("hidden", "broken", "scrolls", "complaints", "requests", "violations"):
            assert not getattr(self, name), (name, getattr(self, name))
        assert self.figures


def missing() -> str:
    """Return what a machine lacks for this, or nothing."""
    if not any(map(shutil.which, NAMES)):
        return "Chromium is not installed (scripts/install-chromium does so on Debian)"
    return "" if find_spec("axe_core_python") else "the package axe-core-python is not installed (make setup)"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start a Chromium with a profile of its own, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(Path(profile))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Browser:
    """A running Chromium; `profile` is an empty folder for its files."""

    profile: Path
    _waiting: list[dict[str, Any]] = field(default_factory=list)
    _buffer: bytes = b""
    _number: int = 0

    def __post_init__(self) -> None:
        program = next(filter(None, map(shutil.which, NAMES)))
        (to_browser, self._write), (self._read, from_browser) = os.pipe(), os.pipe()
        # Chromium reads from descriptor 3 and writes to 4; from 10 on, so that the shell can order them
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_browser, from_browser)]
        shell = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        command = ["bash", "-c", shell, "bash", program, *FLAGS, f"--user-data-dir={self.profile}", "about:blank"]
        self._process = subprocess.Popen(command, pass_fds=ends, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for end in (to_browser, from_browser, *ends):
            os.close(end)
        os.set_blocking(self._read, False)

    def close(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def visit(self, page: Path, *, width: int = 1280, axe: bool = True) -> PageFacts:
        """Open a page in a window of a width in pixels, and look at it."""
        session = self._open(page, width)
        events, self._waiting = self._waiting, []
        facts = self._evaluate(session, _FACTS)
        violations = self._axe(session) if axe else None
        self._call("Target.closeTarget", {"targetId": self._targets[session]})
        files = [link.partition("#")[0] for link in facts["links"] if not link.startswith("#")]
        broken = [link for link in files if not (page.parent / unquote(link)).is_file()]
        return PageFacts(
            facts["figures"],
            tuple(facts["hidden"]),
            (*facts["lost"], *broken),
            tuple(facts["wide"] or ["the page"]) if facts["width"] > facts["room"] else (),
            tuple(_complaints(events)),
            tuple(url for url in _requests(events) if url != page.as_uri() and not url.startswith("data:")),
            violations,
        )

    def picture(self, page: Path, *, width: int = 1280) -> bytes:
        """Return a PNG of the whole page."""
        session = self._open(page, width)
        shot = self._call("Page.captureScreenshot", {"captureBeyondViewport": True}, session)
        return base64.b64decode(shot["data"])

    def printed(self, page: Path) -> bytes:
        """Return the page as a PDF, as it is printed on A4."""
        session = self._open(page, 1280)
        sheet = {"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": True, "printBackground": True}
        return base64.b64decode(self._call("Page.printToPDF", sheet, session)["data"])

    def _open(self, page: Path, width: int) -> str:
        target = self._call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self._call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        self._targets = {session: target}
        for domain in ("Network", "Log", "Runtime", "Page"):
            self._call(f"{domain}.enable", {}, session)
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", size, session)
        self._waiting = []
        self._call("Page.navigate", {"url": page.as_uri()}, session)
        self._until(lambda message: message.get("method") == "Page.loadEventFired")
        self._evaluate(session, "Promise.all([...document.images].map((i) => i.decode().catch(() => 0))).then(() => 0)")
        return session

    def _axe(self, session: str) -> tuple[str, ...]:
        spec = find_spec("axe_core_python")
        assert spec is not None
        assert spec.origin is not None
        self._evaluate(session, Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8") + "; 0")
        return tuple(json.loads(self._evaluate(session, _AXE)))

    def _evaluate(self, session: str, expression: str) -> Any:
        asked = {"expression": expression, "awaitPromise": True, "returnByValue": True}
        answer = self._call("Runtime.evaluate", asked, session)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def _call(self, method: str, parameters: dict[str, Any], session: str = "") -> dict[str, Any]:
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
        rest = json.dumps(message).encode() + b"\0"
        while rest:
            rest = rest[os.write(self._write, rest) :]
        answer = self._until(lambda found: found.get("id") == number)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def _until(self, wanted: Any) -> dict[str, Any]:
        """Return the first message that is wanted; the others wait."""
        end = time.monotonic() + SECONDS
        for message in self._waiting:
            if wanted(message):
                return message
        while time.monotonic() < end:
            for message in self._messages():
                self._waiting.append(message)
                if wanted(message):
                    return message
            time.sleep(0.01)
        raise TimeoutError(f"Chromium does not answer (exit status {self._process.poll()})")

    def _messages(self) -> Iterator[dict[str, Any]]:
        with suppress(BlockingIOError):
            self._buffer += os.read(self._read, 1 << 20)
        while b"\0" in self._buffer:
            first, _, self._buffer = self._buffer.partition(b"\0")
            yield json.loads(first)


def _requests(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        if event.get("method") == "Network.requestWillBeSent":
            yield event["params"]["request"]["url"]


def _complaints(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        parameters = event.get("params", {})
        if event.get("method") == "Log.entryAdded":
            yield parameters["entry"]["text"]
        elif event.get("method") == "Runtime.exceptionThrown":
            yield parameters["exceptionDetails"]["text"]
        elif event.get("method") == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning"):
            yield str(parameters["args"])
