"""Runs under the Python of `.venv-madminer`, never under ours: what madminer 0.9.6 makes of a file, or writes.

Takes requests as JSON on standard input, a line each, and answers each with a line of JSON on standard output.
"""

import json
import logging
import sys
import traceback
import warnings
from collections import OrderedDict

warnings.simplefilter("ignore")

import numpy as np  # noqa: E402
from madminer import LHEReader, MadMiner, SampleAugmenter, combine_and_shuffle  # noqa: E402
from madminer.models import FiniteDiffBenchmark, NuisanceParameter, Observable  # noqa: E402
from madminer.utils.interfaces.hdf5 import save_events, save_nuisance_setup  # noqa: E402
from madminer.utils.morphing import PhysicsMorpher  # noqa: E402


def setup(path, parameters, benchmarks, max_overall_power, systematics=()):
    """Write parameters, benchmarks and morphing with `MadMiner`."""
    miner = MadMiner()
    for parameter in parameters:
        miner.add_parameter(**{**parameter, "parameter_range": tuple(parameter["parameter_range"])})
    for name, values in benchmarks.items():
        miner.add_benchmark(values, name)
    miner.set_morphing(max_overall_power=max_overall_power, include_existing_benchmarks=True, n_trials=20)
    for systematic in systematics:
        miner.add_systematics(**systematic)
    miner.save(path)
    return {}


def morphing(path, thetas):
    """Morphing weights and their gradients as madminer computes them from a file."""
    miner = MadMiner()
    miner.load(path)
    morpher = miner.morpher
    return {
        "benchmarks": {name: list(b.values.values()) for name, b in miner.benchmarks.items()},
        "weights": [morpher.calculate_morphing_weights(np.array(theta)).tolist() for theta in thetas],
        "gradients": [morpher.calculate_morphing_weight_gradient(np.array(theta)).tolist() for theta in thetas],
    }


def lhe(setup_path, samples, observables, cuts, output):
    """Read LHE files with `LHEReader` and write an event file."""
    reader = LHEReader(setup_path)
    for sample in samples:
        reader.add_sample(**sample)
    for name, definition in observables.items():
        reader.add_observable(name, definition, required=True)
    for cut in cuts:
        reader.add_cut(cut)
    reader.analyse_samples()
    reader.save(output)
    return {}


def events(setup_path, output, observables, weights, sampling_benchmarks, nuisance_parameters, reference):
    """Write events with madminer's own saving functions."""
    save_nuisance_setup(
        file_name=output,
        file_override=True,
        nuisance_benchmarks=list(weights),
        nuisance_parameters=OrderedDict((row["name"], NuisanceParameter(**row)) for row in nuisance_parameters),
        reference_benchmark=reference,
        copy_from_path=setup_path,
    )
    drawn_at = np.array(sampling_benchmarks)
    miner = MadMiner()
    miner.load(setup_path)
    save_events(
        file_name=output,
        file_override=True,
        observables=OrderedDict((name, Observable(name=name, val_expression=None)) for name in observables),
        observations=OrderedDict((name, np.array(values)) for name, values in observables.items()),
        weights=OrderedDict((name, np.array(values)) for name, values in weights.items()),
        sampling_benchmarks=drawn_at,
        num_signal_events=np.bincount(drawn_at[drawn_at >= 0], minlength=len(miner.benchmarks)).tolist(),
        num_background_events=int(np.sum(drawn_at < 0)),
    )
    return {}


def combine(inputs, output):
    """Put files together with `combine_and_shuffle`."""
    combine_and_shuffle(inputs, output)
    return {}


def read(path, thetas, nus=()):
    """All numbers that madminer gets from an event file."""
    sampler = SampleAugmenter(path)
    points = [np.array(theta) for theta in thetas]
    x, benchmark_weights = next(sampler.event_loader(batch_size=None))
    answer = {
        "parameters": list(sampler.parameters),
        "benchmarks": list(sampler.benchmarks),
        "observables": list(sampler.observables),
        "nuisance_parameters": list(sampler.nuisance_parameters or ()),
        "x": x.tolist(),
        "scaled_benchmark_weights": benchmark_weights.tolist(),
        "benchmark_cross_sections": sampler.xsecs()[0].tolist(),
        "cross_sections": sampler.xsecs(points)[0].tolist(),
        "cross_section_gradients": sampler.xsec_gradients(points, gradients="theta").tolist(),
        "weights": [sampler.weighted_events(theta=theta)[1].tolist() for theta in points],
    }
    if nus:
        at = [np.array(nu) for nu in nus]
        answer["nuisance_cross_sections"] = [sampler.xsecs([point] * len(at), at)[0].tolist() for point in points]
        answer["nuisance_factors"] = [
            sampler.nuisance_morpher.calculate_nuisance_factors(nu, benchmark_weights).tolist() for nu in at
        ]
    return answer


def components(production, decay, shared):
    """Powers of the couplings that an amplitude of production times decay has, each linear in its couplings."""
    n_couplings = production + decay + shared
    morpher = PhysicsMorpher(parameter_max_power=[4] * n_couplings, parameter_range=[(-1.0, 1.0)] * n_couplings)
    return {"components": np.asarray(morpher.find_components(4, Np=production, Nd=decay, Ns=shared)).tolist()}


def write_differences(path, parameters, benchmarks, shifted, epsilon):
    """Write a set-up with finite differences in place of morphing (what is to make them in 0.9.6 fails)."""
    miner = MadMiner()
    for parameter in parameters:
        miner.add_parameter(**{**parameter, "parameter_range": tuple(parameter["parameter_range"])})
    for name, values in benchmarks.items():
        miner.add_benchmark(values, name)
    miner.finite_difference_benchmarks = OrderedDict(
        (name, FiniteDiffBenchmark(name, OrderedDict(names))) for name, names in shifted.items()
    )
    miner.finite_difference_epsilon = epsilon
    miner.save(path)
    return {}


def read_differences(path):
    """What madminer reads of finite differences."""
    miner = MadMiner()
    miner.load(path)
    return {
        "epsilon": miner.finite_difference_epsilon,
        "shifted": {name: found.shift_names for name, found in miner.finite_difference_benchmarks.items()},
        "benchmarks": {name: list(b.values.values()) for name, b in miner.benchmarks.items()},
    }


COMMANDS = {
    f.__name__: f
    for f in (setup, morphing, lhe, events, combine, read, components, write_differences, read_differences)
}


def answer_to(request):
    try:
        return COMMANDS[request.pop("command")](**request)
    except Exception:
        return {"error": traceback.format_exc()}


def main():
    logging.disable(logging.CRITICAL)
    answers, sys.stdout = sys.stdout, sys.stderr  # whatever madminer prints is no answer
    for line in sys.stdin:
        print(json.dumps(answer_to(json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
