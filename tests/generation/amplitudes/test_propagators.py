import numpy as np
import pytest

from assay.generation.amplitudes.propagators import propagator

pytestmark = pytest.mark.fast


def test_propagator():
    q2 = np.array([-100.0, 0.0, 50.0])
    np.testing.assert_allclose(propagator(q2, 10.0, 0.0), [-1 / 200, -1 / 100, -1 / 50])
    np.testing.assert_allclose(propagator(q2, 10.0, 2.0), 1.0 / (q2 - 100.0 + 20.0j))
