"""The signal in several regions of phase space, against cross sections that are known exactly."""

from dataclasses import replace

import numpy as np
import pytest

from assay.errors import MismatchError
from assay.events.combine import combine
from assay.events.eventfile import read_event_file, write_event_file
from assay.events.pool import EventPool, Partition
from assay.events.samples import cross_section_of_regions
from assay.events.strata import strata_of
from assay.events.table import Sample

pytestmark = pytest.mark.fast

EDGE = 0.8
REGIONS = {"": (0.0, EDGE), "tail": (EDGE, 1.0)}
THETA = np.array([[0.0, 0.0], [1.0, 0.0], [0.4, -0.3], [-0.7, 0.6]])
BENCHMARKS = ("sm", "a", "d")


def cross_section(toy, theta, region):
    low, high = REGIONS[region]
    return toy.cross_section(theta, low) - toy.cross_section(theta, high)


def region_table(toy, region, n, first=0.0):
    """n events per benchmark in a region, at the quantiles of the density: sums over them are exact to 1/n^2."""
    template = toy.table([(name, 1) for name in BENCHMARKS], np.random.default_rng(0))
    points = dict(zip(template.space.benchmark_names, template.space.benchmark_values, strict=True))
    edges = np.linspace(*REGIONS[region], 20001)
    samples, x, weights = [], [], []
    for name in BENCHMARKS:
        terms = toy.terms().items()
        integral = sum(points[name][0] ** k * points[name][1] ** m * term for (k, m), term in terms).integ()
        cumulative = integral(edges) - integral(edges[0])
        drawn = np.interp((np.arange(n) + 0.5) / n * cumulative[-1], cumulative, edges)
        sigma = cross_section(toy, points[name], region)
        at_all = np.stack([toy.density(drawn, point) for point in points.values()], axis=1)
        x.append(drawn)
        weights.append(at_all * (sigma / n / toy.density(drawn, points[name]))[:, None])
        samples.append(Sample(f"{region}_{name}_0", name, n, sigma, 0.01 * sigma, region=region))
    x = np.concatenate(x)[:, None]
    return replace(
        template,
        samples=tuple(samples),
        x=np.concatenate([x, np.sin(7 * x)], axis=1),
        weights=np.concatenate(weights),
        sample_index=np.repeat(np.arange(len(BENCHMARKS)), n).astype(np.int32),
        cut_flow=(),
        nuisance=None,
    )


@pytest.fixture
def files(toy, tmp_path):
    """The tail has many more events than its share of the cross section."""
    paths = []
    for region, n in (("", 3000), ("tail", 2000)):
        paths.append(tmp_path / f"{region or 'bulk'}.h5")
        write_event_file(paths[-1], region_table(toy, region, n))
    return paths


@pytest.fixture
def table(files, tmp_path):
    combine(files, tmp_path / "combined.h5")
    return read_event_file(tmp_path / "combined.h5")


def test_cross_sections_of_regions_add_up_at_every_theta(toy, table):
    values, _ = EventPool.from_table(table).cross_section(THETA)
    exact = [sum(cross_section(toy, theta, region) for region in REGIONS) for theta in THETA]
    np.testing.assert_allclose(values, exact, rtol=2e-5)
    np.testing.assert_allclose(exact, [toy.cross_section(theta) for theta in THETA], rtol=1e-12)


def test_each_region_has_its_own_cross_section_and_moments(toy, table):
    pool = EventPool.from_table(table)
    weights = pool.event_weights(THETA)
    for region, (low, high) in REGIONS.items():
        inside = (pool.x[:, 0] >= low) & (pool.x[:, 0] < high)
        for column, theta in enumerate(THETA):
            own = weights[inside, column]
            assert own.sum() == pytest.approx(cross_section(toy, theta, region), rel=2e-5)
            grid = np.linspace(low, high, 20001)
            density = toy.density(grid, theta)
            mean = np.trapezoid(grid * density, grid) / np.trapezoid(density, grid)
            assert (own * pool.x[inside, 0]).sum() / own.sum() == pytest.approx(mean, rel=1e-4)


def test_one_pool_of_all_events_would_be_wrong(toy, table):
    """Without their regions, runs at one benchmark are runs of the same thing: cross sections do not fit."""
    confused = replace(table, samples=tuple(replace(sample, region="") for sample in table.samples))
    with pytest.raises(MismatchError, match="cross sections of"):
        EventPool.from_table(confused)


def test_regions_stay_in_files_and_partitions(toy, table):
    assert {sample.region for sample in table.samples} == set(REGIONS)
    assert {sample.group for sample in table.samples} >= {("benchmark", "sm"), ("benchmark", "sm in tail")}
    strata, stratum_of_sample = strata_of(table.space, table.samples)
    assert len(strata) == 6
    assert [strata[s].region for s in stratum_of_sample] == [sample.region for sample in table.samples]
    pool = EventPool.from_table(table)
    total = pool.cross_section(THETA)[0]
    for partition in Partition:
        values, errors = pool.select(partition).cross_section(THETA)
        assert np.all(np.abs(values - total) < 5 * errors)


def test_errors_of_regions_are_independent_and_those_of_benchmarks_are_not(toy, table):
    """1 % on every region at every benchmark: linearly within a region, in quadrature between them."""
    pool = EventPool.from_table(table)
    at_sm = np.array([cross_section(toy, THETA[0], region) for region in REGIONS])
    exact = replace(table, samples=tuple(replace(s, cross_section_error=0.0) for s in table.samples))
    statistical = EventPool.from_table(exact).cross_section(THETA[:1])[1][0]
    found = np.sqrt(pool.cross_section(THETA[:1])[1][0] ** 2 - statistical**2)
    assert found == pytest.approx(0.01 * np.sqrt((at_sm**2).sum()), rel=1e-3)


def test_the_cross_section_as_generated_is_the_sum_of_the_means():
    runs = [
        Sample("a", "sm", 100, 1.0, 0.1),
        Sample("b", "sm", 300, 1.0, 0.1),
        Sample("c", "sm", 50, 0.2, 0.0, region="tail"),
        Sample("d", "sm", 150, 0.4, 0.1, region="tail"),
    ]
    value, error = cross_section_of_regions(runs)
    assert value == pytest.approx(1.0 + 0.35)
    assert error == pytest.approx(np.hypot(0.1, 0.75 * 0.1))
