from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assay.errors import SimulationError
from assay.generation.lhe import read_lhe
from assay.simulation.numbering import WEIGHT_NAME, numbered_blocks

pytestmark = pytest.mark.fast


def test_every_event_carries_its_place_and_nothing_else_changes(madgraph: Path, tmp_path: Path) -> None:
    (block,) = numbered_blocks(madgraph, tmp_path, 500)
    assert (block.number, block.first, block.n_events) == (0, 0, 200)
    before, after = read_lhe(madgraph), read_lhe(block.path)
    assert after.weight_names == (WEIGHT_NAME,)
    np.testing.assert_array_equal(after.weights[:, 0], np.arange(200))
    np.testing.assert_array_equal(after.nominal_weights, 1.0)
    for name in ("four_momenta", "pdg_id", "status", "mothers", "colours", "masses", "spins", "scales", "alpha_qcd"):
        np.testing.assert_array_equal(getattr(after, name), getattr(before, name))
    assert after.beams == before.beams


def test_banner_comments_and_attributes(tmp_path: Path) -> None:
    source = tmp_path / "source.lhe"
    source.write_text(
        """<LesHouchesEvents version="3.0">
<header>
<MGProcCard> <init-like text> </MGProcCard>
<MGRunCard>
 1 = ickkw
</MGRunCard>
<initrwgt>
<weightgroup> <weight id='a'> x </weight> </weightgroup>
</initrwgt>
</header>
<init>
2212 2212 6500. 6500. 0 0 247000 247000 -4 2
1.5 0.1 1. 7
2.5 0.1 1. 8
</init>
<event npLO=" 0 " npNLO=" -1 ">
 1 7 +3.5 100. 0.0078 0.118
 25 1 0 0 0 0 0. 0. 0. 125. 125. 0. 9.
# a comment
<mgrwt>
<rscale> 2 </rscale>
</mgrwt>
<scales muf='1'></scales>
<rwgt>
<wgt id='a'> 4 </wgt>
</rwgt>
</event>
</LesHouchesEvents>
"""
    )
    (block,) = numbered_blocks(source, tmp_path, 10)
    text = block.path.read_text()
    assert '<event npLO=" 0 " npNLO=" -1 ">' in text
    assert "<scales muf='1'></scales>" in text
    assert "2212 2212 6500. 6500. 0 0 247000 247000 3 2\n1.0 0.0 1.0 7\n1.0 0.0 1.0 8\n</init>" in text
    # what matching by MadGraph's parameters reads, and nothing else of the banner
    assert "<header>\n<MGRunCard>\n 1 = ickkw\n</MGRunCard>\n</header>\n<init>" in text
    for absent in ("MGProcCard", "initrwgt", "comment", "mgrwt", "id='a'"):
        assert absent not in text
    assert text.count("<wgt") == 1


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace("<init>", "<unit>"),
        lambda text: text[: text.rindex("</event>")],
        lambda text: text.replace("-3 1\n", "\n", 1),
    ],
)
def test_damaged_files_are_refused(madgraph: Path, tmp_path: Path, damage: Callable[[str], str]) -> None:
    source = tmp_path / "damaged.lhe"
    source.write_text(damage(gzip.decompress(madgraph.read_bytes()).decode()))
    with pytest.raises(SimulationError, match=r"damaged\.lhe"):
        list(numbered_blocks(source, tmp_path, 50))


def test_a_damaged_event_is_named(edited: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="event 3"):
        list(numbered_blocks(edited(5, {3: lambda event: "\n 7 1 2\n"}), tmp_path, 2))


def test_blocks_follow_one_another(madgraph: Path, tmp_path: Path) -> None:
    blocks = list(numbered_blocks(madgraph, tmp_path, 64))
    assert [(block.number, block.first, block.n_events) for block in blocks] == [
        (0, 0, 64), (1, 64, 64), (2, 128, 64), (3, 192, 8)
    ]  # fmt: skip
    numbers = np.concatenate([read_lhe(block.path).weights[:, 0] for block in blocks])
    np.testing.assert_array_equal(numbers, np.arange(200))
    momenta = np.concatenate([read_lhe(block.path).four_momenta for block in blocks])
    np.testing.assert_array_equal(momenta, read_lhe(madgraph).four_momenta)


def test_blocks_are_written_when_they_are_asked_for(madgraph: Path, tmp_path: Path) -> None:
    blocks = numbered_blocks(madgraph, tmp_path, 50)
    next(blocks)
    assert len(list(tmp_path.iterdir())) == 1
