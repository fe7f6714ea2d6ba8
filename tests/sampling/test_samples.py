"""Sample folders: what is written comes back; what is damaged does not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import SamplingError
from assay.sampling.effective_sizes import SizesByHypothesis
from assay.sampling.samples import (
    DensitySample,
    EffectiveSampleSize,
    PolynomialRate,
    RatioSample,
    Sample,
    SampleInfo,
    ScoreSample,
    load_sample,
)

pytestmark = pytest.mark.fast

SIZE = EffectiveSampleSize(5, 12.0, 20.0, (0.1, 0.2), 30.0, 2)
RATE = PolynomialRate(((0,), (1,), (2,)), (0.5, 0.25, 2.0))
INFO = SampleInfo(("a", "b", "c"), ("p", "q"), ((-1.0, 1.0), (0.0, 2.0)), (0.0, 0.5), SIZE, 3, ("q",), RATE)


@pytest.fixture
def ratio() -> RatioSample:
    rng = np.random.default_rng(1)
    shapes = {"x": (6, 3), "theta0": (6, 2), "theta1": (6, 2), "y": (6,), "r_xz": (6,), "t_xz": (6, 2)}
    return RatioSample(info=INFO, **{n: rng.random(s, dtype=np.float32) for n, s in shapes.items()})


@pytest.fixture
def score() -> ScoreSample:
    rng = np.random.default_rng(2)
    shapes = {"x": (4, 3), "theta": (4, 2), "t_xz": (4, 2)}
    return ScoreSample(
        info=replace(INFO, effective_sample_size=None),
        **{n: rng.random(s, dtype=np.float32) for n, s in shapes.items()},
    )


@pytest.fixture
def density(score: ScoreSample) -> DensitySample:
    sizes = SizesByHypothesis(np.array([[0.1, 0.2], [0.3, 0.4]]), np.array([12.0, 20.0]))
    return DensitySample(INFO, score.x, score.theta, score.t_xz, sizes=sizes)


@pytest.fixture
def doubly(ratio: RatioSample) -> RatioSample:
    return replace(ratio, info=replace(INFO, doubly=True), t_xz1=ratio.t_xz + 1.0)


@pytest.mark.parametrize("kind", ["ratio", "score", "density", "doubly"])
@pytest.mark.parametrize("mmap", [True, False])
def test_what_is_saved_comes_back(kind: str, mmap: bool, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    sample: Sample = request.getfixturevalue(kind)
    sample.save(tmp_path / "sample")
    loaded = load_sample(tmp_path / "sample", mmap=mmap)
    assert type(loaded) is type(sample)
    assert loaded.info == sample.info
    for name in sample.arrays:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(sample, name))
        assert isinstance(getattr(loaded, name), np.memmap) == mmap
    assert loaded.digest() == sample.digest()
    assert len(loaded) == len(sample)
    assert (loaded.sizes is None) == (sample.sizes is None)


def test_effective_sizes_of_all_hypotheses_are_kept(density: DensitySample, tmp_path: Path) -> None:
    density.save(tmp_path / "sample")
    assert density.sizes is not None
    sizes = DensitySample.load(tmp_path / "sample").sizes
    assert sizes is not None
    np.testing.assert_array_equal(sizes.theta, density.sizes.theta)
    np.testing.assert_array_equal(np.load(tmp_path / "sample" / "effective_sample_sizes.npy"), density.sizes.sizes)


def test_scores_at_the_denominator_belong_to_free_denominators(ratio: RatioSample, doubly: RatioSample) -> None:
    assert "t_xz1" in doubly.arrays
    assert "t_xz1" not in ratio.arrays
    with pytest.raises(SamplingError, match="theta1 vary"):
        replace(ratio, t_xz1=ratio.t_xz)
    with pytest.raises(SamplingError, match="theta1 vary"):
        replace(doubly, t_xz1=None)


@pytest.mark.parametrize("entry", ["nuisance", "rate", "ranges", "effective_sample_size"])
def test_a_description_with_a_missing_entry_is_refused(ratio: RatioSample, tmp_path: Path, entry: str) -> None:
    ratio.save(tmp_path / "sample")
    path = tmp_path / "sample" / "sample.json"
    content = json.loads(path.read_text())
    del content[entry]
    path.write_text(json.dumps(content))
    with pytest.raises(SamplingError, match=entry):
        RatioSample.load(tmp_path / "sample")


def test_a_kind_that_is_none_is_refused(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    path = tmp_path / "sample" / "sample.json"
    path.write_text(path.read_text().replace('"ratio"', '"ration"'))
    with pytest.raises(SamplingError, match="one of ratio, score, density"):
        load_sample(tmp_path / "sample")


def test_rates_are_polynomials() -> None:
    np.testing.assert_allclose(RATE.values([[0.0, 9.0], [2.0, 9.0]]), [0.5, 9.0])
    with pytest.raises(SamplingError, match="coefficients"):
        PolynomialRate(((0,), (1,)), (1.0,))


def test_names_on_disk_are_the_contract(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    names = {path.name for path in (tmp_path / "sample").iterdir()}
    assert names == {"x.npy", "theta0.npy", "theta1.npy", "y.npy", "r_xz.npy", "t_xz.npy", "sample.json"}
    assert [path.name for path in tmp_path.iterdir()] == ["sample"]


def test_saving_again_replaces(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    other = replace(ratio, x=ratio.x + 1.0)
    other.save(tmp_path / "sample")
    assert RatioSample.load(tmp_path / "sample").digest() == other.digest() != ratio.digest()


def test_a_failure_leaves_nothing(ratio: RatioSample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(np, "save", fail)
    with pytest.raises(OSError, match="no space"):
        ratio.save(tmp_path / "sample")
    assert not list(tmp_path.iterdir())


def test_every_value_is_in_the_digest(ratio: RatioSample) -> None:
    digests = {ratio.digest()}
    for name in ratio.arrays:
        changed = np.array(getattr(ratio, name))
        changed.flat[-1] += 1.0
        digests.add(replace(ratio, **{name: changed}).digest())
    assert len(digests) == 1 + len(ratio.arrays)


def test_arrays_of_different_lengths_are_refused(ratio: RatioSample) -> None:
    with pytest.raises(SamplingError, match="different lengths"):
        replace(ratio, y=ratio.y[:-1])


def test_another_kind_is_refused(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    with pytest.raises(SamplingError, match="kind 'ratio'"):
        ScoreSample.load(tmp_path / "sample")


def test_a_missing_array_is_refused(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    (tmp_path / "sample" / "r_xz.npy").unlink()
    with pytest.raises(SamplingError, match=r"r_xz\.npy"):
        RatioSample.load(tmp_path / "sample")


def test_an_array_cut_short_is_refused(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    path = tmp_path / "sample" / "x.npy"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(SamplingError, match="cannot be read"):
        RatioSample.load(tmp_path / "sample")


def test_a_pickle_is_never_opened(ratio: RatioSample, tmp_path: Path) -> None:
    ratio.save(tmp_path / "sample")
    np.save(tmp_path / "sample" / "y.npy", np.array([{"a": 1}] * 6, dtype=object), allow_pickle=True)
    with pytest.raises(SamplingError, match="cannot be read"):
        RatioSample.load(tmp_path / "sample", mmap=False)


def test_the_description_is_plain_json(score: ScoreSample, tmp_path: Path) -> None:
    score.save(tmp_path / "sample")
    content = json.loads((tmp_path / "sample" / "sample.json").read_text())
    assert content["kind"] == "score"
    assert content["observables"] == ["a", "b", "c"]
