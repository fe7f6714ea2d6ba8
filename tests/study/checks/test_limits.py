from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import pytest

from assay.study.checks.draft import Draft
from assay.study.checks.limits import data_file, fisher, grid_axes, grid_size, true_point_on_grid
from assay.study.model import (
    AxisSection,
    DataSection,
    FisherSection,
    GaussianPrior,
    LimitsSection,
    ParameterSection,
    Prior,
    SamplingSection,
)

pytestmark = pytest.mark.fast


def draft(
    grid: Mapping[str, AxisSection],
    prior: Mapping[str, Prior] | None = None,
    n: int = 1,
    strategy: Literal["grid", "profiles"] | None = None,
    data: str | None = None,
    fisher: FisherSection | None = None,
) -> Draft:
    parameters = {f"c{i}": ParameterSection(lha_id=i, range=(-10.0, 10.0)) for i in range(n)}
    return Draft(
        Path(),
        declared={"parameters": tuple(parameters), "benchmarks": ("sm",), "observables": ("m_jj",)},
        parameters=parameters,
        benchmarks={"sm": dict.fromkeys(parameters, 2.0)},
        sampling=SamplingSection(prior=dict(prior or {})),
        limits=LimitsSection(
            grid=dict(grid),
            strategy=strategy,
            data=None if data is None else DataSection(events=data),
            fisher=fisher or FisherSection(),
        ),
    )


def axis(low: float, high: float) -> dict[str, AxisSection]:
    return {"c0": AxisSection(range=(low, high), points=11)}


def test_grid_within_three_deviations_of_a_gaussian_prior() -> None:
    prior = {"c0": GaussianPrior(gaussian=(0.0, 1.0))}
    assert not list(grid_axes(draft(axis(-3.0, 3.0), prior)))
    (finding,) = grid_axes(draft(axis(-3.0, 3.5), prior))
    assert "beyond the prior of c0" in finding.found
    assert finding.expected == "within [-3, 3]"
    # the tutorial's own mismatch: a grid of +-20 with a range of +-10 and a prior N(0, 1)
    (finding,) = grid_axes(draft(axis(-20.0, 20.0), prior))
    assert "beyond the range of c0" in finding.found


def test_rounding_does_not_count() -> None:
    assert not list(grid_axes(draft(axis(-10.0 * (1 + 1e-15), 10.0))))


def test_size_of_grids_by_default() -> None:
    assert not list(grid_size(draft({}, n=7, strategy="grid")))
    assert not list(grid_size(draft({}, n=8)))  # profiles
    (finding,) = grid_size(draft({}, n=8, strategy="grid"))
    assert "7 x 7 x 7 x 7 x 7 x 7 x 7 x 7 = 5764801 grid points" in finding.found
    assert finding.mend == "take 5 points per parameter or fewer"
    assert 5**8 <= 1_000_000 < 6**8


def test_true_point_by_default_is_the_first_benchmark() -> None:
    assert not list(true_point_on_grid(draft(axis(0.0, 3.0))))
    (finding,) = true_point_on_grid(draft(axis(-1.0, 1.0)))
    assert "without the true value 2" in finding.found


def test_data_are_a_table_in_the_folder_of_the_study() -> None:
    (finding,) = data_file(draft({}, data="../elsewhere.csv"))
    assert "a path out of the study's folder" in finding.found
    (finding,) = data_file(draft({}, data="events.root"))
    assert finding.expected == "a name that ends with .csv, .npy, .h5, .hdf5"
    (finding,) = data_file(draft({}, data="missing.csv"))
    assert "not a file" in finding.found


def test_information_is_at_a_known_point_and_over_known_observables() -> None:
    assert not list(fisher(draft({}, fisher=FisherSection(at="sm", distributions=("m_jj",)))))
    findings = list(fisher(draft({}, fisher=FisherSection(at="nowhere", distributions=("m_j",)))))
    assert [finding.found for finding in findings] == ["nowhere, which is no benchmark", "the unknown observable m_j"]
