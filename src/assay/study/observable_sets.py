"""Sets of observables, written out as ordinary ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from assay.study.document import Document
from assay.study.model_observables import (
    DefaultObservablesSection,
    FourMomentaSection,
    ObservableSection,
    ObservableSetsSection,
)

KEY = "observable_sets"
_UNITS = dict.fromkeys(("e", "pt", "m", "px", "py", "pz"), "GeV")
_LABELS = {"e": "E", "pt": "p_T", "eta": r"\eta", "phi": r"\phi", "m": "m", "px": "p_x", "py": "p_y", "pz": "p_z"}
_PARTICLES = {"mu": r"\mu", "tau": r"\tau", "l": r"\ell", "a": r"\gamma", "v": r"\nu"}

Named = Iterator[tuple[str, ObservableSection]]


def written_out(document: Document) -> Document:
    """Return a study's data with its sets of observables among its observables, before those that it gives itself.

    Where the study gives an observable of the same name, that one stands. Faulty sets stay as they are, for whoever
    validates them.
    """
    sets, own = document.data.get(KEY), document.data.get("observables", {})
    if not isinstance(sets, Mapping) or not isinstance(own, Mapping) or document.data.get("observables", {}) is None:
        return document
    try:
        section = ObservableSetsSection.model_validate(sets, strict=True)
    except ValidationError:
        return document
    expanded: dict[str, Any] = {
        name: observable.model_dump(exclude_unset=True) for name, observable in observables_of(section)
    }
    observables = {**{name: value for name, value in expanded.items() if name not in own}, **own}
    rest = {key: value for key, value in document.data.items() if key != KEY}
    return replace(document, data={**rest, "observables": observables})


def observables_of(sets: ObservableSetsSection) -> Named:
    """Yield the observables of all sets, each once, with their names."""
    found: dict[str, ObservableSection] = {}
    if sets.default is not None:
        found |= dict(_default(sets.default))
    if sets.four_momenta is not None:
        found |= {name: section for name, section in _four_momenta(sets.four_momenta) if name not in found}
    yield from found.items()


def _default(chosen: DefaultObservablesSection) -> Named:
    if chosen.missing_momentum:
        yield "et_miss", ObservableSection(expression="met.pt", required=True, unit="GeV", label="E_T^{miss}")
        yield "phi_miss", ObservableSection(expression="met.phi", required=True, label=r"\phi^{miss}")
    if chosen.visible_sum:
        yield "e_visible", ObservableSection(expression="visible.e", required=True, unit="GeV", label="E^{vis}")
        yield "eta_visible", ObservableSection(expression="visible.eta", required=True, label=r"\eta^{vis}")
    for collection, count in (("l", chosen.leptons), ("a", chosen.photons), ("j", chosen.jets)):
        symbol = _PARTICLES.get(collection, collection)
        if chosen.numbers:
            yield (
                f"n_{collection}s",
                ObservableSection(expression=f"len({collection})", required=True, label=f"n_{{{symbol}}}"),
            )
        components = ("e", "pt", "eta", "phi", *(("charge",) if chosen.charges and collection == "l" else ()))
        yield from _momenta(collection, count, components, required=False)


def _four_momenta(chosen: FourMomentaSection) -> Named:
    for collection, count in chosen.particles.items():
        yield from _momenta(collection, count, chosen.components, chosen.required)


def _momenta(collection: str, count: int, components: tuple[str, ...], required: bool) -> Named:
    for index in range(count):
        particle = f"{_PARTICLES.get(collection, collection)}_{{{index + 1}}}"
        for component in components:
            where_missing: dict[str, Any] = {"required": True} if required else {"default": 0.0}
            yield (
                f"{component}_{collection}{index + 1}",
                ObservableSection(
                    expression=f"{collection}[{index}].{component}",
                    unit=_UNITS.get(component, ""),
                    label=f"{_LABELS.get(component, 'q')}({particle})",
                    **where_missing,
                ),
            )
