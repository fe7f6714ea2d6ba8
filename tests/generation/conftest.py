import csv
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from assay.generation.embedded import EmbeddedSettings, prepare
from assay.generation.point_file import read_points
from assay.generation.sampling import Effort

DATA = Path(__file__).parents[1] / "data"

BENCHMARKS = {
    "sm": {},
    "w": {"CWL2": 251.104, "CPWL2": 1.652},
    "ww": {"CWL2": 4.956, "CPWL2": 249.452},
    "cw_p10": {"CWL2": 10.0},
    "cw_m10": {"CWL2": -10.0},
    "cpw_p10": {"CPWL2": 10.0},
}
TUTORIAL = {
    "tut_w": {"CWL2": 15.2 * 16.52, "CPWL2": 0.1 * 16.52},
    "tut_neg_w": {"CWL2": -15.4 * 16.52, "CPWL2": 0.2 * 16.52},
    "tut_ww": {"CWL2": 0.3 * 16.52, "CPWL2": 15.1 * 16.52},
    "tut_neg_ww": {"CWL2": 0.4 * 16.52, "CPWL2": -15.3 * 16.52},
}


def _couplings_of(column):
    if column in TUTORIAL:
        return TUTORIAL[column]
    return {name: float(value) for name, value in re.findall(r"(\w+)=(-?[\d.]+)", column)}


@dataclass(frozen=True)
class ReferenceTable:
    """|M|^2 of MadGraph: PDG ids, momenta (60, legs, 4) and, per column, couplings and |M|^2 (60,)."""

    legs: tuple[int, ...]
    momenta: np.ndarray
    columns: dict[str, tuple[dict[str, float], np.ndarray]]


@pytest.fixture(scope="session")
def reference_table():
    """Read a table by its name; Warsaw tables without points of their own have those of the same process."""

    def read(name):
        folder = DATA / "matrix-elements"
        points = folder / f"{name}_points.csv"
        found = read_points(points if points.exists() else folder / f"{name.removeprefix('smeft_')}_points.csv")
        names, *rows = csv.reader((folder / f"{name}_me2.csv").read_text().splitlines()[1:])
        table = np.array(rows, dtype=float)
        columns = {column: (_couplings_of(column), table[:, i]) for i, column in enumerate(names) if i > 0}
        return ReferenceTable(found.legs, found.momenta, columns)

    return read


@pytest.fixture(scope="session")
def reference_matrix_elements(reference_table):
    """Momenta (60, 5, 4) and, per column of the table of the default process, its couplings and |M|^2 (60,)."""
    table = reference_table("ud_udh_Wonly")
    return table.momenta, table.columns


@pytest.fixture(scope="session")
def reference_cross_sections():
    """File name to benchmark to (value, error) in pb."""

    def read(name):
        rows = [line.split(",") for line in (DATA / "cross-sections" / name).read_text().splitlines()]
        data = [row for row in rows if len(row) == 5 and row[0] != "run"]
        return {row[0].split("_", 1)[1]: (float(row[3]), float(row[4])) for row in data}

    return {name: read(f"{name}.csv") for name in ("fix", "nopdf", "tut")}


@pytest.fixture(scope="session")
def benchmarks():
    return BENCHMARKS


@pytest.fixture(scope="session")
def prepared():
    """A quick preparation of the default settings."""
    return prepare(EmbeddedSettings(), BENCHMARKS, 4, Effort(50_000, n_points_per_iteration=20_000))
