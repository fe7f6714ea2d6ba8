"""A run of a toy study with everything a report needs, in one, two or three parameters; its makers as fixtures."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from assay.estimators.diagnostics import Diagnostics
from assay.estimators.history import EpochRecord, TrainingHistory
from assay.estimators.verdicts import CheckResult
from assay.events.eventfile import write_event_file
from assay.events.table import CutFlowRow, EventTable, ObservableInfo, Sample
from assay.files import write_json
from assay.inference.grid import Grid
from assay.inference.information import FisherResult, write_fisher
from assay.inference.limits import DataSet, limits
from assay.inference.results import write_limits
from assay.manifest import Manifest
from assay.reporting.run import RunFiles
from assay.study.model import Study
from assay.study.resolve import resolve, study_hash, write_resolved
from assay.theory.morphing import Morphing, components
from assay.theory.parameters import Benchmark, Parameter, ParameterSpace

NAMES = ("CWL2", "CPWL2", "CphiWL2")
LATEX = ("C_{W} v^2", r"C_{\tilde W} v^2", r"C_{\phi W} v^2")
STRENGTH = {"alices": (150.0, 110.0, 90.0), "sally": (154.0, 114.0, 80.0), "histogram": (121.0, 0.2, 60.0)}


class Parabola:
    """log L = -1/2 (theta - centre)^T information (theta - centre)."""

    def __init__(self, information, centre):
        self.information = np.asarray(information, dtype=float)
        self.centre = np.asarray(centre, dtype=float)

    def log_likelihood(self, theta):
        away = np.atleast_2d(theta) - self.centre
        return -0.5 * np.einsum("ti,ij,tj->t", away, self.information, away)

    def gradient(self, theta):
        return -self.information @ (theta - self.centre)


def make_limit_result(
    method="alices",
    information=((150.0, 6.0), (6.0, 110.0)),
    centre=(0.0, 0.0),
    *,
    include_rate=True,
    points=25,
    reach=0.6,
):
    n = len(centre)
    grid = Grid.regular(NAMES[:n], [(-reach, reach)] * n, points)
    data = DataSet(300.0, 296.9, (0.0,) * n)
    return limits(method, include_rate, Parabola(information, centre), grid, data)


def make_fisher_result(
    method="alices", information=((150.0, 6.0), (6.0, 110.0)), *, include_rate=True, error=2.0, bias=0.0
):
    matrix = np.asarray(information, dtype=float)
    n = len(matrix)
    covariance = np.zeros((n, n, n, n))
    for i in range(n):
        for j in range(n):
            covariance[i, j, i, j] = covariance[i, j, j, i] = error**2
    return FisherResult(
        method,
        include_rate,
        NAMES[:n],
        (0.0,) * n,
        300.0,
        matrix,
        covariance,
        bias * np.eye(n),
        parton_level=method == "parton level",
    )


def make_space_of(n):
    """Parameters, with as many benchmarks as a quadratic needs."""
    parameters = tuple(Parameter(NAMES[p], "dim6", p, (-1.0, 1.0), 2, None, LATEX[p]) for p in range(n))
    powers = components((2,) * n, 2)
    rng = np.random.default_rng(5)
    points = np.concatenate([np.zeros((1, n)), rng.uniform(-1, 1, (len(powers) - 1, n))])
    names = ("sm", *(f"morph_{b}" for b in range(len(powers) - 1)))
    benchmarks = tuple(Benchmark(name, tuple(map(float, point))) for name, point in zip(names, points, strict=True))
    space = ParameterSpace(parameters, benchmarks, "sm")
    return space, Morphing.of_space(space, 2)


def make_event_table(n, n_events=400):
    """Unweighted events of every benchmark with exact weights at all of them."""
    space, morphing = make_space_of(n)
    rng = np.random.default_rng(6)
    theta = space.benchmark_values

    def density(x):
        slope = np.tanh(x[:, :n]) @ theta.T
        return (1 + slope) ** 2 + 0.2 * (theta**2).sum(axis=1)

    sigma = density(rng.normal(size=(100_000, 3))).mean(axis=0)
    rows, weights, index, samples, flow = [], [], [], [], []
    for b, name in enumerate(space.benchmark_names):
        x = rng.normal(size=(40 * n_events, 3))
        values = density(x)
        x = x[rng.uniform(0, values[:, b].max(), len(x)) < values[:, b]][:n_events]
        values = density(x)
        rows.append(x)
        weights.append(1e-3 * values / values[:, [b]] * sigma[b] / len(x))
        index.append(np.full(len(x), b))
        samples.append(Sample(name, name, 2 * len(x), 2e-3 * sigma[b], 1e-5 * sigma[b]))
        flow += [
            CutFlowRow(name, "generated", 2 * len(x), 2e-3 * sigma[b]),
            CutFlowRow(name, "pt_j1 > 30", len(x), 1e-3 * sigma[b]),
        ]
    x = np.concatenate(rows)
    x[:, 0] = 30.0 + 50.0 * np.exp(0.5 * x[:, 0])
    observables = (
        ObservableInfo("pt_j1", "j[0].pt", "GeV", "p_T(j_1)"),
        ObservableInfo("delta_phi_jj", "j[0].deltaphi(j[1])", "", r"\Delta\phi_{jj}"),
        ObservableInfo("odd", "j[0].eta < 1 ? '<script>' : 0", "", r"\frac{broken"),
    )
    return EventTable(
        space,
        morphing,
        observables,
        tuple(samples),
        x,
        np.concatenate(weights),
        np.concatenate(index).astype(np.int32),
        tuple(flow),
    )


def study_of(n, title="A toy <script>alert(1)</script> & more"):
    axis = {"range": (-0.6, 0.6), "points": 25}
    return resolve(
        Study.model_validate(
            {
                "assay": 1,
                "name": "toy",
                "title": title,
                "seed": 7,
                "parameters": {
                    name: {"lha_id": p, "range": (-1.0, 1.0), "label": LATEX[p]} for p, name in enumerate(NAMES[:n])
                },
                "benchmarks": {"sm": dict.fromkeys(NAMES[:n], 0.0)},
                "observables": {"pt_j1": {"expression": "j[0].pt", "unit": "GeV"}},
                "luminosity": 300.0,
                "methods": {
                    "alices": {"kind": "alices"},
                    "sally": {"kind": "sally"},
                    "histogram": {"kind": "histogram", "observables": ("pt_j1",)},
                },
                "limits": {"grid": dict.fromkeys(NAMES[:n], axis)},
            }
        )
    )


def history(best=7, epochs=10):
    losses = [0.6 + 0.5 / epoch for epoch in range(1, epochs + 1)]
    records = tuple(
        EpochRecord(epoch, loss, loss + 0.01 + 0.001 * abs(epoch - best), 1e-3) for epoch, loss in enumerate(losses, 1)
    )
    return TrainingHistory(records, best, False)


def make_write_run(folder: Path, n: int) -> RunFiles:
    """Write the outputs of all stages of a toy run."""
    study = study_of(n)
    write_resolved(folder / "configure" / "study.json", study)
    write_event_file(folder / "combine" / "combined.h5", make_event_table(n))
    rng = np.random.default_rng(8)
    trainings, evaluations = {}, {}
    for number, (method, strengths) in enumerate(STRENGTH.items()):
        information = np.diag(strengths[:n]) + 4.0 * (np.ones((n, n)) - np.eye(n)) * (method != "histogram")
        evaluations[method] = folder / "evaluate" / method
        for include_rate in (True, False):
            centre = (0.01 * number,) * n
            points = 25 if n < 3 else 9
            result = make_limit_result(method, information, centre, include_rate=include_rate, points=points)
            write_limits(evaluations[method] / f"limits_{'rate' if include_rate else 'shape'}", result)
        results = [
            make_fisher_result(method, information, include_rate=rate, bias=0.1 * (number == 2))
            for rate in (True, False)
        ]
        write_fisher(evaluations[method] / "fisher", [*results, make_fisher_result("parton level", 1.5 * information)])
        trainings[method] = folder / "train" / method
        trainings[method].mkdir(parents=True)
        if method != "histogram":
            write_json(trainings[method] / "history.json", asdict(history()))
            checks = [
                CheckResult("mean ratio", 1.004, 0.003, 1.0, 0.02, "passed"),
                CheckResult("calibration slope", 1.05, 0.01, 1.0, 0.03, "doubtful" if method == "sally" else "passed"),
            ]
            write_json(evaluations[method] / "checks.json", [asdict(check) for check in checks])
            truth = rng.normal(size=(2000, 1))
            noisy = truth + 0.3 * rng.normal(size=(2000, 1))
            Diagnostics(tuple(checks), ("log r",), noisy, truth).write(evaluations[method] / "diagnostics.h5")
    stages = []
    for stage, jobs in (("configure", 1), ("generate", 6), ("combine", 1)):
        for job in range(jobs):
            place = folder / "stages" / f"{stage}_{job}"
            place.mkdir(parents=True)
            manifest = Manifest(
                stage,
                str(job),
                "0.1.0",
                "toy",
                study_hash(study),
                7,
                "key",
                (),
                (),
                "2026-11-22T10:00:00+00:00",
                12.5,
                300.0,
            )
            manifest.write(place)
            stages.append(place)
    return RunFiles(
        folder / "configure" / "study.json", folder / "combine" / "combined.h5", trainings, evaluations, tuple(stages)
    )


@pytest.fixture(scope="session")
def toy_run(tmp_path_factory):
    """A run in two parameters."""
    return make_write_run(tmp_path_factory.mktemp("run"), 2)


@pytest.fixture(scope="session")
def limit_result():
    return make_limit_result


@pytest.fixture(scope="session")
def fisher_result():
    return make_fisher_result


@pytest.fixture(scope="session")
def space_of():
    return make_space_of


@pytest.fixture(scope="session")
def event_table():
    return make_event_table


@pytest.fixture(scope="session")
def write_run():
    return make_write_run
