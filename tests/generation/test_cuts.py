import numpy as np
import pytest

from assay.errors import GenerationError
from assay.generation.cuts import Cuts
from assay.generation.kinematics import from_rapidity

pytestmark = pytest.mark.fast

OPEN = {"min_jet_pt": 0.0, "max_jet_eta": None, "min_jet_separation": 0.0, "min_photon_pt": 0.0, "max_photon_eta": None,
        "min_photon_separation": 0.0}  # fmt: skip


def passes(cuts, **particles):
    """Particles by PDG id (`j2` is a second one of that kind) with pT, eta and phi."""
    ids = {"u": 2, "d": 1, "em": 11, "ep": -11, "mm": 13, "ve": 12, "vx": -12, "a": 22, "b": 22, "h": 25}
    momenta = [from_rapidity(*(np.array([float(value)]) for value in values)) for values in particles.values()]
    return cuts.accepted(tuple(ids[name] for name in particles), np.stack(momenta, axis=1)).tolist() == [True]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((30, 1, 0), (30, -1, 0), True),
        ((19.9, 1, 0), (30, -1, 0), False),
        ((30, 1, 0), (19.9, -1, 0), False),
        ((30, 5.1, 0), (30, -1, 0), False),
        ((30, -5.1, 0), (30, -1, 0), False),
        ((30, 1, 0), (30, 1.3, 0.2), False),
        ((30, 1, 0), (30, 1.3, 0.3), True),
        ((30, 1, 3.1), (30, 1, -3.1), False),
    ],
)
def test_the_cuts_of_the_default_study(first, second, expected):
    assert passes(Cuts(), u=first, d=second, h=(0.1, 8, 0)) is expected


CASES = [
    ({"min_jet_pair_mass": 100.0}, {"u": (51, 0, 0), "d": (51, 0, 3.1)}, {"u": (50, 0, 0), "d": (50, 0, 2.0)}),
    ({"min_lepton_pt": 10.0}, {"em": (11, 0, 0), "u": (1, 0, 0)}, {"em": (9, 0, 0), "u": (50, 0, 0)}),
    ({"max_lepton_eta": 2.5}, {"ep": (11, -2.4, 0), "ve": (9, 4, 0)}, {"ep": (11, -2.6, 0), "ve": (9, 0, 0)}),
    ({"min_lepton_separation": 0.4}, {"ep": (9, 0, 3), "mm": (9, 0, 2.5)}, {"ep": (9, 0, 3.1), "mm": (9, 0, -3.1)}),
    ({"min_lepton_pair_mass": 20.0}, {"ep": (9, 0, 0), "mm": (9, 0, 0.1)}, {"ep": (9, 0, 0), "em": (9, 0, 0.1)}),
    ({"max_lepton_pair_mass": 120.0}, {"ep": (59, 0, 0), "em": (59, 0, 3.1)}, {"ep": (61, 0, 0), "em": (61, 0, 3.1)}),
    ({"min_photon_pt": 10.0}, {"a": (11, 0, 0), "h": (1, 0, 0)}, {"a": (11, 0, 0), "b": (9, 0, 0)}),
    ({"max_photon_eta": 2.5}, {"a": (11, 2.4, 0), "u": (9, 3, 0)}, {"a": (11, 2.6, 0), "u": (9, 3, 0)}),
    ({"min_photon_separation": 0.4}, {"a": (9, 0, 0), "ve": (9, 0, 0.1)}, {"a": (9, 0, 0), "em": (9, 0, 0.1)}),
    ({"min_photon_separation": 0.4}, {"a": (9, 0, 0), "u": (9, 0, 0.5)}, {"a": (9, 0, 0), "u": (9, 0.2, 0.3)}),
    ({"min_jet_lepton_separation": 0.4}, {"u": (9, 0, 0), "ve": (9, 0, 0.1)}, {"u": (9, 0, 0), "em": (9, 0, 0.1)}),
    ({"min_missing_pt": 50.0}, {"ve": (30, 0, 0), "vx": (30, 3, 0.2)}, {"ve": (60, 0, 0), "vx": (30, 3, 3.1)}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "good", "bad"), CASES)
def test_each_cut_alone(changes, good, bad):
    cuts = Cuts(**{**OPEN, **changes})
    assert passes(cuts, **good)
    assert not passes(cuts, **bad)
    assert passes(Cuts(**OPEN), **bad)


@pytest.mark.parametrize(
    "changes",
    [{"min_jet_pt": -1.0}, {"max_jet_eta": 0.0}, {"min_missing_pt": float("nan")}, {"min_lepton_pt": None},
     {"max_lepton_pair_mass": float("inf")}],
)  # fmt: skip
def test_wrong_cuts_are_refused(changes):
    with pytest.raises(GenerationError, match=next(iter(changes))):
        Cuts(**changes)
