"""The words of Assay's expression language: particles, properties, functions, and their other spellings.

Spellings follow MadMiner (arXiv:1907.10621) and the `vector` package, whose four-momenta its particles are.
"""

from __future__ import annotations

from dataclasses import dataclass

from assay.study.grammar import Kind

CONSTANTS = {"pi": 3.141592653589793}
PREFIXED_CONSTANTS = CONSTANTS | {"e": 2.718281828459045, "tau": 6.283185307179586}
"""Behind `math.` or `np.`, where `e` and `tau` are no particles."""

COLLECTIONS = {
    "j": "jets",
    "b": "b-tagged jets",
    "e": "electrons and positrons",
    "mu": "muons",
    "tau": "tau leptons",
    "l": "electrons and muons",
    "a": "photons",
    "v": "neutrinos of the generator",
    "p": "final-state particles of the generator",
}
COLLECTION_SYNONYMS = {"ph": "a", "p_truth": "p"}
SINGLES = {
    "met": "missing transverse momentum",
    "visible": "sum of all jets, photons, electrons and muons",
    "all": "sum of these and the missing transverse momentum",
}
EVENT_NUMBERS = {
    "scale": "scale of the event, GeV",
    "alpha_qed": "electromagnetic coupling",
    "alpha_qcd": "strong coupling",
    "n_particles": "particles of the generator's event, incoming and intermediate ones included",
}
"""What the generator states of every event; observables of these names go before them."""

# name -> (fewest, most) arguments
FUNCTIONS: dict[str, tuple[int, int]] = {
    **dict.fromkeys(("abs", "sqrt", "cbrt", "square", "exp", "exp2", "expm1", "log", "log2", "log10", "log1p"), (1, 1)),
    **dict.fromkeys(("floor", "ceil", "trunc", "rint", "sign", "float", "int", "bool", "erf", "erfc"), (1, 1)),
    **dict.fromkeys(("sin", "cos", "tan", "arcsin", "arccos", "arctan", "degrees", "radians"), (1, 1)),
    **dict.fromkeys(("sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh"), (1, 1)),
    **dict.fromkeys(("arctan2", "hypot", "pow", "mod", "copysign", "heaviside"), (2, 2)),
    **dict.fromkeys(("min", "max"), (2, 20)),
    **dict.fromkeys(("where", "clip"), (3, 3)),
}
FUNCTION_SYNONYMS = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "fabs": "abs",
    "absolute": "abs",
    "ln": "log",
    "power": "pow",
    "minimum": "min",
    "maximum": "max",
    "amin": "min",
    "amax": "max",
    "remainder": "mod",
    "deg2rad": "radians",
    "rad2deg": "degrees",
    "round": "rint",
}
REDUCTION_SYNONYMS = {"product": "prod"}
FUNCTION_PREFIXES = ("math", "np", "numpy")
REDUCTIONS = ("sum", "prod", "min", "max", "mean", "any", "all")
REDUCED_OF_SOME = frozenset({"min", "max", "mean"})
"""What an empty list does not have."""

# of particles and four-vectors
KINEMATICS = (
    "pt",
    "eta",
    "phi",
    "e",
    "m",
    "px",
    "py",
    "pz",
    "p",
    "et",
    "mt",
    "m2",
    "pt2",
    "p2",
    "et2",
    "mt2",
    "theta",
    "costheta",
    "rapidity",
    "beta",
    "gamma",
)
# of single particles -> the collections whose particles have them
_WITH_CHARGE = ("e", "mu", "tau", "l", "a", "v", "p")
_JETS = ("j", "b")
PROPERTIES: dict[str, tuple[str, ...]] = {
    "charge": _WITH_CHARGE,
    "pdgid": _WITH_CHARGE,
    "spin": ("v", "p"),
    "btag": _JETS,
    "ctag": _JETS,
    "tautag": _JETS,
    "flavour": _JETS,
}
TAGS = ("btag", "ctag", "tautag")
"""Properties that are conditions."""
ATTRIBUTE_SYNONYMS = {
    "mass": "m",
    "M": "m",
    "energy": "e",
    "E": "e",
    "t": "e",
    "x": "px",
    "z": "pz",
    "rho": "pt",
    "mag": "p",
    "pseudorapidity": "eta",
    "Et": "et",
    "Mt": "mt",
    "transverse_mass": "mt",
    "transverse_energy": "et",
    "transverse_momentum": "pt",
    "mass2": "m2",
    "M2": "m2",
    "rho2": "pt2",
    "mag2": "p2",
    "Et2": "et2",
    "Mt2": "mt2",
    "q": "charge",
    "pdg_id": "pdgid",
    "b_tag": "btag",
    "tau_tag": "tautag",
    "c_tag": "ctag",
    "flavor": "flavour",
}
AMBIGUOUS_ATTRIBUTES = {"y": "'py' for the momentum (as MadMiner reads it), 'rapidity' for the rapidity"}

# of three-vectors
COMPONENTS = ("x", "y", "z", "mag", "mag2", "rho", "eta", "phi", "theta", "costheta")
COMPONENT_SYNONYMS = {"px": "x", "py": "y", "pz": "z", "p": "mag", "p2": "mag2", "pt": "rho"}


@dataclass(frozen=True)
class Signature:
    """What a function of vectors takes, one group of kinds per argument, and what it gives."""

    arguments: tuple[tuple[Kind, ...], ...]
    result: Kind


_NUMBER = (Kind.NUMBER, Kind.CONDITION)
_FOUR = (Kind.PARTICLE, Kind.FOUR_VECTOR)
_THREE = (Kind.THREE_VECTOR,)
_EITHER = (*_FOUR, *_THREE)

METHODS: dict[str, Signature] = {
    **dict.fromkeys(("deltaphi", "deltaeta", "deltar", "deltaangle", "cosangle"), Signature((_EITHER,), Kind.NUMBER)),
    **dict.fromkeys(("deltarapidity", "deltarapidityphi", "dot"), Signature((_FOUR,), Kind.NUMBER)),
    **dict.fromkeys(("boost", "boostCM_of"), Signature((_EITHER,), Kind.FOUR_VECTOR)),
    **dict.fromkeys(("boostX", "boostY", "boostZ"), Signature((_NUMBER,), Kind.FOUR_VECTOR)),
    **dict.fromkeys(("rotateX", "rotateY", "rotateZ"), Signature((_NUMBER,), Kind.FOUR_VECTOR)),
    **dict.fromkeys(("to_Vector3D", "to_beta3"), Signature((), Kind.THREE_VECTOR)),
}
"""Functions of a particle or four-vector; the arguments are the further ones."""
THREE_VECTOR_METHODS: dict[str, Signature] = {
    **dict.fromkeys(("deltaphi", "deltaeta", "deltar", "deltaangle", "cosangle"), Signature((_EITHER,), Kind.NUMBER)),
    "dot": Signature((_THREE,), Kind.NUMBER),
    "cross": Signature((_THREE,), Kind.THREE_VECTOR),
    "unit": Signature((), Kind.THREE_VECTOR),
}
METHOD_SYNONYMS = {
    "deltaR": "deltar",
    "delta_phi": "deltaphi",
    "delta_eta": "deltaeta",
    "delta_r": "deltar",
    "deltaRapidityPhi": "deltarapidityphi",
    "boost_p4": "boost",
    "boost_beta3": "boost",
    "boostCM_of_p4": "boostCM_of",
    "boostCM_of_beta3": "boostCM_of",
    "boostvector": "to_beta3",
    "to_3D": "to_Vector3D",
}
VECTOR_FUNCTIONS: dict[str, Signature] = {
    "boost_to_com": Signature((_FOUR,), Kind.FOUR_VECTOR),
    **dict.fromkeys(("costhetastar", "costhetacs", "phics"), Signature((_FOUR, _FOUR), Kind.NUMBER)),
    **dict.fromkeys(
        ("from_pxpypze", "from_pxpypzm", "from_ptetaphie", "from_ptetaphim"),
        Signature((_NUMBER,) * 4, Kind.FOUR_VECTOR),
    ),
}

RESERVED = frozenset(
    (
        *CONSTANTS,
        *COLLECTIONS,
        *COLLECTION_SYNONYMS,
        *SINGLES,
        *FUNCTIONS,
        *FUNCTION_SYNONYMS,
        *FUNCTION_PREFIXES,
        *REDUCTIONS,
        *VECTOR_FUNCTIONS,
    )
) | {"len", "and", "or", "not", "if", "else"}
