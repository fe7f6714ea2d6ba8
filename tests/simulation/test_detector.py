"""The detector's response, measured back from its output, is the one of the card."""

from __future__ import annotations

from collections.abc import Callable

import awkward as ak
import numpy as np
import pytest

from assay.simulation.card import DetectorCard, read_card
from assay.simulation.detector import detect
from assay.simulation.objects import FIELDS
from assay.simulation.record import ShoweredEvents
from assay.study.arithmetic import evaluate
from assay.study.expressions import Expression, parse

pytestmark = pytest.mark.fast

Gun = Callable[..., ShoweredEvents]
KINDS = {"photons": 22, "electrons": 11, "muons": 13}


@pytest.fixture(scope="module")
def card() -> DetectorCard:
    return read_card()


def run(events: ShoweredEvents, card: DetectorCard, seed: int = 1) -> ak.Array:
    return detect(events, np.ones(len(events.event_number)), card, np.random.default_rng(seed))


def shots(gun: Gun, pdgid: int, n: int, pt: float, eta: float, heavy: int | None = None) -> ShoweredEvents:
    phi = np.linspace(-3, 3, n)
    particles = [[(pdgid, pt, eta, angle)] for angle in phi]
    return gun(particles, None if heavy is None else [[(heavy, 0.8 * pt, eta + 0.1, angle)] for angle in phi])


def at(formula: Expression, pt: float, eta: float) -> float:
    return float(evaluate(formula, {"pt": pt, "eta": eta, "phi": 0.0, "energy": pt * np.cosh(eta)}))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("pt", "eta"), [(50.0, 0.3), (50.0, -2.0), (20.0, 1.2), (200.0, 2.3)])
def test_efficiency_and_resolution_of_photons_and_leptons(
    gun: Gun, card: DetectorCard, kind: str, pt: float, eta: float
) -> None:
    n = 8000
    objects = run(shots(gun, KINDS[kind], n, pt, eta), card)[kind]
    section = getattr(card, kind)
    efficiency = at(section.efficiency, pt, eta)
    assert ak.sum(ak.num(objects)) / n == pytest.approx(efficiency, abs=5 * np.sqrt(efficiency * (1 - efficiency) / n))
    measured = np.asarray(ak.flatten(objects.pt)) / pt
    if kind == "muons":
        spread = at(section.pt_resolution, pt, eta)
    else:
        spread = at(section.energy_resolution, pt, eta) / (pt * np.cosh(eta))
    assert measured.mean() == pytest.approx(1.0, abs=5 * spread / np.sqrt(len(measured)))
    assert measured.std() == pytest.approx(spread, rel=5 / np.sqrt(2 * len(measured)))
    np.testing.assert_allclose(ak.flatten(objects.eta), eta, atol=1e-12)
    np.testing.assert_allclose(
        np.sort(np.asarray(ak.flatten(objects.mass)))[-1], {"photons": 0, "electrons": 0.000511, "muons": 0.10566}[kind]
    )


@pytest.mark.parametrize(("pt", "eta"), [(60.0, 0.5), (60.0, 2.5), (100.0, -4.0), (300.0, 1.0)])
def test_resolution_of_jets(gun: Gun, card: DetectorCard, pt: float, eta: float) -> None:
    n = 6000
    jets = run(shots(gun, 211, n, pt, eta), card).jets
    assert ak.all(ak.num(jets) == 1)  # far above the threshold
    measured = np.asarray(ak.flatten(jets.pt)) / pt
    spread = at(card.jets.energy_resolution, pt, eta) / (pt * np.cosh(eta))
    assert measured.mean() == pytest.approx(1.0, abs=5 * spread / np.sqrt(n))
    assert measured.std() == pytest.approx(spread, rel=6 / np.sqrt(2 * n))


@pytest.mark.parametrize(("heavy", "name"), [(5, "b"), (4, "c"), (None, "light")])
def test_b_tags(gun: Gun, card: DetectorCard, heavy: int | None, name: str) -> None:
    n, pt = 20_000, 100.0
    sharp = card.model_copy(update={"jets": card.jets.model_copy(update={"energy_resolution": formula("0")})})
    jets = ak.flatten(run(shots(gun, 211, n, pt, 1.0, heavy), sharp).jets)
    assert set(jets.flavour) == {heavy or 0}
    share = float(np.mean(jets.btag))
    expected = at(getattr(card.b_tagging, name), pt, 1.0)
    assert share == pytest.approx(expected, abs=5 * np.sqrt(expected / n))
    assert not ak.any(run(shots(gun, 211, 500, pt, 3.0, heavy), sharp).jets.btag)


def formula(text: str, *variables: str) -> Expression:
    return parse(text, particles=False, variables=variables or ("pt", "eta", "phi", "energy"))


@pytest.fixture(scope="module")
def perfect(card: DetectorCard) -> DetectorCard:
    """A detector that finds and measures everything exactly."""
    one, zero = formula("1"), formula("0")
    sections = {
        name: getattr(card, name).model_copy(
            update={"efficiency": one, "energy_resolution": zero, "pt_resolution": zero}
        )
        for name in ("photons", "electrons", "muons")
    }
    return card.model_copy(
        update={
            **sections,
            "jets": card.jets.model_copy(update={"energy_resolution": zero}),
            "missing_momentum": card.missing_momentum.model_copy(update={"soft_resolution": formula("0", "sum_et")}),
        }
    )


def test_missing_momentum_is_the_momentum_of_what_is_invisible(gun: Gun, perfect: DetectorCard) -> None:
    event = [
        (12, 40.0, 0.5, 0.3),
        (211, 60.0, 1.0, 2.0),
        (22, 30.0, -1.0, -2.0),
        (13, 25.0, 0.2, -0.5),
        (211, 3.0, 2.0, 1.0),
        (211, 55.0, -1.5, 3.0),
    ]
    px, py = (sum(pt * function(phi) for _, pt, _, phi in event[1:]) for function in (np.cos, np.sin))
    objects = run(gun([event]), perfect)
    met = objects.met[0]
    assert met.pt * np.cos(met.phi) == pytest.approx(-px)
    assert met.pt * np.sin(met.phi) == pytest.approx(-py)


def test_particles_out_of_acceptance_and_muons_not_found_are_missing(gun: Gun, perfect: DetectorCard) -> None:
    blind = perfect.model_copy(update={"muons": perfect.muons.model_copy(update={"efficiency": formula("0")})})
    unseen = [(13, 50.0, 0.0, 1.0), (211, 50.0, 5.5, 1.0), (12, 50.0, 0.0, 1.0)]
    objects = run(gun([[particle, (211, 50.0, 1.0, 1.0 - np.pi)] for particle in unseen]), blind)
    np.testing.assert_allclose(objects.met.pt, 50.0)
    np.testing.assert_allclose(objects.met.phi, 1.0)
    assert run(gun([[unseen[0], (211, 50.0, 1.0, 1.0 - np.pi)]]), perfect).met.pt[0] == pytest.approx(0.0, abs=1e-9)


def test_missing_momentum_has_the_resolution_of_jets_and_of_soft_energy(gun: Gun, card: DetectorCard) -> None:
    n = 6000
    soft = [
        (211, 4.0, 0.0, angle) for angle in np.arange(8) * np.pi / 4
    ]  # balanced; one of them is part of the first jet
    objects = run(gun([[*soft, (211, 80.0, 0.0, np.pi / 2), (211, 80.0, 0.5, -np.pi / 2)]] * n), card)
    x, y = objects.met.pt * np.cos(objects.met.phi), objects.met.pt * np.sin(objects.met.phi)
    sigma_soft = float(evaluate(card.missing_momentum.soft_resolution, {"sum_et": 28.0}))
    jets = [at(card.jets.energy_resolution, 84.0, 0.0), at(card.jets.energy_resolution, 80.0, 0.5) / np.cosh(0.5)]
    assert np.std(x) == pytest.approx(sigma_soft, rel=0.06)
    assert np.std(y) == pytest.approx(np.sqrt(sigma_soft**2 + jets[0] ** 2 + jets[1] ** 2), rel=0.06)
    assert np.mean(x) == pytest.approx(0.0, abs=5 * np.std(x) / np.sqrt(n))


def test_isolation(gun: Gun, perfect: DetectorCard) -> None:
    for kind, code in KINDS.items():
        limit = getattr(perfect, kind).isolation.maximum
        events = [
            [(code, 50.0, 0.0, 0.0)],
            [(code, 50.0, 0.0, 0.0), (211, 50.0 * limit * 0.9, 0.2, 0.0)],
            [(code, 50.0, 0.0, 0.0), (211, 50.0 * limit * 1.1, 0.2, 0.0)],
            [(code, 50.0, 0.0, 0.0), (211, 50.0 * limit * 1.1, 0.2, 1.0)],
            [(code, 50.0, 0.0, 3.1), (211, 50.0 * limit * 1.1, 0.0, -3.1)],
            [(code, 50.0, 0.0, 0.0), (12, 100.0, 0.0, 0.1)],
        ]
        np.testing.assert_array_equal(ak.num(run(gun(events), perfect)[kind]), [1, 1, 0, 1, 0, 1])


def test_isolated_objects_are_not_jets_and_others_are(gun: Gun, perfect: DetectorCard) -> None:
    events = [
        [(22, 50.0, 0.0, 0.0)],
        [(22, 50.0, 0.0, 0.0), (211, 30.0, 0.1, 0.0)],
        [(11, 50.0, 0.0, 0.0)],
        [(13, 50.0, 0.0, 0.0)],
    ]
    objects = run(gun(events), perfect)
    np.testing.assert_array_equal(ak.num(objects.jets), [0, 1, 0, 0])
    assert objects.jets[1].pt[0] == pytest.approx(80.0, rel=1e-3)
    np.testing.assert_array_equal(ak.num(objects.photons), [1, 0, 0, 0])


def test_electrons_keep_their_bremsstrahlung(gun: Gun, perfect: DetectorCard) -> None:
    event = [(11, 40.0, 0.0, 0.0), (22, 20.0, 0.02, 0.02), (22, 30.0, 0.0, 2.0)]
    objects = run(gun([event]), perfect)
    assert objects.electrons[0].pt[0] == pytest.approx(60.0, rel=1e-3)
    np.testing.assert_allclose(objects.photons[0].pt, [30.0])
    assert ak.num(objects.jets)[0] == 0


def test_a_photon_between_two_electrons_is_counted_once(gun: Gun, perfect: DetectorCard) -> None:
    event = [(11, 40.0, 0.0, 0.0), (-11, 40.0, 0.0, 0.15), (22, 20.0, 0.0, 0.06)]
    objects = run(gun([event]), perfect)
    np.testing.assert_allclose(np.sort(np.asarray(objects.electrons[0].pt)), [40.0, 60.0], rtol=1e-3)


def test_charges(gun: Gun, perfect: DetectorCard) -> None:
    objects = run(gun([[(11, 50.0, 0.0, 0.0), (-11, 40.0, 1.0, 2.0), (-13, 30.0, -1.0, -2.0)]]), perfect)
    assert ak.to_list(objects.electrons[0].charge) == [-1, 1]
    assert ak.to_list(objects.muons[0].charge) == [1]


def test_jets_are_anti_kt_jets(gun: Gun, perfect: DetectorCard) -> None:
    # two particles closer than R make one jet, further apart two; the softer is added to the harder
    events = [[(211, 50.0, 0.0, 0.0), (211, 40.0, 0.0, angle)] for angle in (0.39, 0.41)]
    objects = run(gun(events), perfect)
    np.testing.assert_array_equal(ak.num(objects.jets), [1, 2])
    expected = np.hypot(50 + 40 * np.cos(0.39), 40 * np.sin(0.39))
    assert objects.jets[0].pt[0] == pytest.approx(expected)
    assert objects.jets[0].mass[0] == pytest.approx(np.sqrt(90.0**2 - expected**2))


def test_thresholds_are_on_measured_momenta(gun: Gun, card: DetectorCard) -> None:
    objects = run(shots(gun, 211, 3000, card.jets.minimum_pt, 0.0), card)
    share = float(ak.mean(ak.num(objects.jets)))
    assert 0.4 < share < 0.5  # the median of a log-normal with mean one lies below one
    assert ak.min(objects.jets.pt) > card.jets.minimum_pt


@pytest.mark.parametrize(
    "events", [[[]], [[], [(22, 50.0, 0.0, 0.0)], []], [[(12, 50.0, 0.0, 0.0)]], [[(211, 0.7, 0.0, 0.0)]]]
)
def test_events_with_little_or_nothing(
    gun: Gun, perfect: DetectorCard, events: list[list[tuple[int, float, float, float]]]
) -> None:
    objects = run(gun(events), perfect)
    assert len(objects) == len(events)
    assert set(ak.fields(objects)) == {*FIELDS, "met", "event_number", "weight", "shower_weight"}
    assert not ak.any(ak.num(objects.jets))


def test_events_do_not_influence_each_other(gun: Gun, perfect: DetectorCard) -> None:
    random = np.random.default_rng(3)
    codes = (22, 11, -13, 211, 12, 111)
    events = [
        [
            (
                int(random.choice(codes)),
                float(random.exponential(30) + 1),
                float(random.normal(0, 2)),
                float(random.uniform(-3, 3)),
            )
            for _ in range(random.integers(0, 12))
        ]
        for _ in range(60)
    ]
    together = ak.to_list(run(gun(events), perfect))
    for i in (0, 17, 59):
        alone = ak.to_list(run(gun([events[i]]), perfect))[0]
        for name in ("jets", "electrons", "muons", "photons"):
            for mine, other in zip(alone[name], together[i][name], strict=True):
                assert {k: v for k, v in mine.items() if k != "btag"} == pytest.approx(
                    {k: v for k, v in other.items() if k != "btag"}
                )


def test_same_seed_same_objects(gun: Gun, card: DetectorCard) -> None:
    events = shots(gun, 211, 50, 60.0, 1.0)
    assert ak.to_list(run(events, card, 5)) == ak.to_list(run(events, card, 5))
    assert ak.to_list(run(events, card, 5)) != ak.to_list(run(events, card, 6))
