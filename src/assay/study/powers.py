"""The terms of the polynomial that a squared matrix element is in the parameters.

An amplitude that is a product of parts (the production of a particle, its decay) squares to a product of polynomials,
one per part. Its terms are all products of one term of each part, which no bounds on the powers as a whole describe:
with a and b in the production and c in the decay, at power 2 each, a^2 c^2 is a term, a^2 b^2 is none.
"""

from __future__ import annotations

from collections.abc import Sequence

Powers = int | Sequence[int]
"""A maximal power: a number for the same one in every part, or a number per part."""


def n_parts(max_powers: Sequence[Powers], max_overall_power: Powers) -> int:
    """Return the number of parts of the amplitude: of the longest list, one without lists."""
    return max([1, *(len(power) for power in (max_overall_power, *max_powers) if not isinstance(power, int))])


def per_part(power: Powers, parts: int) -> tuple[int, ...]:
    """Return the maximal power in every part."""
    return (power,) * parts if isinstance(power, int) else tuple(power)


def terms(max_powers: Sequence[Powers], max_overall_power: Powers, most: int | None = None) -> list[tuple[int, ...]]:
    """Return the powers of all terms.

    Parameters
    ----------
    max_powers
        The maximal power of each parameter in the squared matrix element, or in that of each part.
    max_overall_power
        The maximal sum of the powers in a term, or in a term of each part.
    most
        Stop soon after so many terms; the result is then too long, but not complete.

    Returns
    -------
    Terms, each with a power per parameter, ordered by their sum, and among equal sums by the first parameters' powers.
    """
    parts = n_parts(max_powers, max_overall_power)
    columns = [per_part(power, parts) for power in max_powers]
    found = {(0,) * len(max_powers)}
    for part, overall in enumerate(per_part(max_overall_power, parts)):
        factors = _terms_of_part([column[part] for column in columns], overall, most)
        products: set[tuple[int, ...]] = set()
        for powers in found:
            products.update(tuple(map(int.__add__, powers, factor)) for factor in factors)
            if most is not None and len(products) > most:
                break
        found = products
    return sorted(found, key=lambda powers: (sum(powers), [-power for power in powers]))


def _terms_of_part(max_powers: Sequence[int], overall: int, most: int | None) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for highest in max_powers:
        found = [(*powers, power) for powers in found for power in range(min(highest, overall - sum(powers)) + 1)]
        if most is not None and len(found) > most:
            missing = len(max_powers) - len(found[0])
            return [powers + (0,) * missing for powers in found]
    return found
