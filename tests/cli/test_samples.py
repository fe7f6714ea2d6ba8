"""A study with backgrounds from an LHE file and an event file, scale variations and normalisations, to limits."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from assay.cli.checks import load_checked
from assay.cli.work.samples import steps_of
from assay.events.compare import steps
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool
from assay.events.table import EventTable, Sample
from assay.generation import embedded
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.sampling import Effort
from assay.generation.settings import EmbeddedSettings
from assay.inference.results import read_limits
from assay.sampling.samples import ScoreSample
from assay.study.load import load_study
from assay.study.problems import StudyErrors

pytestmark = pytest.mark.fast

Chain = Any
N_BACKGROUND, CROSS_SECTION, K_FACTOR, SIGNAL_K_FACTOR = 400, 2.0e-3, 1.5, 1.1
N_FROM_FILE, FROM_FILE = 50, 4.0e-4
SAMPLES = {
    "continuum": {
        "events": "backgrounds/continuum.lhe.gz",
        "cross_section": CROSS_SECTION,
        "k_factor": K_FACTOR,
        "normalisation_uncertainty": 0.2,
    },
    "fakes": {"events": "backgrounds/fakes.h5"},
}
SYSTEMATICS = {
    "muf": {"kind": "scale", "scale": "muf", "samples": ["signal"]},
    "luminosity": {"kind": "normalisation", "uncertainty": 0.025},
}
SECTIONS = {
    "process": {"events_per_benchmark": 300, "k_factor": SIGNAL_K_FACTOR},
    "methods": {"histogram": {"kind": "histogram", "observables": ["pt_j1"], "bins": 4}, "sally": {"kind": "sally"}},
    "execution": {"jobs_per_step": 4},
}


def well(result: Result) -> None:
    if result.exception is not None:
        raise result.exception


def table_of(chain: Chain) -> EventTable:
    return read_event_file(chain.combined)


def write_background(path: Path) -> None:
    """Events of the embedded generator at other couplings and beams, taken for a background."""
    prepared = embedded.prepare(
        EmbeddedSettings(beam_energy=5000.0), {"far": {"CWL2": 15.0}}, 3, Effort(5000, n_points_per_iteration=4000)
    )
    sample = embedded.generate(prepared, "far", N_BACKGROUND, 5)
    path.parent.mkdir()
    write_lhe(path, sample)


def write_fakes(path: Path, names: list[str], table: EventTable) -> None:
    """Background events of somebody else's study, with other benchmarks and more observables."""
    rng = np.random.default_rng(2)
    x = rng.uniform(40.0, 200.0, size=(N_FROM_FILE, len(names) + 1))
    weights = np.full((N_FROM_FILE, len(table.space.benchmarks)), FROM_FILE / N_FROM_FILE)
    info = table.observables
    write_event_file(
        path,
        replace(
            table,
            observables=(replace(info[0], name="extra", definition="1"), *info),
            samples=(Sample("run", None, N_FROM_FILE, FROM_FILE),),
            x=x,
            weights=weights,
            sample_index=np.zeros(N_FROM_FILE, dtype=np.int32),
            cut_flow=(),
        ),
    )


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, small_chain: Callable[..., Chain]) -> Iterator[Chain]:
    """The process alone."""
    folder = tmp_path_factory.mktemp("plain")
    yield small_chain(folder, **SECTIONS)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def run(plain: Chain, tmp_path_factory: pytest.TempPathFactory, small_chain: Callable[..., Chain]) -> Iterator[Chain]:
    """With backgrounds and systematics."""
    folder = tmp_path_factory.mktemp("samples")
    write_background(folder / "backgrounds" / "continuum.lhe.gz")
    table = table_of(plain)
    write_fakes(folder / "backgrounds" / "fakes.h5", list(table.observable_names), table)
    yield small_chain(folder, **SECTIONS, samples=SAMPLES, systematics=SYSTEMATICS)
    shutil.rmtree(folder)


def test_generated_events_carry_the_variations(run: Chain) -> None:
    sample = read_lhe(run.folder / "generate_0" / "sm_0" / "events.lhe.gz")
    assert sample.weight_names[-2:] == ("mur_1_muf_0.5", "mur_1_muf_2")
    ratios = sample.weights[:, -2:] / sample.nominal_weights[:, None]
    assert np.all(np.abs(ratios - 1.0) < 0.5)
    assert np.all(np.ptp(ratios, axis=0) > 1e-3)


def test_combined_events_hold_all_samples(run: Chain, plain: Chain) -> None:
    table, alone = table_of(run), table_of(plain)
    background = table.benchmark_index < 0
    assert table.n_events - int(background.sum()) == alone.n_events
    (lhe,) = (sample for sample in table.samples if sample.process == "continuum")
    assert lhe == Sample("continuum_0", None, N_BACKGROUND, CROSS_SECTION * K_FACTOR, lhe.cross_section_error,
                         "continuum", K_FACTOR)  # fmt: skip
    rows = {(row.sample, row.step): row for row in table.cut_flow}
    assert rows["continuum_0", "generated"].cross_section == pytest.approx(CROSS_SECTION * K_FACTOR)
    (fakes,) = (sample for sample in table.samples if sample.process == "fakes")
    assert (fakes.n_generated, fakes.cross_section) == (N_FROM_FILE, FROM_FILE)
    assert table.k_factors[~background].tolist() == [SIGNAL_K_FACTOR] * int((~background).sum())
    assert table.observable_names == alone.observable_names


def test_rates_add_up(run: Chain, plain: Chain) -> None:
    pool, alone = EventPool.from_table(table_of(run)), EventPool.from_table(table_of(plain))
    theta = np.array([[0.0, 0.0], [0.3, -0.2]])
    table = table_of(run)
    backgrounds = table.weights[table.benchmark_index < 0, 0].sum()
    assert 0.3 * CROSS_SECTION < backgrounds < CROSS_SECTION * K_FACTOR + FROM_FILE
    np.testing.assert_allclose(pool.cross_section(theta)[0], alone.cross_section(theta)[0] + backgrounds, rtol=1e-9)


def test_nuisance_parameters_act_where_they_should(run: Chain) -> None:
    pool = EventPool.from_table(table_of(run))
    assert pool.nuisance_names == ("muf", "luminosity", "continuum_normalisation")
    names = [stratum.name for stratum in pool.strata]
    theta = np.zeros((1, 2))
    nominal = pool.event_weights(theta)[:, 0]

    def factors(nu: list[float]) -> np.ndarray:
        return pool.event_weights(theta, nu)[:, 0] / nominal

    continuum, fakes = (pool.stratum == names.index(name) for name in ("continuum", "fakes"))
    np.testing.assert_allclose(factors([0.0, 2.0, 0.0]), 1.025**2, rtol=1e-10)
    np.testing.assert_allclose(factors([0.0, 0.0, 1.0]), np.where(continuum, 1.2, 1.0), rtol=1e-10)
    varied = factors([1.0, 0.0, 0.0])
    np.testing.assert_allclose(varied[continuum | fakes], 1.0, rtol=1e-12)
    # at +1 the events are those of the generator with twice the factorisation scale
    sample = read_lhe(run.folder / "generate_0" / "sm_0" / "events.lhe.gz")
    expected = sample.weight("mur_1_muf_2") / sample.nominal_weights
    of_job = varied[np.isin(pool.sample_index, [[s.name for s in table_of(run).samples].index("sm_0")])]
    assert len(of_job) > 30
    assert np.all(np.abs(of_job[:, None] / expected - 1.0).min(axis=1) < 1e-9)


@pytest.mark.slow
def test_samples_and_limits_include_the_background(run: Chain, plain: Chain) -> None:
    limits, found = {}, {}
    for chosen in (plain, run):
        found[chosen] = Path(chosen.published("sample")["samples"][-1])
        well(chosen.train("train", "histogram", found[chosen]))
        well(chosen.evaluate("evaluate", "histogram", found[chosen], chosen.folder / "train"))
        limits[chosen] = read_limits(chosen.folder / "evaluate" / "limits_rate")
    luminosity = load_study(run.folder / "input.yml").luminosity * 1000.0
    table = table_of(run)
    backgrounds = table.weights[table.benchmark_index < 0, 0].sum()
    assert limits[run].n_events == pytest.approx(limits[plain].n_events + luminosity * backgrounds)
    assert limits[run].q.max() < limits[plain].q.max()  # a background weakens the measurement
    # events of the background, and they alone, have the same score: that of the total rate
    drawn = ScoreSample.load(found[run] / "train")
    _, counts = np.unique(drawn.t_xz, axis=0, return_counts=True)
    pool = EventPool.from_table(table)
    share = backgrounds / pool.cross_section(pool.space.reference_values)[0][0]
    assert abs(counts.max() / len(drawn) - share) < 5 * np.sqrt(share / len(drawn))


def test_a_systematic_without_weights_is_refused(run: Chain) -> None:
    study = json.loads(run.study.read_text())
    study["systematics"]["muf"]["samples"] = []
    changed = run.folder / "changed.json"
    changed.write_text(json.dumps(study))
    last = len(run.jobs) - 1
    result = run.extract("wrong", run.jobs[-1], run.events(last), run.objects(last), changed)
    assert "no weights mur_1_muf_0.5 on its events" in str(result.exception)
    assert "systematic muf" in str(result.exception)


def test_members_of_a_set_have_to_be_installed(small_study: Callable[..., Path]) -> None:
    members = {"pdf": {"kind": "pdf_hessian", "members": ["pdf_1..pdf_2"]}}
    with pytest.raises(StudyErrors) as caught:
        load_checked(small_study(systematics=members))
    (problem,) = caught.value.problems
    assert problem.path == "systematics.pdf.members"
    assert "pdf_1, which is no installed member" in problem.found


HESSIAN = {"kind": "pdf_hessian", "members": ["1..4"], "samples": ["bkg"]}
REPLICAS = {"kind": "pdf_replicas", "members": ["1..4"], "components": 2, "samples": ["bkg"]}
RATE = {"kind": "normalisation", "uncertainty": 0.1}


@pytest.mark.parametrize(
    ("changes", "path", "name"),
    [
        ({"systematics": {"pdf": HESSIAN, "pdf_1": RATE}}, "systematics.pdf_1", "pdf_1"),
        ({"systematics": {"pdf": REPLICAS, "pdf_2": RATE}}, "systematics.pdf_2", "pdf_2"),
        ({"systematics": {"pdf": REPLICAS, "pdf_member_3": RATE}}, "systematics.pdf_member_3", "pdf_member_3"),
        (
            {"systematics": {"muf": RATE}, "benchmarks": {"muf_up": {"CPWL2": 0.1, "CWL2": 0.3}}},
            "systematics.muf",
            "muf_up",
        ),
        (
            {
                "systematics": {"bkg_normalisation_up": RATE},
                "samples": {"bkg": {"normalisation_uncertainty": 0.2}},
            },
            "samples.bkg",
            "bkg_normalisation_up",
        ),
    ],
)
def test_names_of_weights_that_two_would_have(
    small_study: Callable[..., Path], changes: dict[str, Any], path: str, name: str
) -> None:
    sample = {"events": "bkg.lhe", **changes.get("samples", {}).get("bkg", {})}
    study = small_study(**{**changes, "samples": {"bkg": sample}})
    (study.parent / "bkg.lhe").touch()
    with pytest.raises(StudyErrors) as caught:
        load_checked(study)
    (problem,) = caught.value.problems
    assert problem.path == path
    assert f"takes the name {name} " in problem.found


def test_names_of_weights_that_are_all_different(small_study: Callable[..., Path]) -> None:
    study = small_study(
        systematics={"pdf": HESSIAN, "set": REPLICAS, "rate": RATE}, samples={"bkg": {"events": "b.lhe"}}
    )
    (study.parent / "b.lhe").touch()
    assert len(load_checked(study).systematics) == 3


def test_cut_flows_have_the_steps_of_the_study(plain: Chain) -> None:
    found = steps(table_of(plain).cut_flow)
    assert len(found) > 3
    assert steps_of(load_study(plain.folder / "input.yml")) == found


def test_baselines_need_no_samples_and_take_negative_weights(plain: Chain, tmp_path: Path) -> None:
    study = json.loads(plain.study.read_text())
    baselines = {**study, "methods": {"histogram": study["methods"]["histogram"]}}
    table = table_of(plain)
    signs = np.where(np.arange(table.n_events) % 20 == 0, -1.0, 1.0)
    events = tmp_path / "negative.h5"
    write_event_file(events, replace(table, weights=table.weights * signs[:, None]))
    chain = type(plain)(tmp_path)
    chain.study.parent.mkdir()
    chain.study.write_text(json.dumps(baselines))
    well(chain.run("sample", "sample", "--events", events))
    (samples,) = chain.published("sample")["samples"]
    assert {path.name for path in (tmp_path / "sample").glob("[a-z]*")} == {
        "published.yml",
        "journal.jsonl",
        "manifest.json",
    }
    well(chain.train("train", "histogram", samples))
    arguments = ("--method", "histogram", "--samples", samples, tmp_path / "train" / "model")
    well(chain.run("evaluate", "evaluate", *arguments, "--events", events))
    limits = read_limits(tmp_path / "evaluate" / "limits_rate")
    luminosity = load_study(plain.folder / "input.yml").luminosity * 1000.0
    assert limits.n_events == pytest.approx(luminosity * EventPool.from_table(read_event_file(events)).cross_section(
        table.space.reference_values)[0][0])  # fmt: skip
    # a network cannot be trained on them
    chain.study.write_text(json.dumps(study))
    assert "negative" in str(chain.run("sample", "sample", "--events", events).exception)
