"""Samples of every epoch: fresh, repeatable, and of one partition."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from assay.events.pool import EventPool, Partition
from assay.sampling.augment import draw_ratio_sample
from assay.sampling.priors import flat_prior
from assay.sampling.samples import RatioSample
from assay.sampling.streaming import SampleStream

pytestmark = pytest.mark.fast

BOX = flat_prior(((-0.8, 0.8), (-0.9, 0.9)))


def stream(pool: EventPool, *seed: int) -> SampleStream[RatioSample]:
    train = pool.select(Partition.TRAIN)
    return SampleStream(
        partial(draw_ratio_sample, train, 2000, BOX, (0.0, 0.0), n_hypotheses=100, normalisation=pool), seed
    )


def test_an_epoch_is_the_same_whenever_it_is_asked(pool: EventPool) -> None:
    first, again = stream(pool, 1), stream(pool, 1)
    digests = [first.draw(epoch).digest() for epoch in range(3)]
    assert [again.draw(epoch).digest() for epoch in (2, 0, 1)] == [digests[2], digests[0], digests[1]]
    assert stream(pool, 2).draw(0).digest() not in digests


def test_epochs_have_fresh_hypotheses_and_events(pool: EventPool) -> None:
    first, second = (stream(pool, 1).draw(epoch) for epoch in (0, 1))
    theta = [{row.tobytes() for row in np.unique(part.theta0, axis=0)} for part in (first, second)]
    assert len(theta[0]) == len(theta[1]) == 100
    assert not theta[0] & theta[1]
    assert any(np.any(a != b) for a, b in zip(np.sort(first.x, axis=0).T, np.sort(second.x, axis=0).T, strict=True))


def test_epochs_reach_more_and_more_of_the_partition_and_nothing_else(pool: EventPool) -> None:
    train = {row.tobytes() for row in pool.select(Partition.TRAIN).x.astype(np.float32)}
    source = stream(pool, 3)
    seen: list[int] = []
    found: set[bytes] = set()
    for epoch in range(8):
        found |= {row.tobytes() for row in source.draw(epoch).x}
        seen.append(len(found))
    assert found <= train
    # 2 000 samples reach at most 2 000 of some 7 200 events, eight epochs nearly all
    assert seen[0] < 0.3 * len(train)
    assert seen[-1] > 0.8 * len(train)
