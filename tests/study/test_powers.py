from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.study.powers import terms

pytestmark = pytest.mark.fast


def by_brute_force(max_powers: list[tuple[int, ...]], overall: tuple[int, ...]) -> set[tuple[int, ...]]:
    """Multiply the polynomials of the parts term by term."""
    found = {(0,) * len(max_powers)}
    for part, most in enumerate(overall):
        of_part = [k for k in product(*(range(power[part] + 1) for power in max_powers)) if sum(k) <= most]
        found = {tuple(a + b for a, b in zip(one, two, strict=True)) for one in found for two in of_part}
    return found


@given(
    st.integers(1, 3).flatmap(
        lambda parts: st.tuples(
            st.lists(st.tuples(*[st.integers(0, 3)] * parts), min_size=1, max_size=3),
            st.tuples(*[st.integers(0, 4)] * parts),
        )
    )
)
def test_terms_are_products_of_terms_of_the_parts(case: tuple[list[tuple[int, ...]], tuple[int, ...]]) -> None:
    found = terms(*case)
    assert set(found) == by_brute_force(*case)
    assert len(found) == len(set(found))
    assert found == sorted(found, key=lambda powers: (sum(powers), [-power for power in powers]))


@pytest.mark.parametrize(
    ("max_powers", "overall", "count"),
    [
        ([2, 2], 2, 6),
        ([2, 2, 2], 2, 10),
        ([4, 4], 4, 15),
        ([4] * 4, 4, 70),
        # operators in production and in decay: as many as of power four
        ([(2, 2)] * 2, (2, 2), 15),
        ([(2, 2)] * 5, (2, 2), 126),
        ([2] * 5, (2, 2), 126),
        # two operators in the production, two others in the decay
        ([(2, 0), (2, 0), (0, 2), (0, 2)], (2, 2), 36),
        # one operator in each: a^2 d^2 is a term, a^3 is none
        ([(2, 0), (0, 2)], (2, 2), 9),
        ([(2, 0), (0, 2), (2, 2)], (2, 2), 27),
    ],
)
def test_known_numbers_of_terms(max_powers: list[int], overall: int, count: int) -> None:
    assert len(terms(max_powers, overall)) == count


def test_bounds_on_the_whole_do_not_describe_a_product_of_parts() -> None:
    found = terms([(2, 0), (2, 0), (0, 2)], (2, 2))
    assert (2, 0, 2) in found
    assert (2, 2, 0) not in found
    assert len(found) == 18
    assert len(terms([2, 2, 2], 4)) == 23


def test_counting_stops() -> None:
    assert 100 < len(terms([8] * 30, 8, most=100)) < 100_000
    assert 100 < len(terms([(8, 8)] * 30, (8, 8), most=100)) < 100_000
