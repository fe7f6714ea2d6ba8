from __future__ import annotations

import pytest

from assay.study import grammar
from assay.study.expressions import parse
from assay.study.parsing import walk

pytestmark = pytest.mark.fast


def test_synonyms_stand_for_something_known() -> None:
    assert set(grammar.COLLECTION_SYNONYMS.values()) <= set(grammar.COLLECTIONS)
    assert set(grammar.ATTRIBUTE_SYNONYMS.values()) <= {*grammar.KINEMATICS, *grammar.PROPERTIES}
    assert set(grammar.SEPARATION_SYNONYMS.values()) <= set(grammar.SEPARATIONS)
    assert set(grammar.FUNCTION_SYNONYMS.values()) <= set(grammar.FUNCTIONS)
    for synonyms, names in [
        (grammar.COLLECTION_SYNONYMS, grammar.COLLECTIONS),
        (grammar.ATTRIBUTE_SYNONYMS, grammar.KINEMATICS),
        (grammar.FUNCTION_SYNONYMS, grammar.FUNCTIONS),
    ]:
        assert not set(synonyms) & set(names)


@pytest.mark.parametrize(("spelling", "meaning"), list(grammar.ATTRIBUTE_SYNONYMS.items()))
def test_synonyms_of_attributes(spelling: str, meaning: str) -> None:
    collection = grammar.PROPERTIES.get(meaning, ("j",))[0]
    assert parse(f"{collection}[0].{spelling}").tree == parse(f"{collection}[0].{meaning}").tree


@pytest.mark.parametrize(("spelling", "meaning"), list(grammar.FUNCTION_SYNONYMS.items()))
def test_synonyms_of_functions(spelling: str, meaning: str) -> None:
    arguments = ", ".join(["2"] * grammar.FUNCTIONS[meaning][0])
    assert parse(f"{spelling}({arguments})").tree == parse(f"{meaning}({arguments})").tree


@pytest.mark.parametrize("name", grammar.PROPERTIES)
def test_properties_belong_to_some_collections_only(name: str) -> None:
    for collection in grammar.COLLECTIONS:
        text = f"{collection}[0].{name}"
        if collection in grammar.PROPERTIES[name]:
            parse(text)
        else:
            with pytest.raises(Exception, match="have no property"):
                parse(text)


def test_nodes_are_walked_from_left_to_right() -> None:
    tree = parse("1 + 2 * (j[0] + a[1]).pt").tree
    kinds = [type(node).__name__ for node in walk(tree)]
    assert kinds == [
        "Binary",
        "Number",
        "Binary",
        "Number",
        "Attribute",
        "Binary",
        "Item",
        "Particles",
        "Item",
        "Particles",
    ]
