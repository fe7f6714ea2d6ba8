"""The input of `madminer-workflow-ml`: methods, samples, training, limits; of its first layout and of the last."""

from __future__ import annotations

from typing import Any

from assay.study.migration.source import Key, Source

Document = dict[str, Any]
RATIO_METHODS = ("carl", "rolr", "cascal", "rascal", "alice", "alices")
WORKFLOW_LUMINOSITY = 10_000.0
"""pb^-1: what the workflow takes if its input does not say."""
_DEVIATIONS = 3.0
_OTHERS = {
    "sallino": "sally, whose score it projects",
    "scandal": "a ratio method",
    "nde": "a ratio method",
}


def learning_sections(source: Source, physics: Document) -> Document:
    """Return the sections of a study that the file speaks of, given those of the physics.

    Raises
    ------
    StudyError
        If values are of the wrong kind.
    """
    methods = _methods(source)
    reference, sampling = _sampling(source, methods, physics)
    sections: Document = {"reference": reference} if reference else {}
    sections["luminosity"] = _luminosity(source)
    sections["sampling"] = sampling
    if training := _training(source):
        sections["training"] = training
    limits = _limits(source, physics, sampling)
    sections["methods"] = {**methods, **_histograms(source, physics), "rate": {"kind": "rate"}}
    sections["limits"] = limits
    _figures(source)
    return sections


def _methods(source: Source) -> dict[str, Document]:
    estimator = source.get("estimator")
    if estimator not in (None, "parameterized"):
        source.lose(("estimator",), "ratio estimators are parameterised in theta0 alone")
    methods: dict[str, Document] = {}
    for i in range(source.size("methods")):
        name = source.text("methods", i)
        if name in RATIO_METHODS or name == "sally":
            methods[name] = {"kind": name}
        else:
            instead = _OTHERS.get(name, "one of " + ", ".join((*RATIO_METHODS, "sally")))
            source.lose(("methods", i), "there is no such method here", f"use {instead}")
            source.get(name)  # its own section goes with it
    for name in (*RATIO_METHODS, "sally"):
        if name not in methods and source.has(name):
            source.lose((name,), "it is not among the methods", "add it to the methods if it is wanted")
    return methods


def _sampling(source: Source, methods: Document, physics: Document) -> tuple[str | None, Document]:
    """Return the reference benchmark, and the section of the samples."""
    section: Document = {}
    references: dict[str, tuple[Key, ...]] = {}
    priors: list[tuple[tuple[Key, ...], Document]] = []
    for name in methods:
        drawn = (name, "theta_0") if source.has(name, "theta_0") else (name, "theta")
        at = (name, "theta_1") if source.has(name, "theta_1") else drawn
        if (benchmark := _benchmark(source, at, physics)) is not None:
            references.setdefault(benchmark, at)
        if name != "sally" and (prior := _prior(source, drawn, physics)) is not None:
            priors.append((drawn, prior))
    for other in list(references)[1:]:
        source.lose(references[other], f"all methods have one reference, {next(iter(references))}")
    for path, prior in priors:
        if prior != priors[0][1]:
            source.lose(path, "all methods have one prior, that of the first", "run another study for the other")
    if priors:
        section.update(priors[0][1])
    for key, ours in (("train", "train_samples"), ("test", "test_samples")):
        if source.has("n_samples", key):
            section[ours] = source.whole("n_samples", key)
            if section[ours] < 10_000:
                source.lose(("n_samples", key), "kept, but far too few to learn from", "leave it out: ours are more")
    section |= _fractions(source)
    if source.get("include_nuisance_parameters"):
        why = "nuisance parameters are those of the section systematics"
        source.lose(("include_nuisance_parameters",), why, "declare them there (docs/input.md)")
    return next(iter(references), None), section


def _benchmark(source: Source, path: tuple[Key, ...], physics: Document) -> str | None:
    """Return the benchmark at which samples are drawn, if it is a single one."""
    method = source.get(*path, "sampling_method")
    key = "sampling_arg" if source.has(*path, "sampling_arg") else "argument"
    if method == "benchmark":
        name = source.text(*path, key)
        if name in physics["benchmarks"]:
            return name
        source.lose((*path, key), f"there is no such benchmark but {', '.join(physics['benchmarks'])}")
    elif method is not None and method != "random_morphing_points":
        source.get(*path, key)
        source.lose((*path, "sampling_method"), "samples are of a prior, against one benchmark", "give a prior")
    return None


def _prior(source: Source, path: tuple[Key, ...], physics: Document) -> Document | None:
    """Return prior and number of hypotheses of a ratio method, in the order of the parameters."""
    if source.get(*path, "sampling_method") != "random_morphing_points":
        source.lose((*path, "sampling_method"), "hypotheses are drawn from a prior, by default flat over the range")
        return None
    number = "sampling_number" if source.has(*path, "sampling_number") else "n_thetas"
    section: Document = {"prior": {}}
    for i, (name, parameter) in enumerate(physics["parameters"].items()):
        listed = (*path, "prior", i, f"parameter_{i}")
        entry = listed if source.has(*listed) else (*path, "prior", f"parameter_{i}")
        if not source.has(*entry):
            source.note(entry, f"the prior of {name} is flat over its range", "give it a prior")
            continue
        first, second = source.number(*entry, "prior_param_0"), source.number(*entry, "prior_param_1")
        shape = source.text(*entry, "prior_shape")
        if shape == "gaussian":
            section["prior"][name] = {"gaussian": [first, second]}
        elif shape == "flat":
            low, high = parameter["range"]
            section["prior"][name] = {"flat": [max(first, low), min(second, high)]}
            if [first, second] != section["prior"][name]["flat"]:
                source.lose((*entry, "prior_param_0"), "cut to the range of the parameter", f"widen {name}.range")
        else:
            source.refuse((*entry, "prior_shape"), shape, "flat or gaussian")
    if source.has(*path, number):
        section["hypotheses"] = source.whole(*path, number)
        if section["hypotheses"] < 100:
            why = "kept, but few hypotheses teach little of what lies between them"
            source.lose((*path, number), why, "leave it out: the default is 1000")
    return section


def _fractions(source: Source) -> Document:
    if not source.has("test_split") and not source.has("validation_split"):
        return {}
    test = source.number("test_split") if source.has("test_split") else 0.2
    share = source.number("validation_split") if source.has("validation_split") else 0.25
    if not (0.0 < test < 1.0 and 0.0 < share < 1.0):
        source.refuse(("test_split",), f"{test} and {share}", "shares between 0 and 1")
    validation = round((1.0 - test) * share, 6)
    return {"fractions": {"train": round(1.0 - test - validation, 6), "validation": validation, "test": test}}


def _luminosity(source: Source) -> float:
    """Return fb^-1: MadMiner's are pb^-1."""
    if source.has("luminosity"):
        return source.number("luminosity") / 1000.0
    why = f"taken as {WORKFLOW_LUMINOSITY:g} pb^-1 = {WORKFLOW_LUMINOSITY / 1000:g} fb^-1, the workflow's default"
    source.note(("luminosity",), why, "give the luminosity, in fb^-1")
    return WORKFLOW_LUMINOSITY / 1000.0


def _training(source: Source) -> Document:
    section: Document = {}
    for key, ours, few in (("num_epochs", "epochs", 20), ("batch_size", "batch_size", 1)):
        if source.has(key):
            section[ours] = source.whole(key)
            if section[ours] < few:
                source.lose((key,), "kept, but too few to learn anything", "leave it out: the default is 50")
    if source.has("alpha"):
        why = "not kept: here it is in units in which it does not depend on those of the parameters (default 0.1)"
        source.lose(("alpha",), why, "set methods.*.alpha if the default does not do")
    return section


def _limits(source: Source, physics: Document, sampling: Document) -> Document:
    section: Document = {}
    top = "asymptotic_limits"
    source.get(top, "bool")  # limits are always computed
    names = list(physics["parameters"])
    true = source.get(top, "theta_true")
    if true is not None:
        if not isinstance(true, list) or len(true) != len(names):
            source.refuse((top, "theta_true"), true, f"{len(names)} numbers")
        section["theta_true"] = {name: source.number(top, "theta_true", i) for i, name in enumerate(names)}
    grid = {}
    for i, name in enumerate(names):
        axis = _axis(source, i)
        if axis is not None:
            where, (low, high) = axis
            points = source.whole(top, "resolutions", i) if source.has(top, "resolutions", i) else 25
            allowed = _trained(physics["parameters"][name]["range"], sampling.get("prior", {}).get(name))
            cut = [max(low, allowed[0]), min(high, allowed[1])]
            if cut != [low, high]:
                why = f"nothing is trained beyond {list(allowed)}; the grid is {cut}"
                source.lose(where, why, "widen the prior (and the range) to go further")
            grid[name] = {"range": cut, "points": points}
    if grid:
        section["grid"] = grid
    rates = source.get("include_xsec") if source.has("include_xsec") else source.get(top, "include_xsec")
    if rates is not None:
        section["include_rate"] = list(dict.fromkeys(map(bool, rates if isinstance(rates, list) else [rates])))
    if source.has(top, "n_samples_per_theta"):
        source.lose((top, "n_samples_per_theta"), "expected limits use all events with their weights")
    return section


def _axis(source: Source, i: int) -> tuple[tuple[Key, ...], tuple[float, float]] | None:
    region: tuple[Key, ...] = ("asymptotic_limits", "region")
    if source.has(*region, f"theta_{i}"):
        path = (*region, f"theta_{i}")
        return path, (source.number(*path, "min"), source.number(*path, "max"))
    if source.has(*region, f"theta{i}_min_max"):
        path = (*region, f"theta{i}_min_max")
        return path, source.pair(*path)
    return None


def _trained(allowed: list[float], prior: Document | None) -> tuple[float, float]:
    """Return where estimators are trained: the prior, within the range."""
    low, high = allowed
    if prior is None:
        return low, high
    if "flat" in prior:
        return prior["flat"][0], prior["flat"][1]
    mean, deviation = prior["gaussian"]
    return max(low, mean - _DEVIATIONS * deviation), min(high, mean + _DEVIATIONS * deviation)


def _histograms(source: Source, physics: Document) -> dict[str, Document]:
    """Return a histogram method for every observable that is histogrammed, for limits or Fisher information."""
    found: dict[str, Document] = {}
    for path in (
        ("histogram_vars",),
        ("asymptotic_limits", "hist_vars"),
        ("fisher_information", "observable"),
    ):
        if not source.has(*path):
            continue
        name = source.text(*path)
        if name in physics["observables"]:
            found[f"histogram_{name}"] = {"kind": "histogram", "observables": [name]}
        else:
            known = ", ".join(physics["observables"]) or "none"
            source.lose(path, f"there is no such observable but {known}", "define it, and add a histogram of it")
    return found


def _figures(source: Source) -> None:
    """Fisher information and figures, of which there is less to choose."""
    for key in source.keys("fisher_information"):
        if key in ("bins", "histogram_bins", "histrange", "histogram_range"):
            why = "bins are chosen so that each holds as much of the information as the others"
            source.lose(("fisher_information", key), why, "set methods.histogram_*.bins for their number")
        elif key == "theta_true":
            source.lose(("fisher_information", key), "the Fisher information is that at the reference benchmark")
        elif key == "bool":
            source.get("fisher_information", key)  # it is always computed
    if source.has("plotting"):
        source.lose(("plotting",), "all figures are drawn, of all methods")
