import h5py
import numpy as np
import pytest

from assay.errors import EventFileError
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
