"""`assay images`: build, look at, check and push the container images."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Literal

import click

from assay.errors import WorkflowError
from assay.running.images import build, catalogue, checking, inspection, pushing
from assay.running.images.engine import connected

_MB = 10**6

_names = click.argument("names", nargs=-1, metavar="[IMAGE]...")
_registry = click.option("--registry", default=catalogue.REGISTRY, show_default=True, help="How names begin.")
_tag = click.option("--tag", default=catalogue.Naming().tag, show_default=True, help="Their version.")
_project = click.option(
    "--project",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="Folder of images/ and src/.",
)


@click.group("images", short_help="Build, check and push the container images.")
def command() -> None:
    """Build, look at, check and push the container images: physics, ml, madgraph (without a name: physics and ml).

    \b
    Examples:
      assay images build
      assay images check physics
      assay images push --registry registry.example.org/us
    """  # noqa: D301 - click wants the character


@command.command("build")
@_names
@_registry
@_tag
@_project
@click.option("--base", default=build.BASE, help="The image that they stand on.")
@click.option("--torch", type=click.Choice(["cpu", "cuda"]), default="cpu", show_default=True, help="For the image ml.")
@click.option("--wheels", type=click.Path(path_type=Path), help="Folder of wheels for pip; default PIP_FIND_LINKS.")
@click.option("--index", help="Address of a further package index: that of torch's CPU builds.")
@click.option("--verbose", is_flag=True, help="Show the whole log.")
def build_command(
    names: tuple[str, ...],
    registry: str,
    tag: str,
    project: Path,
    base: str,
    torch: Literal["cpu", "cuda"],
    wheels: Path | None,
    index: str | None,
    verbose: bool,
) -> None:
    """Build images.

    \b
    Example:
      assay images build physics ml --index INDEX
    """  # noqa: D301 - click wants the character
    naming = catalogue.Naming(registry, tag)
    settings = build.BuildSettings(naming, base, torch, _folder_of_wheels(wheels), index)
    client, images = connected(), catalogue.find_images(names)
    build.need_torch(images, settings)
    for image in images:
        click.echo(f"{naming.reference(image.name)}: building")
        built = build.build(client, project, image, settings, click.echo if verbose else _silent)
        click.echo(f"{built.reference}: {built.size / _MB:.0f} MB, built in {built.seconds:.0f} s")


@command.command("inspect")
@_names
@_registry
@_tag
def inspect_command(names: tuple[str, ...], registry: str, tag: str) -> None:
    """Show size, user, entry point, labels and layers.

    \b
    Example:
      assay images inspect physics
    """  # noqa: D301 - click wants the character
    client, naming = connected(), catalogue.Naming(registry, tag)
    for image in catalogue.find_images(names):
        _show(inspection.describe(client, naming.reference(image.name)))


@command.command("check")
@_names
@_registry
@_tag
@click.option("--user", "users", multiple=True, default=checking.USERS, show_default=True, help="May be repeated.")
def check_command(names: tuple[str, ...], registry: str, tag: str, users: tuple[str, ...]) -> None:
    """Run `assay doctor` inside, as REANA's and as unknown users, without network, nothing to write but /tmp.

    \b
    Example:
      assay images check physics ml
    """  # noqa: D301 - click wants the character
    client, naming, wrong = connected(), catalogue.Naming(registry, tag), False
    for image in catalogue.find_images(names):
        reference = naming.reference(image.name)
        faults = checking.property_faults(inspection.describe(client, reference))
        for fault in faults:
            click.echo(f"{reference}: {click.style(fault, fg='red')}")
        for user in users:
            found = checking.check(client, image, reference, user)
            outcome = click.style("well", fg="green") if found.ok else click.style("not well", fg="red")
            click.echo(f"{reference} as {user}: {outcome}, {len(found.findings)} checks")
            for finding in found.faults:
                click.echo(f"  {finding.state} {finding.name}: {finding.found}")
            wrong |= not found.ok
        wrong |= bool(faults)
    sys.exit(1 if wrong else 0)


@command.command("push")
@_names
@_registry
@_tag
def push_command(names: tuple[str, ...], registry: str, tag: str) -> None:
    """Push images, under the registry's name and whatever they were built as; prints their digests.

    An image that `assay images build` made without --registry, and with the same --tag, gets the registry's name; if
    there is one of that name already, the newer of the two is pushed.

    \b
    Example:
      assay images push physics ml --registry registry.example.org/group
    """  # noqa: D301 - click wants the character
    client, naming, usual = connected(), catalogue.Naming(registry, tag), catalogue.Naming(tag=tag)
    for image in catalogue.find_images(names):
        click.echo(f"{naming.reference(image.name)}: pushing")
        pushed = pushing.push(client, naming.repository(image.name), tag, usual.reference(image.name), click.echo)
        click.echo(pushed.digest)


def _silent(line: str) -> None:
    """Say nothing."""


def _folder_of_wheels(given: Path | None) -> Path | None:
    """Return the folder that was given, or else the one that pip looks into on this machine."""
    if given is not None and not given.is_dir():
        raise WorkflowError("no such folder", where=str(given), expected="a folder of wheels")
    if given is not None:
        return given
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.find-links"], capture_output=True, text=True, check=False
    )
    places = (os.environ.get("PIP_FIND_LINKS") or asked.stdout).split()
    return next((Path(place) for place in places if Path(place).is_dir()), None)


def _show(description: inspection.Description) -> None:
    click.secho(description.reference, bold=True)
    rows = {
        "size": f"{description.size / _MB:.0f} MB",
        "user": description.user or "root",
        "entry point": " ".join(description.entrypoint) or "none",
        "home": description.home or "not set",
        "id": description.identifier,
        **description.labels,
    }
    for key, value in rows.items():
        click.echo(f"  {key:<12} {value}")
    for layer in description.layers:
        click.echo(f"  {layer.size / _MB:>9.1f} MB {layer.command[:90]}")
