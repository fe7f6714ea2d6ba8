"""The sections of a study that turn objects into numbers: observables, sets of them, functions of the study's own."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from assay.study.values import Finite, Section

Collection = Literal["j", "b", "e", "mu", "tau", "l", "a", "v", "p"]
"""Lists of particles, as expressions call them."""

_Count = Annotated[int, Field(ge=0, le=20)]


class ObservableSection(Section):
    """A number per event."""

    expression: Annotated[
        str, Field(min_length=1, max_length=1000, description="formula of particles and of observables above it")
    ]
    required: Annotated[bool, Field(description="drop events in which it does not exist (counted in the cut flow)")] = (
        False
    )
    default: Annotated[Finite | None, Field(description="value where it does not exist")] = None
    unit: Annotated[str, Field(description="for figures, such as GeV")] = ""
    label: Annotated[str | None, Field(description="LaTeX (without $) for figures; null: the name")] = None


class FourMomentaSection(Section):
    """Momenta of the first particles of some lists: `pt_j1`, `eta_j1`, ... of the first jet."""

    particles: Annotated[
        dict[Collection, Annotated[int, Field(ge=1, le=20)]],
        Field(min_length=1, description="how many of which list; {j: 2, a: 2}: of two jets and two photons"),
    ]
    components: Annotated[
        tuple[Literal["e", "pt", "eta", "phi", "m", "px", "py", "pz"], ...],
        Field(min_length=1, description="of each momentum"),
    ] = ("e", "pt", "eta", "phi")
    required: Annotated[bool, Field(description="drop events that lack one of them; false: 0 in its place")] = False


class DefaultObservablesSection(Section):
    """The standard observables of MadMiner (`add_default_observables`), under the same names."""

    leptons: Annotated[_Count, Field(description="hardest leptons")] = 2
    photons: Annotated[_Count, Field(description="hardest photons")] = 2
    jets: Annotated[_Count, Field(description="hardest jets")] = 2
    missing_momentum: Annotated[bool, Field(description="et_miss and phi_miss")] = True
    visible_sum: Annotated[bool, Field(description="e_visible and eta_visible")] = True
    numbers: Annotated[bool, Field(description="n_ls, n_as and n_js")] = True
    charges: Annotated[bool, Field(description="charge_l1, ...")] = True


class ObservableSetsSection(Section):
    """Sets of observables by their names; configure writes them out among the study's observables."""

    default: Annotated[
        DefaultObservablesSection | None, Field(description="those of MadMiner, `{}` for all of them; null: none")
    ] = None
    four_momenta: Annotated[FourMomentaSection | None, Field(description="momenta; null: none")] = None


class FunctionsSection(Section):
    """Python functions of the study's own for its expressions. They run with the rights of whoever runs the study."""

    module: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*\.py$", max_length=100, description="file beside this one")
    ]
    sha256: Annotated[
        str,
        Field(pattern=r"^[0-9a-f]{64}$", description="of the file, as `sha256sum` prints it, once you have read it"),
    ]
    source: Annotated[str | None, Field(description="written by configure: the file's text; not for input.yml")] = None
