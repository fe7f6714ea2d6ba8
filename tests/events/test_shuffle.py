import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.events.shuffle import Shuffler

pytestmark = pytest.mark.fast


@given(
    st.integers(0, 200), st.integers(1, 3), st.integers(1, 5), st.sampled_from([64, 1000, 10**7]), st.integers(0, 999)
)
@settings(max_examples=40, deadline=None)
def test_rows_come_back_in_the_order_of_their_keys(tmp_path_factory, n_rows, n_columns, n_chunks, memory, seed):
    folder = tmp_path_factory.mktemp("buckets")
    rng = np.random.default_rng(seed)
    keys = rng.integers(0, 2**64, n_rows, dtype=np.uint64)
    keys[n_rows // 2 :] = keys[: n_rows - n_rows // 2]  # equal keys: ordered by tag
    tags, rows = rng.permutation(n_rows).astype(np.int32), rng.normal(size=(n_rows, n_columns))
    shuffler = Shuffler(folder, n_rows, n_columns, memory)
    for part in np.array_split(np.arange(n_rows), n_chunks):
        shuffler.add(keys[part], tags[part], rows[part])
    blocks = list(shuffler)
    assert list(folder.iterdir()) == []
    order = np.lexsort((tags, keys))
    if n_rows:
        np.testing.assert_array_equal(np.concatenate([b[0] for b in blocks]), keys[order])
        np.testing.assert_array_equal(np.concatenate([b[1] for b in blocks]), tags[order])
        np.testing.assert_array_equal(np.concatenate([b[2] for b in blocks]), rows[order])


def test_buckets_keep_to_the_memory(tmp_path):
    rng = np.random.default_rng(0)
    n, memory = 20_000, 100_000
    shuffler = Shuffler(tmp_path, n, 4, memory)
    keys = rng.integers(0, 2**64, n, dtype=np.uint64)
    shuffler.add(keys, np.zeros(n, dtype=np.int32), np.zeros((n, 4)))
    largest = max(path.stat().st_size for path in tmp_path.iterdir())
    assert largest < memory
