"""The samples of `madminer-workflow-ml`: hypotheses, priors, reference, numbers."""

from __future__ import annotations

from assay.study.migration.methods import SCORE_METHODS, Document
from assay.study.migration.source import Key, Source


def sampling_of(source: Source, methods: Document, physics: Document) -> tuple[str | None, Document]:
    """Return the reference benchmark, and the section of the samples."""
    section: Document = {}
    references: dict[str, tuple[Key, ...]] = {}
    drawn_from: list[tuple[tuple[Key, ...], Document]] = []
    for name in methods:
        drawn = (name, "theta_0") if source.has(name, "theta_0") else (name, "theta")
        at = (name, "theta_1") if source.has(name, "theta_1") else drawn
        if at != drawn or name in SCORE_METHODS:
            benchmark = _benchmark(source, at, physics)
            if benchmark is not None:
                references.setdefault(benchmark, at)
        if name not in SCORE_METHODS and (hypotheses := _hypotheses(source, drawn, physics)) is not None:
            drawn_from.append((drawn, hypotheses))
    for other in list(references)[1:]:
        source.lose(references[other], f"all methods have one reference, {next(iter(references))}")
    for path, hypotheses in drawn_from:
        if hypotheses != drawn_from[0][1]:
            source.lose(path, "all methods have one prior, that of the first", "run another study for the other")
    if drawn_from:
        section.update(drawn_from[0][1])
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


def _hypotheses(source: Source, path: tuple[Key, ...], physics: Document) -> Document | None:
    """Return the hypotheses that samples are drawn at: benchmarks, points, or the prior of random ones."""
    method = source.get(*path, "sampling_method")
    if method == "random_morphing_points":
        return _prior(source, path, physics)
    key = "sampling_arg" if source.has(*path, "sampling_arg") else "argument"
    given = source.get(*path, key)
    listed = given if method in ("benchmarks", "morphing_points") else [given]
    points: list[object] = []
    for one in listed if isinstance(listed, list) else []:
        if method in ("benchmark", "benchmarks") and one in physics["benchmarks"]:
            points.append(one)
        elif method in ("morphing_point", "morphing_points") and _is_point(one, len(physics["parameters"])):
            points.append({name: float(value) for name, value in zip(physics["parameters"], one, strict=True)})
        else:
            source.lose((*path, key), f"no hypothesis of this study: {one}", "list them under sampling.numerator")
    if points:
        return {"numerator": points}
    source.lose((*path, "sampling_method"), "hypotheses are drawn from a prior, by default flat over the range")
    return None


def _is_point(value: object, n_parameters: int) -> bool:
    numbers = isinstance(value, list) and all(isinstance(one, int | float) for one in value)
    return numbers and isinstance(value, list) and len(value) == n_parameters


def _prior(source: Source, path: tuple[Key, ...], physics: Document) -> Document:
    """Return prior and number of hypotheses of a ratio method, in the order of the parameters."""
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
