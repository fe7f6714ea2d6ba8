from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import pytest
import pythia8mc

from assay.errors import SimulationError
from assay.generation.lhe import read_lhe
from assay.simulation import pythia as module
from assay.simulation.pythia import ShowerSettings
from assay.simulation.record import ShoweredEvents
from assay.simulation.shower import shower

pytestmark = pytest.mark.fast

QUICK = ShowerSettings(hadronisation=False)
# the hard process and nothing else: momenta stay those of the LHE file
BARE = replace(
    QUICK,
    settings=("PartonLevel:ISR = off", "PartonLevel:FSR = off", "BeamRemnants:primordialKT = off"),
    maximum_rejected=1.0,
)


def numbers(chunks: list[ShoweredEvents]) -> list[int]:
    return [int(number) for chunk in chunks for number in chunk.event_number]


def photon_px(chunks: list[ShoweredEvents]) -> np.ndarray:
    """Sum of the photons' px per event: tells events apart."""
    parts = []
    for chunk in chunks:
        photons = chunk.particles[chunk.particles.pdgid == 22]
        parts.append(np.asarray(ak.sum(photons.px, axis=1)))
    return np.concatenate(parts)


def no_colour(event: str) -> str:
    """Break the colour line of the first quark."""
    return event.replace("  502 ", "  777 ", 1)


def unknown_particle(event: str) -> str:
    return event.replace("      22  1", " 9999999  1", 1).replace("       22  1", " 9999999  1", 1)


def test_all_events_come_through_in_chunks(madgraph: Path) -> None:
    chunks = list(shower(madgraph, QUICK, seed=1, block_size=64))
    assert [len(chunk.event_number) for chunk in chunks] == [64, 64, 64, 8]
    assert numbers(chunks) == list(range(200))


def test_rejected_events_do_not_shift_the_others(edited: Callable[..., Path]) -> None:
    # the trap: weights matched by position, so that every rejected event shifts all the rest
    bad = {0: no_colour, 3: no_colour, 4: unknown_particle, 17: no_colour, 29: no_colour}
    path = edited(30, bad)
    chunks = list(shower(path, BARE, seed=1, block_size=7))
    assert numbers(chunks) == [i for i in range(30) if i not in bad]
    # the numbers are right, not only consistent: final-state photons still are those of the numbered event
    sample = read_lhe(path)
    final = (sample.status == 1) & (sample.pdg_id == 22)
    expected = np.bincount(
        np.repeat(np.arange(30), sample.particle_counts), weights=np.where(final, sample.four_momenta[:, 1], 0.0)
    )[numbers(chunks)]
    found = photon_px(chunks)
    np.testing.assert_allclose(found, expected, atol=1e-3)
    assert not np.allclose(np.roll(found, 1), expected, atol=1.0)


def test_events_that_pythia_skips_silently_do_not_shift_the_others(
    madgraph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class EveryThird(pythia8mc.UserHooks):  # type: ignore[misc]
        """Vetoes events, whereupon Pythia takes the next one without telling."""

        seen = 0

        def canVetoProcessLevel(self) -> bool:  # noqa: N802
            return True

        def doVetoProcessLevel(self, event: object) -> bool:  # noqa: N802
            self.seen += 1
            return self.seen % 3 == 0

    hooks = EveryThird()
    configured = module.configured

    def with_hooks(*arguments: Any) -> Any:
        pythia = configured(*arguments)
        pythia.addUserHooksPtr(hooks)
        return pythia

    monkeypatch.setattr(module, "configured", with_hooks)
    settings = replace(QUICK, maximum_rejected=0.5)
    assert numbers(list(shower(madgraph, settings, seed=1, block_size=50))) == [i for i in range(200) if i % 3 != 2]


def test_events_of_weight_zero_are_kept(edited: Callable[..., Path]) -> None:
    path = edited(20, {5: lambda event: event.replace("+1.0417000e-07", "0.0", 1)})
    assert numbers(list(shower(path, QUICK, seed=1))) == list(range(20))  # weights are ours to carry


def test_the_strategy_of_the_file_has_no_influence(edited: Callable[..., Path]) -> None:
    # Pythia would unweight a file of strategy 1, and lose events
    path = edited(20, {})
    path.write_text(path.read_text().replace("247000 247000 -3 1", "247000 247000 1 1"))
    assert numbers(list(shower(path, QUICK, seed=1))) == list(range(20))


def test_same_seed_same_events_other_seed_other_events(madgraph: Path) -> None:
    first, again, other = (
        ak.to_list(next(shower(madgraph, QUICK, seed, block_size=5)).particles) for seed in (7, 7, 8)
    )
    assert first == again
    assert first != other


def test_momentum_is_conserved(madgraph: Path) -> None:
    for settings in (QUICK, ShowerSettings()):
        particles = next(iter(shower(madgraph, settings, 1, block_size=30))).particles
        for name, total in (("px", 0.0), ("py", 0.0), ("pz", 0.0), ("e", 13_000.0)):
            np.testing.assert_allclose(ak.sum(particles[name], axis=1), total, atol=0.05)


def test_undecayed_higgs_bosons_decay_to_two_photons(edited: Callable[..., Path]) -> None:
    def undecayed(event: str) -> str:
        lines = event.strip("\n").split("\n")
        lines[0] = lines[0].replace(" 7 ", " 5 ", 1)
        lines[3] = lines[3].replace("25  2", "25  1")
        return "\n" + "\n".join(lines[:6]) + "\n"

    chunks = list(shower(edited(50, dict.fromkeys(range(50), undecayed)), BARE, seed=1))
    particles = ak.concatenate([chunk.particles for chunk in chunks])
    photons = particles[particles.pdgid == 22]
    assert ak.to_list(ak.num(photons)) == [2] * 50
    px, py, pz, e = (ak.sum(photons[name], axis=1) for name in ("px", "py", "pz", "e"))
    np.testing.assert_allclose(np.sqrt(e**2 - px**2 - py**2 - pz**2), 125.0, atol=0.5)
    assert not ak.any(particles.pdgid == 25)


def test_decayed_events_keep_their_photons(madgraph: Path) -> None:
    sample = read_lhe(madgraph)
    found = photon_px(list(shower(madgraph, BARE, seed=1)))
    final = (sample.status == 1) & (sample.pdg_id == 22)
    expected = np.add.reduceat(np.where(final, sample.four_momenta[:, 1], 0.0), sample.offsets[:-1])
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_a_beam_that_pythia_cannot_have_is_an_error(edited: Callable[..., Path]) -> None:
    path = edited(3, {})
    path.write_text(path.read_text().replace("2212 2212 6.5", "9999 2212 6.5"))
    with pytest.raises(SimulationError, match="could not be initialised"):
        list(shower(path, QUICK, seed=1))


def test_no_temporary_files_stay_behind(madgraph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    events = shower(madgraph, QUICK, 1, block_size=50)
    next(events)
    assert list(tmp_path.iterdir())
    events.close()  # type: ignore[attr-defined]
    assert not list(tmp_path.iterdir())


def test_the_same_events_whatever_the_number_of_workers(edited: Callable[..., Path]) -> None:
    path = edited(40, {3: no_colour, 25: no_colour})
    one, two = (list(shower(path, QUICK, 5, workers, block_size=9)) for workers in (1, 2))
    assert numbers(one) == numbers(two) == [i for i in range(40) if i not in (3, 25)]
    for alone, shared in zip(one, two, strict=True):
        for name in ("particles", "heavy", "taus"):
            assert ak.to_list(getattr(alone, name)) == ak.to_list(getattr(shared, name))


def test_damaged_events_end_all_workers_with_their_number(edited: Callable[..., Path]) -> None:
    with pytest.raises(SimulationError, match="event 33"):
        list(shower(edited(40, {33: lambda event: "\n 7 1 2\n"}), QUICK, 1, workers=2, block_size=5))
