import errno
import subprocess
import sys

import h5py
import numpy as np
import pytest

from assay.errors import DamagedFileError, EventFileError
from assay.events import layout

pytestmark = pytest.mark.fast


def test_text_of_any_kind_comes_back(tmp_path):
    with layout.creating(tmp_path / "f.h5") as file:
        layout.put_text(file, "ascii", ["a", "b c"])
        layout.put_unicode(file, "utf8", ["λ" * 200, "", "x"])
        layout.put_text(file, "none", [])
        file["variable"] = ["one", "zwei"]
        file["single"] = np.bytes_(b"alone")
    with layout.reading(tmp_path / "f.h5") as file:
        assert layout.get_text(file, "ascii") == ("a", "b c")
        assert layout.get_text(file, "utf8") == ("λ" * 200, "", "x")
        assert layout.get_text(file, "none") == ()
        assert layout.get_text(file, "variable") == ("one", "zwei")
        assert layout.get_text(file, "single") == ("alone",)


@pytest.mark.parametrize(("text", "found"), [("None", None), ("", None), ("mu", "mu")])
def test_a_word_stands_for_nothing(text, found):
    assert layout.absent(text) == found


def test_an_error_while_writing_leaves_nothing(tmp_path):
    (tmp_path / "f.h5").write_text("what was there before")
    with pytest.raises(EventFileError, match="at most 256"), layout.creating(tmp_path / "f.h5") as file:
        layout.put_text(file, "x", ["x" * 257])
    assert (tmp_path / "f.h5").read_text() == "what was there before"
    assert len(list(tmp_path.iterdir())) == 1


def test_errors_while_reading_name_the_file(tmp_path):
    path = tmp_path / "f.h5"
    with h5py.File(path, "w") as file:
        file["x"] = 1
    for bad in (lambda file: file["y"], lambda file: layout.get(file, "y"), lambda file: layout.section(file, "x")):
        with pytest.raises(EventFileError) as caught, layout.reading(path) as file:
            bad(file)
        assert str(caught.value).count(str(path)) == 1


def test_arrays_have_checksums(tmp_path):
    with layout.creating(tmp_path / "f.h5") as file:
        layout.put(file, "x", np.arange(3))
        layout.put(file, "empty", np.zeros((0, 2)))
        layout.put(file, "scalar", 3)
        assert file["x"].fletcher32
        assert file["empty"].shape == (0, 2)
        assert file["scalar"][()] == 3


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("can't start new thread"), OSError(12, "Cannot allocate memory"), OSError(24, "many")],
)
def test_a_machine_without_memory_does_not_make_a_file_damaged(tmp_path, error):
    with layout.creating(tmp_path / "f.h5") as file:
        file["x"] = np.zeros(10)
    with pytest.raises(type(error)) as caught, layout.reading(tmp_path / "f.h5"):
        raise error
    assert caught.value is error


def test_a_file_that_another_program_writes_is_not_damaged(tmp_path):
    path = tmp_path / "f.h5"
    other = "import h5py, sys; f = h5py.File(sys.argv[1], 'w'); print(flush=True); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", other, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        process.stdout.readline()
        with pytest.raises(EventFileError, match="another program has it open") as caught, layout.reading(path):
            pass
        process.stdin.close()
    assert not isinstance(caught.value, DamagedFileError)


@pytest.mark.parametrize(("error", "kind"), [(errno.EACCES, EventFileError), (errno.ESTALE, OSError)])
def test_a_file_that_cannot_be_read_is_not_damaged(tmp_path, error, kind):
    with layout.creating(tmp_path / "f.h5") as file:
        file["x"] = np.zeros(10)
    with pytest.raises(kind) as caught, layout.reading(tmp_path / "f.h5"):
        raise OSError(error, "words")
    assert not isinstance(caught.value, DamagedFileError)


@pytest.mark.parametrize(("n", "expected"), [(1 << 10, MemoryError), (1 << 50, DamagedFileError)])
def test_a_header_that_asks_for_more_memory_than_a_file_can_hold_is_damaged(tmp_path, n, expected):
    with layout.creating(tmp_path / "f.h5") as file:
        file["x"] = np.zeros(10)
    error = MemoryError("Unable to allocate")
    error.shape, error.dtype = (n, 8), np.dtype("f8")  # as NumPy's has
    with pytest.raises(expected), layout.reading(tmp_path / "f.h5"):
        raise error
