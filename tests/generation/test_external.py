import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assay.errors import LHEError
from assay.generation.embedded import generate
from assay.generation.external import external_events
from assay.generation.lhe import read_lhe, write_lhe
from assay.generation.lhe.aliases import scale_aliases

pytestmark = pytest.mark.fast

MADGRAPH = Path(__file__).parents[1] / "data" / "lhe" / "madgraph_wbf_sm_200.lhe.gz"


@pytest.fixture(scope="module")
def sample(prepared):
    return generate(prepared, "sm", 200, seed=8, variations=["mur_1_muf_2"])


@pytest.fixture
def path(tmp_path, sample):
    write_lhe(tmp_path / "events.lhe", sample)
    return tmp_path / "events.lhe"


def test_events_and_weights_stay(path, sample):
    found = external_events(path)
    assert found.cross_section == pytest.approx(sample.cross_section, rel=1e-9)
    np.testing.assert_allclose(found.nominal_weights, sample.nominal_weights, rtol=1e-9)
    np.testing.assert_allclose(found.weight("mur_1_muf_2"), sample.weight("mur_1_muf_2"), rtol=1e-9)
    assert found.metadata["source"] == "events.lhe"


def test_a_cross_section_rescales_all_weights(path, sample):
    found = external_events(path, 0.5)
    factor = 0.5 / sample.cross_section
    assert found.nominal_weights.sum() == pytest.approx(0.5)
    np.testing.assert_allclose(found.weight("mur_1_muf_2"), factor * sample.weight("mur_1_muf_2"), rtol=1e-9)
    assert found.cross_section_error == pytest.approx(factor * sample.cross_section_error)


def test_negative_weights_stay(path, sample, tmp_path):
    signs = np.where(np.arange(200) % 5 == 0, -1.0, 1.0)
    weights = sample.nominal_weights * signs / 0.6
    write_lhe(tmp_path / "negative.lhe", replace(sample, nominal_weights=weights))
    found = external_events(tmp_path / "negative.lhe")
    assert np.sum(found.nominal_weights < 0.0) == 40
    assert found.nominal_weights.sum() == pytest.approx(sample.cross_section)


def test_weights_that_contradict_the_cross_section_are_refused(path, sample, tmp_path):
    write_lhe(tmp_path / "wrong.lhe", replace(sample, cross_section=1.3 * sample.cross_section))
    with pytest.raises(LHEError, match="add up to"):
        external_events(tmp_path / "wrong.lhe")
    assert external_events(tmp_path / "wrong.lhe", sample.cross_section).cross_section == sample.cross_section
    write_lhe(tmp_path / "zero.lhe", replace(sample, nominal_weights=-sample.nominal_weights))
    with pytest.raises(LHEError, match="positive sum"):
        external_events(tmp_path / "zero.lhe")


def test_files_of_madgraph():
    """This one is cut out of a longer one: its weights add up to less than it states."""
    with pytest.raises(LHEError, match="give the sample its `cross_section`"):
        external_events(MADGRAPH)
    found = external_events(MADGRAPH, 1.0)
    assert found.nominal_weights.sum() == pytest.approx(1.0)
    assert len(found) == len(read_lhe(MADGRAPH)) == 200


def test_scales_of_madgraph_are_found(path):
    header = b"""<initrwgt><weightgroup name="Central scale variation" combine="envelope">
<weight id="1" MUF="1.0" MUR="2.0" PDF="247000" > MUR=2.0  </weight>
<weight id="2" DYN_SCALE="1" MUF="0.5" MUR="2.0" PDF="247000" > MUR=2.0 dyn_scale_choice=sum pt </weight>
<weight id="3" MUF="0.5" MUR="1.0" PDF="247000" > MUF=0.5  </weight>
<weight id="4" MUF="2.0" MUR="1.0" PDF="13000" > other densities </weight>
<weight id="5" MUF="2.0" MUR="1.0" PDF="247000" > MUF=2.0 </weight>
</weightgroup></initrwgt>"""
    assert scale_aliases(header, 247000) == {"mur_2_muf_1": "1", "mur_1_muf_0.5": "3", "mur_1_muf_2": "5"}
    words = b"<weight id='1002'> muR=0.20000E+01 muF=0.10000E+01 </weight><weight id='1003'>tune</weight>"
    assert scale_aliases(words) == {"mur_2_muf_1": "1002"}
    text = path.read_text()
    group = header.decode().replace('id="3"', 'id="mur_1_muf_2"')
    path.write_text(re.sub(r"<initrwgt>.*?</initrwgt>", lambda _: group, text, flags=re.DOTALL))
    assert external_events(path).metadata["aliases"]["mur_1_muf_0.5"] == "mur_1_muf_2"
