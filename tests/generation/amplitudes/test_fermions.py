import numpy as np
import pytest

from assay.generation.amplitudes.fermions import (
    colour_flow,
    colour_matrix,
    fermion_lines,
    identical_particles,
    permutation_sign,
    weak_partner,
)

pytestmark = pytest.mark.fast


def ends(lines):
    return [(line.begin, line.end) for line in lines]


def test_lines_run_from_incoming_fermions_and_outgoing_antifermions():
    (lines,) = fermion_lines((2, -1, -11, 12, 25), (0, 1, 2, 3))
    assert ends(lines) == [(0, 1), (2, 3)]
    assert [line.charge for line in lines] == [1.0, -1.0]
    assert [line.coloured for line in lines] == [True, False]
    assert [line.space_like for line in lines] == [False, False]
    assert [line.bosons() for line in lines] == [("w",), ("w",)]


def test_identical_quarks_can_be_joined_in_two_ways_of_opposite_sign():
    straight, crossed = fermion_lines((2, 2, 2, 2, 25), (0, 1, 2, 3))
    assert ends(straight) == [(0, 2), (1, 3)]
    assert ends(crossed) == [(1, 2), (0, 3)]
    assert [permutation_sign(lines) for lines in (straight, crossed)] == [1, -1]


def test_momentum_that_a_line_gives_away_is_physical():
    momenta = np.random.default_rng(5).normal(size=(3, 5, 4))
    (lines,) = fermion_lines((2, -1, -11, 12, 25), (0, 1, 2, 3))
    np.testing.assert_array_equal(lines[0].momentum(momenta), momenta[:, 0] + momenta[:, 1])
    np.testing.assert_array_equal(lines[1].momentum(momenta), -momenta[:, 2] - momenta[:, 3])


def test_bosons_of_a_line_follow_its_flavours():
    (lines, _) = fermion_lines((2, 1, 2, 1, 25), (0, 1, 2, 3))
    assert lines[0].bosons() == ("a", "z")
    assert lines[0].bosons(exclude=("a",)) == ("z",)
    (neutrinos,) = fermion_lines((2, -2, 12, -12, 25), (0, 1, 2, 3))
    assert neutrinos[1].bosons() == ("z",)
    (foreign,) = fermion_lines((2, -3, -11, 14, 25), (0, 1, 2, 3))
    assert [line.bosons() for line in foreign] == [(), ()]
    assert [weak_partner(flavour) for flavour in (1, 2, 3, 4, 11, 12)] == [2, 1, 4, 3, 12, 11]


def test_legs_that_break_fermion_number_have_no_lines():
    assert fermion_lines((2, 2, 2, -2, 25), (0, 1, 2, 3)) == ()


def test_colour_follows_the_lines():
    straight, crossed = fermion_lines((2, -1, 2, -1), (0, 1, 2, 3))
    assert colour_flow((2, -1, 2, -1), straight) == ((501, 0), (0, 501), (502, 0), (0, 502))
    assert colour_flow((2, -1, 2, -1), crossed) == ((502, 0), (0, 501), (502, 0), (0, 501))
    (lines,) = fermion_lines((1, -1, 11, -11), (0, 1, 2, 3))
    assert colour_flow((1, -1, 11, -11), lines) == ((501, 0), (0, 501), (0, 0), (0, 0))


def test_colour_matrix_is_the_trace_over_colours():
    """Sums of products of Kronecker symbols, over 4 spins, 9 colours and 2 identical quarks."""
    delta = np.eye(3)
    straight = np.einsum("ac,bd->abcd", delta, delta)
    crossed = np.einsum("bc,ad->abcd", delta, delta)
    expected = [[np.sum(f * g) / (4 * 9 * 2) for g in (straight, crossed)] for f in (straight, crossed)]
    legs = (2, 2, 2, 2, 25)
    np.testing.assert_allclose(colour_matrix(legs, fermion_lines(legs, (0, 1, 2, 3))), expected)
    drell_yan = (2, -2, -11, 11, 25)
    np.testing.assert_allclose(colour_matrix(drell_yan, fermion_lines(drell_yan, (0, 1, 2, 3))), [[3 / 36]])
    annihilation = (2, -2, 1, -1, 25)
    found = colour_matrix(annihilation, fermion_lines(annihilation, (0, 1, 2, 3)))
    np.testing.assert_allclose(found, np.array([[9, 3], [3, 9]]) / 36)


def test_identical_particles():
    assert identical_particles((2, 2, 25)) == 2
    assert identical_particles((22, 22, 2, 2, 2)) == 12
    assert identical_particles((2, 1, 25)) == 1
