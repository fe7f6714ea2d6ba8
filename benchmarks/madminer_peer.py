"""What madminer 0.9.6 takes for the benchmarks' tasks. Runs under the Python of `.venv-madminer`, never under ours.

The only argument is JSON: the task, how often, and what the task needs. The last line printed is JSON: for each part of
the task the seconds of the processor and of the clock, by repetition, and the growth of resident memory in MiB.
"""

import contextlib
import json
import logging
import sys
import time
import warnings
from functools import partial
from pathlib import Path

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402
from madminer.core import MadMiner  # noqa: E402
from madminer.lhe import LHEReader  # noqa: E402
from madminer.limits import AsymptoticLimits  # noqa: E402
from madminer.ml import ParameterizedRatioEstimator  # noqa: E402
from madminer.sampling import SampleAugmenter, benchmark, combine_and_shuffle, random_morphing_points  # noqa: E402
from madminer.utils.morphing import PhysicsMorpher  # noqa: E402


def resident(what):
    return int(Path("/proc/self/status").read_text().split(f"{what}:")[1].split()[0]) / 1024


def timed(work, repeat):
    """Return what some work takes; a number that it returns is kept."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    before, processor, clock, value = resident("VmRSS"), [], [], None
    for _ in range(repeat):
        started = time.process_time(), time.perf_counter()
        value = work()
        processor.append(time.process_time() - started[0])
        clock.append(time.perf_counter() - started[1])
    answer = {"processor": processor, "clock": clock, "memory": max(0.0, resident("VmHWM") - before)}
    return {**answer, "value": value} if isinstance(value, float) else answer


def sampling(repeat, path, folder, samples, hypotheses, deviation):
    """Draw training samples of ratios from the events of the closest benchmark (madminer's default), and of all."""
    sampler = SampleAugmenter(path, include_nuisance_parameters=False)
    prior = [("gaussian", 0.0, deviation)] * 2

    def draw(closest):
        sampler.sample_train_ratio(
            random_morphing_points(hypotheses, prior),
            benchmark("b0"),
            samples,
            folder=folder,
            filename="peer",
            sample_only_from_closest_benchmark=closest,
            partition="train",
        )

    return {"closest": timed(partial(draw, True), repeat), "all": timed(partial(draw, False), 1)}


def training(repeat, folder, method, batch, epochs, alpha):
    """Train on samples of files; the estimates of the validation samples are left in the folder."""

    def load(part, name):
        return np.load(f"{folder}/{part}/{name}.npy").astype(np.float64)

    names = (("x", "x"), ("theta", "theta0"), ("y", "y"), ("r_xz", "r_xz"), ("t_xz", "t_xz"))
    given = {name: load("train", file) for name, file in names}
    given.update({f"{name}_val": load("validation", file) for name, file in names})
    given.update({name: given[name][:, None] for name in ("y", "r_xz", "y_val", "r_xz_val")})
    estimators = []

    def train():
        estimators.append(ParameterizedRatioEstimator(n_hidden=(100, 100), activation="tanh"))
        estimators[-1].train(
            method=method,
            alpha=alpha,
            n_epochs=epochs,
            batch_size=batch,
            validation_split=None,
            early_stopping=True,
            n_workers=0,
            scale_parameters=False,
            **given,
        )

    answer = timed(train, repeat)
    log_r, score = estimators[-1].evaluate_log_likelihood_ratio(
        load("validation", "x"), load("validation", "theta0"), test_all_combinations=False, evaluate_score=True
    )
    np.save(f"{folder}/peer_log_r.npy", log_r.ravel())
    np.save(f"{folder}/peer_score.npy", score)
    return {"training": answer}


def limits(repeat, small, large, folder, points, low, high, luminosity):
    """Expected limits from a ratio and from histograms, and the ratio alone over the same grid and events."""
    sampler = SampleAugmenter(small, include_nuisance_parameters=False)
    prior = [("flat", low, high)] * 2
    x, theta, _, y, r, _, _ = sampler.sample_train_ratio(
        random_morphing_points(50, prior), benchmark("b0"), 4000, folder=folder, filename="peer"
    )
    estimator = ParameterizedRatioEstimator(n_hidden=(100, 100), activation="tanh")
    estimator.train("alice", x=x, y=y, theta=theta, r_xz=r, n_epochs=1, batch_size=128, n_workers=0)
    estimator.save(f"{folder}/peer")
    common = {
        "theta_true": [0.0, 0.0],
        "grid_ranges": [(low, high)] * 2,
        "grid_resolutions": [points] * 2,
        "include_xsec": True,
        "luminosity": 1000.0 * luminosity,
    }

    def expected(path, **arguments):
        found = AsymptoticLimits(path, include_nuisance_parameters=False)
        return timed(lambda: found.expected_limits(**arguments, **common), repeat)

    axis = np.linspace(low, high, points)
    grid = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    events = x[np.arange(6251) % len(x)]

    def evaluate():
        estimator.evaluate_log_likelihood_ratio(events, grid, test_all_combinations=True, evaluate_score=False)

    return {
        "ratio": expected(small, mode="ml", model_file=f"{folder}/peer"),
        "1D": expected(large, mode="histo", hist_vars=["x0"]),
        "2D": expected(large, mode="histo", hist_vars=["x0", "x1"]),
        "evaluation": timed(evaluate, 1),
    }


def observables(repeat, setup, lhe, observables, cut, weights):
    """Observables of an LHE file, by the XML parser (the default) and by the quicker text parser."""
    miner = MadMiner()
    miner.add_parameter(lha_block="dim6", lha_id=1, parameter_name="c", parameter_range=(-1.0, 1.0))
    for number, name in enumerate(["sm", *weights]):
        miner.add_benchmark({"c": float(number)}, name)
    miner.save(setup)

    def read(as_xml):
        reader = LHEReader(setup)
        reader.add_sample(lhe, sampled_from_benchmark="sm")
        for name, definition in observables.items():
            reader.add_observable(name, definition, required=True)
        reader.add_cut(cut)
        reader.analyse_samples(parse_events_as_xml=as_xml)
        return float(len(reader.observations["pt_j1"]))

    return {"xml": timed(partial(read, True), 1), "text": timed(partial(read, False), repeat)}


def combining(repeat, paths, output):
    """Put event files together."""
    return {"combining": timed(lambda: combine_and_shuffle(paths, output), repeat)}


def morphing(repeat, max_powers, overall_power):
    """Choose a basis: the best of 100 random sets. Returns it beside its time."""
    np.random.seed(0)  # noqa: NPY002 - what madminer draws from
    n = len(max_powers)
    morpher = PhysicsMorpher(parameter_max_power=max_powers, parameter_range=[(-1.0, 1.0)] * n)
    morpher.find_components(overall_power)
    found = []

    def choose():
        basis = morpher.optimize_basis(benchmarks_numpy=np.zeros((1, n)), n_trials=100, n_test_thetas=100)
        found.append(np.asarray(basis))

    answer = timed(choose, repeat)
    morpher.set_basis(basis_numpy=found[-1])
    theta = np.random.default_rng(1).uniform(-1.0, 1.0, (1000, n))
    squares = [np.sum(morpher.calculate_morphing_weights(point) ** 2) for point in theta]
    return {"morphing": {**answer, "value": float(np.mean(squares))}}


if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    print(json.dumps(globals()[request.pop("task")](**request)))
