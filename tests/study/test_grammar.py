from __future__ import annotations

import pytest

from assay.study import vocabulary
from assay.study.expressions import parse
from assay.study.grammar import walk

pytestmark = pytest.mark.fast


def test_synonyms_stand_for_something_known() -> None:
    assert set(vocabulary.COLLECTION_SYNONYMS.values()) <= set(vocabulary.COLLECTIONS)
    assert set(vocabulary.ATTRIBUTE_SYNONYMS.values()) <= {*vocabulary.KINEMATICS, *vocabulary.PROPERTIES}
    assert set(vocabulary.METHOD_SYNONYMS.values()) <= set(vocabulary.METHODS)
    assert set(vocabulary.COMPONENT_SYNONYMS.values()) <= set(vocabulary.COMPONENTS)
    assert set(vocabulary.REDUCTION_SYNONYMS.values()) <= set(vocabulary.REDUCTIONS)
    assert set(vocabulary.FUNCTION_SYNONYMS.values()) <= set(vocabulary.FUNCTIONS)
    for synonyms, names in [
        (vocabulary.COLLECTION_SYNONYMS, vocabulary.COLLECTIONS),
        (vocabulary.ATTRIBUTE_SYNONYMS, vocabulary.KINEMATICS),
        (vocabulary.FUNCTION_SYNONYMS, vocabulary.FUNCTIONS),
    ]:
        assert not set(synonyms) & set(names)


@pytest.mark.parametrize(("spelling", "meaning"), list(vocabulary.ATTRIBUTE_SYNONYMS.items()))
def test_synonyms_of_attributes(spelling: str, meaning: str) -> None:
    collection = vocabulary.PROPERTIES.get(meaning, ("j",))[0]
    assert parse(f"{collection}[0].{spelling}").tree == parse(f"{collection}[0].{meaning}").tree


@pytest.mark.parametrize(("spelling", "meaning"), list(vocabulary.FUNCTION_SYNONYMS.items()))
def test_synonyms_of_functions(spelling: str, meaning: str) -> None:
    arguments = ", ".join(["2"] * vocabulary.FUNCTIONS[meaning][0])
    assert parse(f"{spelling}({arguments})").tree == parse(f"{meaning}({arguments})").tree


@pytest.mark.parametrize("name", vocabulary.PROPERTIES)
def test_properties_belong_to_some_collections_only(name: str) -> None:
    for collection in vocabulary.COLLECTIONS:
        text = f"{collection}[0].{name}"
        if collection in vocabulary.PROPERTIES[name]:
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
