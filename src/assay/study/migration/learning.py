"""The input of `madminer-workflow-ml`: methods, samples, training, limits; of its first layout and of the last."""

from __future__ import annotations

from assay.study.migration.methods import Document, methods_of
from assay.study.migration.sampling import sampling_of
from assay.study.migration.source import Key, Source

WORKFLOW_LUMINOSITY = 10_000.0
"""pb^-1: what the workflow takes if its input does not say."""
_DEVIATIONS = 3.0


def learning_sections(source: Source, physics: Document) -> Document:
    """Return the sections of a study that the file speaks of, given those of the physics.

    Raises
    ------
    StudyError
        If values are of the wrong kind.
    """
    methods = methods_of(source)
    reference, sampling = sampling_of(source, methods, physics)
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
    if source.has("fisher_information", "theta_true"):
        at = {name: source.number("fisher_information", "theta_true", i) for i, name in enumerate(names)}
        section["fisher"] = {"at": at}
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
        elif key == "bool":
            source.get("fisher_information", key)  # it is always computed
    if source.has("plotting"):
        source.lose(("plotting",), "all figures are drawn, of all methods")
