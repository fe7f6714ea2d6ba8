import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from assay.cli.main import cli
from assay.errors import GenerationError

pytestmark = pytest.mark.fast

DATA = Path(__file__).parents[1] / "data" / "matrix-elements"


def call(*arguments):
    return CliRunner().invoke(cli, ["matrix-element", *map(str, arguments)])


def table(text):
    comment, *lines = text.splitlines()
    header, *rows = csv.reader(lines)
    return comment, header, np.array(rows, dtype=float)


def reference(name, column):
    _, header, values = table((DATA / f"{name}_me2.csv").read_text())
    return values[:, header.index(column)]


@pytest.mark.parametrize(
    ("process", "name", "settings", "column"),
    [
        ("wbf_higgs", "us_dch", (), "sm"),
        ("wh", "udx_evh", ("CWL2=50", "CPWL2=-30"), "CWL2=50,CPWL2=-30"),
        ("wgamma", "dxu_eva", ("CWWWL2=10",), "CWWWL2=10"),
    ],
)
def test_writes_the_reference_in_its_layout(process, name, settings, column):
    given = [part for setting in settings for part in ("--set", setting)]
    result = call("--process", process, "--points", DATA / f"{name}_points.csv", *given)
    assert result.exit_code == 0, result.output
    _, header, values = table(result.output)
    assert header == ["i", column]
    np.testing.assert_array_equal(values[:, 0], np.arange(len(values)))
    np.testing.assert_allclose(values[:, 1], reference(name, column), rtol=1e-9)


def test_other_models_and_diagrams(tmp_path):
    output = tmp_path / "squares.csv"
    points = DATA / "smeft_udx_evh2_points.csv"
    given = ("--process", "wh", "--model", "warsaw", "--points", points, "--set", "cHW=1", "--output", output)
    result = call(*given)
    assert (result.exit_code, result.output) == (0, "")
    comment, _, values = table(output.read_text())
    assert "warsaw" in comment
    np.testing.assert_allclose(values[:, 1], reference("smeft_udx_evh2", "cHW=1"), rtol=1e-9)
    alone = ("--exclude", "a", "--exclude", "z", "--process", "wbf_higgs")
    squares = table(call(*alone, "--points", DATA / "ud_udh_points.csv").output)[2]
    np.testing.assert_allclose(squares[:, 1], reference("ud_udh_Wonly", "sm"), rtol=1e-9)
    fusion = ("--no-s-channel", "--process", "wbf_higgs", "--points", DATA / "uux_ddxh_fusion_points.csv")
    np.testing.assert_allclose(table(call(*fusion).output)[2][:, 1], reference("uux_ddxh_fusion", "sm"), rtol=1e-9)


def test_widths_of_space_like_bosons_can_be_left_out():
    points = ("--process", "wbf_higgs", "--points", DATA / "us_dch_points.csv")
    with_width, without = (table(call(*points, *more).output)[2][:, 1] for more in ((), ("--no-t-channel-width",)))
    ratio = without / with_width
    assert 1e-5 < np.max(np.abs(ratio - 1.0)) < 2e-3


@pytest.mark.parametrize(
    ("settings", "message"),
    [(["CWL2"], "NAME=VALUE"), (["CWL2=ten"], "NAME=VALUE"), (["CWL2=inf"], "finite"), (["CWL2=1", "CWL2=2"], "twice")],
)
def test_settings_that_are_none_are_refused(settings, message):
    given = [part for setting in settings for part in ("--set", setting)]
    result = call("--process", "wh", "--points", DATA / "udx_evh_points.csv", *given)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--process", "zh"), "no channel of zh"),
        (("--process", "ggf"), "no process 'ggf'"),
        (("--process", "wh", "--set", "cHW=1"), "unknown operator 'cHW'"),
        (("--process", "wh", "--model", "silh"), "unknown model"),
        (("--process", "wh", "--exclude", "h"), "cannot be excluded"),
    ],
)
def test_faults_are_told(arguments, message):
    result = call(*arguments, "--points", DATA / "udx_evh_points.csv")
    assert isinstance(result.exception, GenerationError)
    assert message in str(result.exception)


@pytest.mark.parametrize("option", ["--points", "--output"])
def test_folders_are_refused_as_files(tmp_path, option):
    files = {"--points": DATA / "udx_evh_points.csv", "--output": tmp_path / "squares.csv", option: tmp_path}
    result = call("--process", "wh", *(part for pair in files.items() for part in pair))
    assert result.exit_code == 2
    assert "is a directory" in result.output
