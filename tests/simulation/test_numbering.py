from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from assay.errors import SimulationError
from assay.generation.lhe import read_lhe
from assay.simulation.numbering import WEIGHT_NAME, write_numbered

pytestmark = pytest.mark.fast


def test_every_event_carries_its_place_and_nothing_else_changes(madgraph: Path, tmp_path: Path) -> None:
    assert write_numbered(madgraph, tmp_path / "numbered.lhe") == 200
    before, after = read_lhe(madgraph), read_lhe(tmp_path / "numbered.lhe")
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
<MGRunCard> <init-like text> </MGRunCard>
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
    assert write_numbered(source, tmp_path / "target.lhe") == 1
    text = (tmp_path / "target.lhe").read_text()
    assert '<event npLO=" 0 " npNLO=" -1 ">' in text
    assert "<scales muf='1'></scales>" in text
    assert "2212 2212 6500. 6500. 0 0 247000 247000 3 2\n1.0 0.0 1.0 7\n1.0 0.0 1.0 8\n</init>" in text
    for absent in ("MGRunCard", "initrwgt", "comment", "mgrwt", "id='a'"):
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
        write_numbered(source, tmp_path / "target.lhe")


def test_a_damaged_event_is_named(edited: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="event 3"):
        write_numbered(edited(5, {3: lambda event: "\n 7 1 2\n"}), tmp_path / "target.lhe")
