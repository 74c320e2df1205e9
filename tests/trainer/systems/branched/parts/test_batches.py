import gc
import weakref

import numpy as np
import pytest


@pytest.mark.slow
def test_batches_are_resumed_where_they_were_left_and_free_their_arrays() -> None:
    from trainer.systems.branched.parts.batches import Batches

    ids = np.arange(70, dtype=np.int32).reshape(35, 2)
    arrays = ({"title": ids, "body": ids * 2}, np.arange(35, dtype=np.uint8)[:, None])
    batches = Batches(
        arrays, np.arange(5, 35), 8, seed=1, change=lambda number, some: (number, some)
    )
    every = list(batches.shuffled().take(12).as_numpy_iterator())
    for left, later in zip(every[9:], batches.shuffled(9).take(3).as_numpy_iterator(), strict=True):
        assert left[0] == later[0]
        np.testing.assert_array_equal(left[1][0]["title"], later[1][0]["title"])
    inputs, tags = every[3][1]
    np.testing.assert_array_equal(inputs["body"], inputs["title"] * 2)
    np.testing.assert_array_equal(inputs["title"][:, 0], tags[:, 0] * 2)
    seen = np.concatenate([some[1][:, 0] for _, some in every[:4]])
    assert sorted(seen) == list(range(5, 35))
    watched = weakref.ref(ids)
    del ids, arrays, batches
    gc.collect()
    assert watched() is None
