"""`assay matrix-element`: |M|^2 of an embedded process at given points, to compare with other generators."""

from __future__ import annotations

import math
from pathlib import Path

import click

_File = click.Path(path_type=Path, dir_okay=False)


@click.command("matrix-element", short_help="|M|^2 of an embedded process at given phase-space points.")
@click.option("--process", required=True, help="A process of the embedded generator, such as wbf_higgs or zh.")
@click.option("--points", type=_File, required=True, help="CSV: PDG ids in a comment line, momenta in GeV.")
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A coefficient in TeV^-2; repeatable.")
@click.option("--model", default="ewdim6", show_default=True, help="ewdim6, or warsaw.")
@click.option("--exclude", multiple=True, metavar="BOSON", help="Leave out diagrams with a, z or w; repeatable.")
@click.option("--s-channel/--no-s-channel", default=True, help="With or without annihilating quarks (wbf_higgs).")
@click.option(
    "--t-channel-width/--no-t-channel-width",
    default=True,
    help="Widths of space-like bosons: yes in MadGraph's standalone output (default), no in generated events.",
)
@click.option("--output", type=_File, help="File to write; standard output by default.")
def command(
    process: str,
    points: Path,
    values: tuple[str, ...],
    model: str,
    exclude: tuple[str, ...],
    s_channel: bool,
    t_channel_width: bool,
    output: Path | None,
) -> None:
    """Write |M|^2 at phase-space points as CSV.

    Averaged over incoming spins and colours, summed over outgoing ones, with the factor for identical particles.

    \b
    Points:
      # process pdg: [2, -1, -11, 12, 25] (two incoming first; any flavour channel of the process)
      i,sqrts,p1_E,p1_px,p1_py,p1_pz,p2_E,...
      0,250.0,125.0,0.0,0.0,125.0,125.0,...

    \b
    Example:
      assay matrix-element --process wh --points points.csv --set CWL2=10 --set CPWL2=-3
    """  # noqa: D301 - click wants the character
    from assay.files import write_text
    from assay.generation.amplitude import AmplitudeOptions
    from assay.generation.matrix_element import squared_matrix_element
    from assay.generation.point_file import read_points, squares_as_text

    couplings = _couplings(values)
    options = AmplitudeOptions(model, exclude, s_channel, t_channel_width)
    given = read_points(points, options.physics.inputs)
    squares = squared_matrix_element(process, given.momenta, couplings, given.legs, options)
    switches = {"s-channel": s_channel, "t-channel widths": t_channel_width}
    stated = ", ".join(f"{name}: {'yes' if value else 'no'}" for name, value in switches.items())
    comment = (
        f"|M|^2 of assay, process {process}, model {model}, pdg {list(given.legs)}, "
        f"excluded: {' '.join(exclude) or '-'}, {stated}; coefficients in TeV^-2"
    )
    column = ",".join(f"{name}={value:g}" for name, value in couplings.items()) or "sm"
    text = squares_as_text(comment, [column], squares[:, None])
    if output is None:
        click.echo(text, nl=False)
    else:
        write_text(output, text)


def _couplings(values: tuple[str, ...]) -> dict[str, float]:
    """Return coefficients by name; the last of equal names would hide the first, so that they are refused."""
    couplings: dict[str, float] = {}
    for text in values:
        name, equals, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not (name and equals and math.isfinite(value)):
            raise click.BadParameter(f"{text!r} is not NAME=VALUE with a finite number", param_hint="--set")
        if name in couplings:
            raise click.BadParameter(f"{name} is set twice", param_hint="--set")
        couplings[name] = value
    return couplings
