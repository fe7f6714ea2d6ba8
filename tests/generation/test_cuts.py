import numpy as np
import pytest

from assay.generation.cuts import JetCuts
from assay.generation.kinematics import from_rapidity

pytestmark = pytest.mark.fast

CUTS = JetCuts(min_pt=20.0, max_eta=5.0, min_separation=0.4)


@pytest.mark.parametrize(
    ("first", "second", "passes"),
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
def test_cuts(first, second, passes):
    jets = np.stack([from_rapidity(*(np.array([float(value)]) for value in jet)) for jet in (first, second)], axis=1)
    assert CUTS.accepted(jets).tolist() == [passes]
