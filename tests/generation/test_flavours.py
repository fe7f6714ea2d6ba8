import pytest

from assay.errors import GenerationError
from assay.generation.amplitude import flavour_channels
from assay.generation.flavours import (
    Combination,
    channel_text,
    charge_of,
    chosen_channels,
    flavour_classes,
)
from assay.generation.settings import EmbeddedSettings

pytestmark = pytest.mark.fast


def test_classes_join_generations_and_beams():
    channels = [(2, -1, -11, 12, 25), (-1, 2, -11, 12, 25), (4, -3, -13, 14, 25), (1, -2, 11, -12, 25)]
    found = flavour_classes(channels)
    assert [each.legs for each in found] == [(2, -1, -11, 12, 25), (1, -2, 11, -12, 25)]
    assert found[0].combinations == (
        Combination((2, -1, -11, 12, 25)),
        Combination((2, -1, -11, 12, 25), mirrored=True),
        Combination((4, -3, -13, 14, 25)),
    )


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((2, 2, 2, 2, 25), (2, 4, 4, 2, 25)),
        ((2, 1, 2, 1, 25), (2, 3, 2, 3, 25)),
        ((2, 3, 2, 3, 25), (2, 3, 4, 1, 25)),
        ((2, -2, 1, -1, 25), (2, -2, 3, -3, 25)),
        ((2, -1, 2, -1, 25), (-2, 1, 1, -2, 25)),
    ],
)
def test_different_amplitudes_are_different_classes(first, second):
    assert len(flavour_classes([first, second])) == 2


def test_outgoing_legs_are_brought_into_the_order_of_the_class():
    (found,) = flavour_classes([(2, 3, 3, 2, 25), (1, 4, 4, 1, 25), (4, 1, 4, 1, 25)])
    assert found.combinations[1:] == (Combination((4, 1, 1, 4, 25), mirrored=True), Combination((4, 1, 1, 4, 25)))


@pytest.mark.parametrize("process", ["wbf_higgs", "wh", "zh", "wgamma", "ww", "ww_stable"])
def test_every_channel_is_in_one_class_with_its_charge(process):
    channels = flavour_channels(process, EmbeddedSettings(process).options)
    combinations = [c for found in flavour_classes(channels) for c in found.combinations]
    rebuilt = [((c.legs[1], c.legs[0]) if c.mirrored else c.legs[:2]) + tuple(sorted(c.legs[2:])) for c in combinations]
    assert sorted(rebuilt) == sorted(legs[:2] + tuple(sorted(legs[2:])) for legs in channels)
    for combination in combinations:
        assert charge_of(combination.legs[:2]) == pytest.approx(charge_of(combination.legs[2:]))


def test_channels_are_chosen_by_labels():
    channels = flavour_channels("wh", EmbeddedSettings("wh").options)
    assert {legs[2] for legs in chosen_channels("p p > e+ ve h", channels)} == {-11}
    assert {legs[2] for legs in chosen_channels("p p > h l- vl~", channels)} == {11, 13}
    assert chosen_channels("u d~ > e+ ve h", channels) == ((2, -1, -11, 12, 25),)


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("p p e+ ve h", "no process"),
        ("p > e+ ve h", "no process"),
        ("p p >", "no process"),
        ("p p > e+ nu h", "unknown particle 'nu'"),
        ("d u~ > e+ ve h", "no channel"),
        ("p p > e+ ve", "no channel"),
    ],
)
def test_wrong_channels_are_refused(pattern, message):
    with pytest.raises(GenerationError, match=message):
        chosen_channels(pattern, flavour_channels("wh", EmbeddedSettings("wh").options))


def test_text_of_a_channel():
    assert channel_text((2, -1, -11, 12, 25)) == "u d~ > e+ ve h"
