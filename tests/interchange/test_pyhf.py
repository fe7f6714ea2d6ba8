"""Histogram likelihoods against pyhf's: the same bins, expected rates and constraint terms."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.inference.cls import CountingModel, asymptotic_cls
from assay.inference.maximisation import maximise_over
from assay.inference.nuisance import Profiled
from assay.inference.nuisance_templates import VaryingTemplates
from assay.inference.templates import Templates
from assay.theory.morphing import Morphing, components

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-madminer" / "bin" / "python"
DRIVER = Path(__file__).with_name("pyhf_driver.py")
LUMINOSITY, LARGEST = 10.0, 10.0
SIGNAL, BACKGROUND = np.array([3.0, 8.0, 12.0, 5.0]), np.array([40.0, 30.0, 20.0, 6.0])
NUISANCE = {"scale": np.array([0.05, 0.05, 0.05, 0.05]), "tilt": np.array([-0.10, 0.02, 0.15, 0.3])}
COUNTS = {"excess": [45, 33, 38, 9], "deficit": [35, 28, 19, 4], "expected": [43, 38, 32, 11]}
POINTS = [[1.0, 0.0, 0.0], [0.3, 0.5, -1.2], [4.0, -2.0, 1.1]]
STRENGTHS = [0.7, 1.0, 2.5]


@pytest.fixture(scope="module")
def answers() -> dict[str, Any]:
    """What pyhf says of each set of counts."""
    if not PYTHON.is_file():
        message = "no environment with pyhf: make .venv-madminer/.ready"
        # whoever runs single tests may do without; who runs all of them may not
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    common = {
        "signal": SIGNAL.tolist(),
        "background": BACKGROUND.tolist(),
        "nuisance": {name: a.tolist() for name, a in NUISANCE.items()},
        "largest": LARGEST,
        "points": POINTS,
        "strengths": STRENGTHS,
    }
    done = subprocess.run(
        [str(PYTHON), str(DRIVER)],
        input=json.dumps([{**common, "counts": counts} for counts in COUNTS.values()]),
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(zip(COUNTS, json.loads(done.stdout), strict=True))


def model() -> CountingModel:
    """mu x signal + background, times exp(a nu) in each bin, in cross sections."""
    morphing = Morphing.from_basis(components([1], 1), np.array([[0.0], [1.0]]))
    sums = np.stack([BACKGROUND, BACKGROUND + SIGNAL], axis=1) / (1000.0 * LUMINOSITY)
    none = np.zeros((len(SIGNAL), 2, 2))
    up, down = (
        tuple(Templates(morphing, sums * np.exp(sign * a)[:, None], none) for a in NUISANCE.values())
        for sign in (1.0, -1.0)
    )
    return CountingModel(VaryingTemplates(Templates(morphing, sums, none), up, down), LUMINOSITY, len(NUISANCE))


@pytest.mark.parametrize("data", COUNTS)
def test_value_best_fit_and_cls(data: str, answers: dict[str, Any]) -> None:
    counts, answer = COUNTS[data], answers[data]
    ours = model()
    likelihood = ours.likelihood(np.array(counts, dtype=float))
    # ours are zero at the constraints' most likely values, pyhf's are normalised densities
    normal = -0.5 * len(NUISANCE) * np.log(2 * np.pi)
    values = likelihood.log_likelihood(np.array(POINTS)) + normal
    assert np.allclose(values, answer["log_likelihood"], rtol=1e-6, atol=1e-6)
    bounds = [(0.0, LARGEST), *[(-5.0, 5.0)] * len(NUISANCE)]
    top, best = maximise_over(likelihood, [1.0, 0.0, 0.0], range(3), bounds)
    assert np.isclose(top[0] + normal, answer["best_log_likelihood"], rtol=0, atol=1e-6)
    assert np.allclose(best[0], answer["best_fit"], rtol=1e-6, atol=2e-6)
    for strength, expected in zip(STRENGTHS, answer["cls"], strict=True):
        found = asymptotic_cls(ours, np.array(counts, dtype=float), strength, LARGEST)
        assert np.isclose(found.cls, expected, rtol=1e-6, atol=1e-6)


def test_profiling_gives_the_same_as_the_fit_of_all_parameters() -> None:
    counts = np.array(COUNTS["excess"], dtype=float)
    whole = model()
    shape_and_rate = whole.likelihood(counts)
    without_constraints = type(shape_and_rate)(shape_and_rate.factors[:2])
    profiled = Profiled(without_constraints, len(NUISANCE))
    mu = np.linspace(0.1, 5.0, 20)[:, None]
    start = np.hstack([mu, np.zeros((20, 2))])
    top, _ = maximise_over(shape_and_rate, start, (1, 2), [(-5.0, 5.0)] * 2)
    assert np.allclose(profiled.log_likelihood(mu), top, atol=1e-8)
