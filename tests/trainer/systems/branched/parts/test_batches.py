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


@pytest.mark.slow
def test_nobody_tunes_batches_or_their_end_would_wait_for_whoever_does() -> None:
    from trainer.systems.branched.parts.batches import Batches

    batches = Batches(np.arange(9)[:, None], np.arange(9), 4)
    for data in (batches.shuffled(), batches.in_order()):
        assert data.options().autotune.enabled is False


@pytest.mark.slow
def test_questions_of_a_batch_are_about_as_long_and_each_is_shown_once() -> None:
    from trainer.systems.branched.parts.batches import Batches

    count = 2005
    lengths = np.random.default_rng(0).permutation(count)
    numbers = np.arange(count, dtype=np.int32)[:, None]
    plain, alike = (
        Batches(numbers, np.arange(count), 16, seed=1, lengths=some) for some in (None, lengths)
    )

    def epochs(batches: Batches, first: int = 0) -> list[np.ndarray[tuple[int], np.dtype]]:
        steps = 2 * batches.steps - first
        return [some[:, 0] for some in batches.shuffled(first).take(steps).as_numpy_iterator()]

    shown = epochs(alike)
    for epoch in shown[: alike.steps], shown[alike.steps :]:
        assert sorted(np.concatenate(epoch)) == list(range(count))
    assert not np.array_equal(shown[0], shown[alike.steps])
    for one, other in zip(epochs(alike, 5), shown[5:], strict=True):
        np.testing.assert_array_equal(one, other)

    (last,) = (some for some in shown[: alike.steps] if len(some) < 16)
    assert np.ptp(lengths[last]) > 500  # the short batch weighs each of its questions more

    def spread(batches: Batches) -> float:
        return float(np.mean([np.ptp(lengths[some]) for some in epochs(batches)]))

    assert spread(alike) < spread(plain) / 3


@pytest.mark.slow
def test_a_site_of_few_batches_has_others_in_each_epoch() -> None:
    from trainer.systems.branched.parts.batches import Batches

    lengths = np.random.default_rng(0).permutation(120)
    numbers = np.arange(120, dtype=np.int32)[:, None]
    few = Batches(numbers, np.arange(120), 16, seed=1, lengths=lengths)
    first, second = (
        [
            set(some[:, 0])
            for some in few.shuffled(epoch * few.steps).take(few.steps).as_numpy_iterator()
        ]
        for epoch in (0, 1)
    )
    shared = [max(len(one & other) for other in second) / len(one) for one in first]
    assert np.mean(shared) < 0.5


@pytest.mark.slow
def test_dropped_words_become_unknown_and_places_that_nobody_fills_are_cut_off() -> None:
    from trainer.systems.branched.parts.batches import drop_words

    title = np.array([[5, 6, 0, 0], [7, 0, 0, 0]], np.int32)
    inputs = {"title": title, "body": np.zeros((2, 4), np.int32)}
    kept, tags = drop_words(0.0, 9, 0)(0, (inputs, "tags"))
    assert tags == "tags"
    np.testing.assert_array_equal(kept["title"], title[:, :2])
    np.testing.assert_array_equal(kept["body"], np.zeros((2, 1)))
    dropped, _ = drop_words(1.0, 9, 0)(0, (inputs, "tags"))
    np.testing.assert_array_equal(dropped["title"], [[9, 9], [9, 0]])
