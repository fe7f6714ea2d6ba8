from pathlib import Path

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.model import MODELS
from assay.generation.point_file import read_points, squares_as_text

pytestmark = pytest.mark.fast

POINTS = Path(__file__).parents[1] / "data" / "matrix-elements" / "udx_evh_points.csv"


@pytest.fixture
def lines():
    return POINTS.read_text().splitlines()[:5]


@pytest.fixture
def written(tmp_path):
    def write(lines):
        path = tmp_path / "points.csv"
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


def edited(line, column, value):
    fields = line.split(",")
    fields[column] = value
    return ",".join(fields)


def test_legs_and_momenta_are_read():
    found = read_points(POINTS)
    assert found.legs == (2, -1, -11, 12, 25)
    assert found.momenta.shape == (60, 5, 4)
    np.testing.assert_array_equal(found.momenta[0, 0], [125.0, 0.0, 0.0, 125.0])
    assert found.momenta[0, 4, 3] == -50.714266623107754


def test_columns_may_be_in_another_order(lines, written):
    order = np.random.default_rng(1).permutation(len(lines[1].split(",")))
    shuffled = [lines[0], *(",".join(np.array(line.split(","))[order]) for line in lines[1:])]
    np.testing.assert_array_equal(read_points(written(shuffled)).momenta, read_points(written(lines)).momenta)


@pytest.mark.parametrize(
    ("number", "change", "message"),
    [
        (0, lambda line: "# momenta", "no line names the PDG ids"),
        (0, lambda line: "# process pdg: [2, -1, 4 4]", "no line names the PDG ids"),
        (0, lambda line: line.replace(", 25]", "]"), r"p5_E, p5_px, p5_py, p5_pz"),
        (0, lambda line: line.replace("25]", "25, 22]"), "lacks p6_E"),
        (1, lambda line: line.replace("p3_px", "px"), r"line 2: the header lacks p3_px"),
        (2, lambda line: line + ",1", r"line 3: 23 fields"),
        (3, lambda line: edited(line, 4, "x"), r"line 4: could not convert"),
        (3, lambda line: edited(line, 4, "nan"), r"line 4: a number is not finite"),
        (3, lambda line: edited(line, 4, "0.01"), r"line 4: momentum is not conserved"),
        (4, lambda line: edited(line, 2, "-125"), r"line 5: an energy is not positive"),
    ],
)
def test_faults_are_told_with_their_line(lines, written, number, change, message):
    lines[number] = change(lines[number])
    with pytest.raises(GenerationError, match=message):
        read_points(written(lines))


def test_massive_massless_particles_are_refused(lines, written):
    fields = lines[2].split(",")
    energy, other = float(fields[10]) + 0.01, float(fields[14]) - 0.01
    lines[2] = edited(edited(lines[2], 10, repr(energy)), 14, repr(other))
    with pytest.raises(GenerationError, match=r"line 3: a particle is off its mass shell"):
        read_points(written(lines))


def test_w_bosons_have_the_mass_of_the_model():
    """Of another mass, diagrams do not cancel at high energies: the result would be of no model."""
    points = POINTS.with_name("ee_ww_points.csv")
    assert len(read_points(points, MODELS["ewdim6"].inputs).momenta) == 60
    with pytest.raises(GenerationError, match=r"line 3: a particle is off its mass shell(.|\n)*80\.387 GeV for 24"):
        read_points(points, MODELS["warsaw"].inputs)


def test_remarks_and_the_mark_of_spreadsheets_are_passed_over(lines, written):
    lines.insert(3, "# a remark")
    path = written([*lines, "# the end"])
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    np.testing.assert_array_equal(read_points(path).momenta, read_points(POINTS).momenta[:3])
    lines[4] = edited(lines[4], 4, "3.0")
    with pytest.raises(GenerationError, match=r"line 5: momentum is not conserved"):
        read_points(written(lines))


def test_files_without_points_are_refused(lines, written, tmp_path):
    for few, message in ((lines[:2], "no points"), (lines[:1], "no header")):
        with pytest.raises(GenerationError, match=message):
            read_points(written(few))
    with pytest.raises(GenerationError, match="cannot be read"):
        read_points(tmp_path / "absent.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GenerationError, match="cannot be read"):
        read_points(tmp_path / "binary.csv")


def test_squares_keep_all_digits():
    values = np.array([[1.0 / 3.0, 2.5e-7], [1e-300, 12.0]])
    comment, header, *rows = squares_as_text("what", ["sm", "a=1,b=2"], values).splitlines()
    assert (comment, header) == ("# what", 'i,"sm","a=1,b=2"')
    read = np.array([[float(field) for field in row.split(",")] for row in rows])
    np.testing.assert_array_equal(read, [[0, *values[0]], [1, *values[1]]])
