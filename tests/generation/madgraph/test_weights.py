"""Weights of other scales and densities from what MadGraph notes of its events."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from assay.errors import GenerationError, LHEError
from assay.generation import parton_densities
from assay.generation.external import external_events
from assay.generation.lhe.sample import Beams
from assay.generation.madgraph.weights import Origins, read_origins, variation_ratios
from assay.generation.scales import clustering_scales, strong_coupling

pytestmark = pytest.mark.fast

EVENTS = Path(__file__).parents[2] / "data" / "madgraph" / "sm.lhe.gz"
PROTONS = Beams(pdf_set=(247000, 247000))
SET = "NNPDF23_lo_as_0130_qed"


def origins(**changes: object) -> Origins:
    given = {
        "power": np.array([0, 2]),
        "renormalisation": np.array([80.0, 100.0]),
        "flavours": np.array([[2, 1], [21, -3]]),
        "fractions": np.array([[0.1, 0.02], [0.005, 0.3]]),
        "factorisation": np.array([[60.0, 50.0], [100.0, 100.0]]),
    }
    return Origins(**{**given, **changes})


def test_scales_and_momentum_fractions_are_those_of_the_events() -> None:
    sample, found = external_events(EVENTS), read_origins(EVENTS)
    momenta = sample.four_momenta.reshape(len(sample), -1, 4)
    np.testing.assert_allclose(found.fractions, momenta[:, :2, 0] / 6500.0, rtol=2e-6)
    scales = clustering_scales(momenta[:, :2], momenta[:, [4, 3]])  # u > d W+, d > u W-
    np.testing.assert_allclose(found.factorisation, scales.factorisation, rtol=1e-5)
    np.testing.assert_allclose(found.renormalisation, scales.renormalisation, rtol=1e-5)
    assert np.all(found.flavours == [2, 1])
    assert np.all(found.power == 0)


def test_ratios_of_densities() -> None:
    (ratio, back), densities = variation_ratios(origins(), PROTONS, ["mur_1_muf_2"]), parton_densities.load(SET)
    expected = 1.0
    for flavour, x, q in ((2, 0.1, 60.0), (1, 0.02, 50.0)):
        point = np.array([x])
        expected *= (
            densities.xf(flavour, point, np.array([2.0 * q]))[0] / densities.xf(flavour, point, np.array([q]))[0]
        )
    assert ratio[0] == pytest.approx(expected, rel=1e-12)
    assert back[0] != 1.0


def test_the_strong_coupling_in_its_power() -> None:
    ratios = variation_ratios(origins(), PROTONS, ["mur_0.5_muf_1"])[:, 0]
    couplings = strong_coupling(np.array([50.0, 100.0]))
    np.testing.assert_allclose(ratios, [1.0, (couplings[0] / couplings[1]) ** 2], rtol=1e-12)


def test_antiprotons_have_antiquarks() -> None:
    one = variation_ratios(origins(), Beams(pdg_id=(2212, -2212), pdf_set=(247000,) * 2), ["mur_1_muf_2"])
    flipped = origins(flavours=np.array([[2, -1], [21, 3]]))
    np.testing.assert_array_equal(one, variation_ratios(flipped, PROTONS, ["mur_1_muf_2"]))


def test_beams_without_densities() -> None:
    assert np.all(variation_ratios(origins(), Beams(pdg_id=(11, -11)), ["mur_1_muf_2"]) == 1.0)


def test_several_in_their_order() -> None:
    both = variation_ratios(origins(), PROTONS, ["mur_1_muf_2", "mur_1_muf_0.5"])
    np.testing.assert_array_equal(both[:, 1:], variation_ratios(origins(), PROTONS, ["mur_1_muf_0.5"]))
    assert variation_ratios(origins(), PROTONS, []).shape == (2, 0)


class TestRefusals:
    def test_names(self) -> None:
        with pytest.raises(GenerationError, match="no weights 'up' are known"):
            variation_ratios(origins(), PROTONS, ["up"])

    def test_other_densities(self) -> None:
        with pytest.raises(GenerationError, match="LHAPDF's set 13100") as error:
            variation_ratios(origins(), Beams(pdf_set=(13100, 13100)), ["mur_1_muf_2"])
        assert "systematics_program" in str(error.value)

    def test_weights_that_are_not_finite(self) -> None:
        with pytest.raises(GenerationError, match="event 1, mur_1_muf_2"):
            variation_ratios(origins(fractions=np.array([[0.1, 0.1], [0.1, 1.0]])), PROTONS, ["mur_1_muf_2"])

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text.replace("<mgrwt>", "<other>", 2).replace("<other>", "<mgrwt>", 1),
            lambda text: text.replace('<pdfrwt beam="2">  1 ', '<pdfrwt beam="2">  2 ', 2).replace(
                '<pdfrwt beam="2">  2 ', '<pdfrwt beam="2">  1 ', 1
            ),
        ],
        ids=["nothing noted", "merged"],
    )
    def test_events_whose_origin_is_not_noted(self, change, tmp_path: Path) -> None:
        path = tmp_path / "events.lhe.gz"
        path.write_bytes(gzip.compress(change(gzip.decompress(EVENTS.read_bytes()).decode()).encode()))
        with pytest.raises(LHEError, match="event 1") as error:
            read_origins(path)
        assert "use_syst" in str(error.value)
