"""Phase-space points and squared matrix elements as CSV, to exchange with other generators.

Points: a comment line with the PDG ids, `# process pdg: [2, -1, -11, 12, 25] (first two incoming)`; a header
`i,sqrts,p1_E,p1_px,p1_py,p1_pz,p2_E,...`; then one point per line, in GeV. Further lines with `#` are comments.
Results: a comment line, a header of parameter points, and |M|^2 per point and parameter point.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assay.errors import GenerationError
from assay.generation.amplitude import Legs
from assay.generation.kinematics import FloatArray, minkowski_product
from assay.generation.model import EWDIM6, ElectroweakInputs

_IDS = re.compile(r"#.*\[\s*([-+\d\s,]+)\]")
_COMPONENTS = ("E", "px", "py", "pz")
_MASSLESS = frozenset((1, 2, 3, 4, 11, 12, 13, 14, 15, 16, 22))
_TOLERANCE = 1e-6
_LAYOUT = "a comment line '# process pdg: [...]', the header i,sqrts,p1_E,p1_px,p1_py,p1_pz,..., a line per point"


@dataclass(frozen=True)
class PointFile:
    """PDG ids of the legs, two incoming first, and momenta (n, legs, 4) in GeV."""

    legs: Legs
    momenta: FloatArray


def read_points(path: Path, inputs: ElectroweakInputs = EWDIM6) -> PointFile:
    """Read a file of phase-space points, for amplitudes with the masses of `inputs`.

    Raises
    ------
    GenerationError
        If the file is not of the layout, or a point does not conserve momentum or has a particle off its mass shell
        (but for Higgs bosons, whose mass enters by the momenta alone); the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GenerationError(f"the file cannot be read: {error}", where=str(path), expected=_LAYOUT) from None
    legs = _legs(lines, path)
    filled = [number for number, line in enumerate(lines) if line.strip() and not line.startswith("#")]
    if not filled:
        raise GenerationError("the file has no header", where=str(path), expected=_LAYOUT)
    header, *points = filled
    columns = _columns(lines[header], legs, f"{path}, line {header + 1}")
    if not points:
        raise GenerationError("the file has no points", where=str(path), expected=_LAYOUT)
    n_columns = len(lines[header].split(","))
    where = [f"{path}, line {number + 1}" for number in points]
    rows = [_row(lines[number], n_columns, place) for number, place in zip(points, where, strict=True)]
    momenta = np.array(rows)[:, columns].reshape(len(rows), len(legs), 4)
    _check(momenta, legs, _masses(legs, inputs), where)
    return PointFile(legs, momenta)


def squares_as_text(comment: str, columns: Sequence[str], squares: FloatArray) -> str:
    """Return a table of |M|^2 (n, columns), with 17 digits; `columns` name parameter points."""
    header = ",".join(["i", *(f'"{column}"' for column in columns)])
    rows = (",".join([str(number), *(f"{value:.16e}" for value in row)]) for number, row in enumerate(squares))
    return "\n".join([f"# {comment}", header, *rows, ""])


def _legs(lines: list[str], path: Path) -> Legs:
    for line in lines:
        found = _IDS.match(line)
        if found is not None:
            try:
                return tuple(int(leg) for leg in found[1].split(","))
            except ValueError:
                break
    raise GenerationError("no line names the PDG ids of the legs", where=str(path), expected=_LAYOUT)


def _columns(header: str, legs: Legs, where: str) -> list[int]:
    names = [name.strip().strip('"') for name in header.split(",")]
    wanted = [f"p{leg}_{component}" for leg in range(1, len(legs) + 1) for component in _COMPONENTS]
    missing = [name for name in wanted if name not in names]
    if missing:
        raise GenerationError(
            f"the header lacks {', '.join(missing[:4])}", where=where, expected=f"columns for {len(legs)} legs"
        )
    unknown = [name for name in names if re.fullmatch(r"p\d+_\w+", name) and name not in wanted]
    if unknown:
        raise GenerationError(
            f"the header has {', '.join(unknown[:4])}, too", where=where, expected=f"columns for {len(legs)} legs"
        )
    return [names.index(name) for name in wanted]


def _row(line: str, n_columns: int, where: str) -> list[float]:
    fields = line.split(",")
    if len(fields) != n_columns:
        raise GenerationError(f"{len(fields)} fields", where=where, expected=f"{n_columns}, as in the header")
    try:
        return [float(field) for field in fields]
    except ValueError as error:
        raise GenerationError(str(error), where=where, expected="numbers") from None


def _masses(legs: Legs, inputs: ElectroweakInputs) -> FloatArray:
    """Return the mass in GeV that the amplitude takes for every leg, (legs,); nan where it takes that of the point."""
    known = dict.fromkeys(_MASSLESS, 0.0) | {5: inputs.bottom_mass, 24: inputs.w_mass}
    return np.array([known.get(abs(particle), np.nan) for particle in legs])


def _check(momenta: FloatArray, legs: Legs, masses: FloatArray, where: list[str]) -> None:
    """Raise for the first point that cannot be one."""
    signs = np.array([1.0, 1.0] + [-1.0] * (len(legs) - 2))
    scale = np.sum(np.abs(momenta[:, :2, 0]), axis=1)
    imbalance = np.max(np.abs(np.einsum("l,nlm->nm", signs, momenta)), axis=1)
    with np.errstate(invalid="ignore", over="ignore"):
        # comparisons with the unknown masses are false
        excess = np.abs(minkowski_product(momenta, momenta) - masses**2) > _TOLERANCE * scale[:, None] ** 2
    heavy = "".join(f", {mass:.7g} GeV for {leg}" for leg, mass in zip(legs, masses, strict=True) if mass > 0.0)
    faults = (
        (~np.all(np.isfinite(momenta), axis=(1, 2)), "a number is not finite", "finite momenta"),
        (np.any(momenta[:, :, 0] <= 0.0, axis=1), "an energy is not positive", "positive energies of all legs"),
        (imbalance > _TOLERANCE * scale, "momentum is not conserved", "incoming legs that add up to the outgoing"),
        (
            np.any(excess, axis=1),
            "a particle is off its mass shell",
            f"E^2 = p^2 + m^2, m = 0 for leptons, photons and light quarks{heavy}",
        ),
    )
    for bad, what, expected in faults:
        if np.any(bad):
            raise GenerationError(what, where=where[int(np.argmax(bad))], expected=expected)
