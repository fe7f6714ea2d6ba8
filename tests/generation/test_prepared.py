import json
from dataclasses import replace

import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.cuts import Cuts
from assay.generation.embedded import generate
from assay.generation.prepared import PreparedProcess

pytestmark = pytest.mark.fast


@pytest.fixture
def saved(prepared, tmp_path):
    path = tmp_path / "prepared.npz"
    prepared.save(path)
    return path


def test_what_is_saved_is_loaded(prepared, saved):
    loaded = PreparedProcess.load(saved)
    assert loaded.settings == prepared.settings
    assert loaded.cross_sections == prepared.cross_sections
    assert generate(loaded, "w", 50, seed=3).same_as(generate(prepared, "w", 50, seed=3))
    assert [path.name for path in saved.parent.iterdir()] == ["prepared.npz"]


def rewritten(path, **changes):
    with np.load(path) as archive:
        arrays = dict(archive)
    arrays.update(changes)
    np.savez(path, **{name: values for name, values in arrays.items() if values is not None})


def head(path, **changes):
    with np.load(path) as archive:
        return np.array(json.dumps({**json.loads(str(archive["head"])), **changes}))


def test_damaged_files_are_refused(saved):
    content = saved.read_bytes()
    for damaged in (b"", b"hello", content[: len(content) // 2], content[:-30]):
        saved.write_bytes(damaged)
        with pytest.raises(GenerationError, match="prepare again"):
            PreparedProcess.load(saved)


@pytest.mark.parametrize(
    "changes",
    [
        {"maps_0000": None},
        {"couplings": np.ones((2, 2))},
        {"maximum_weights": np.zeros((6, 1))},
        {"maximum_weights": np.ones(6)},
        {"values": np.full(6, np.nan)},
        {"values": np.full(6, -1.0)},
        {"covariance": np.ones((2, 2))},
        {"maps_0000": np.ones((2, 6, 10))},
        {"maps_0001": np.ones((6, 6, 10))},
        {"surprise": np.ones(3)},
        {"maximum_weights": np.array([None] * 6)},
    ],
)
def test_inconsistent_contents_are_refused(saved, changes):
    rewritten(saved, **changes)
    with pytest.raises(GenerationError, match="prepare again"):
        PreparedProcess.load(saved)


def test_maps_of_other_channels_are_refused(prepared):
    wrong = replace(prepared, sampling=replace(prepared.sampling, maps=(prepared.sampling.maps[0][:, :4],)))
    with pytest.raises(GenerationError, match="other channels"):
        generate(wrong, "sm", 1, seed=1)


def test_settings_of_all_kinds_are_kept(prepared, tmp_path):
    settings = replace(
        prepared.settings, exclude=("a",), cuts=Cuts(min_lepton_pt=3.0), channels="u d > u d h", scale="mass"
    )
    replace(prepared, settings=settings).save(tmp_path / "other.npz")
    assert PreparedProcess.load(tmp_path / "other.npz").settings == settings


def test_another_version_is_refused(saved):
    rewritten(saved, head=head(saved, format=99))
    with pytest.raises(GenerationError, match="format 99"):
        PreparedProcess.load(saved)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(GenerationError, match="not found"):
        PreparedProcess.load(tmp_path / "nothing.npz")
