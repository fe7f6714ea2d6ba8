"""`assay doctor`: what this environment can do."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import click

from assay.running.health import CAPABILITIES, Finding, examine, is_well

_MARKS = {"ok": ("ok     ", "green"), "missing": ("missing", "yellow"), "broken": ("BROKEN ", "red")}


@click.command("doctor", short_help="What this environment can do.")
@click.option(
    "--for",
    "wanted",
    type=click.Choice([*CAPABILITIES, "all"]),
    multiple=True,
    help="What is needed here; may be repeated. Then a lack of it is a fault, too.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
def command(wanted: tuple[str, ...], as_json: bool) -> None:
    """Try what this environment can do: each line says what was found, or why not and how to mend it.

    The exit status is 1 if something is broken, or if something that --for names is missing.

    \b
    Examples:
      assay doctor
      assay doctor --for physics
    """  # noqa: D301 - click wants the character
    capabilities = [name for name in CAPABILITIES if not wanted or "all" in wanted or name in ("core", *wanted)]
    findings = examine(capabilities)
    well = is_well(findings, asked_for=bool(wanted))
    if as_json:
        click.echo(json.dumps({"ok": well, "findings": [asdict(finding) for finding in findings]}, indent=2))
    else:
        _show(findings)
    sys.exit(0 if well else 1)


def _show(findings: list[Finding]) -> None:
    for capability in dict.fromkeys(finding.capability for finding in findings):
        click.secho(f"{capability}: {CAPABILITIES[capability]}", bold=True)
        for finding in (finding for finding in findings if finding.capability == capability):
            mark, colour = _MARKS[finding.state]
            needless = " (optional)" if finding.optional and finding.state != "ok" else ""
            click.echo(f"  {click.style(mark, fg=colour)} {finding.name}: {finding.found}{needless}")
            if finding.state != "ok" and finding.mend:
                click.echo(f"          mend: {finding.mend}")
