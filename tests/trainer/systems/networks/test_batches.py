import gc
import weakref

import numpy as np
import pytest


@pytest.mark.slow
def test_batches_are_resumed_where_they_were_left_and_free_their_arrays() -> None:
    from trainer.systems.networks.batches import Batches

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
    from trainer.systems.networks.batches import Batches

    batches = Batches(np.arange(9)[:, None], np.arange(9), 4)
    for data in (batches.shuffled(), batches.in_order()):
        assert data.options().autotune.enabled is False


@pytest.mark.slow
def test_questions_of_a_batch_are_about_as_long_and_each_is_shown_once() -> None:
    from trainer.systems.networks.batches import Batches

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
    from trainer.systems.networks.batches import Batches

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
def test_keras_learns_the_same_from_an_order_of_one_s_own_as_from_arrays() -> None:
    from trainer.systems.networks.keras_setup import import_keras, make_deterministic

    keras = import_keras()
    from trainer.systems.networks.batches import Batches, one_order

    x = np.random.default_rng(0).random((37, 3), np.float32)
    y = x.sum(axis=1, keepdims=True)

    def learn(*, from_arrays: bool) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        make_deterministic(keras, 3)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        order = one_order(len(x))
        assert sorted(order) == list(range(len(x)))
        data = {"x": Batches((x, y), order, 8).in_order(), "shuffle": False}
        model.fit(**({"x": x, "y": y, "batch_size": 8} if from_arrays else data), epochs=3)
        kernel: np.ndarray[tuple[int, int], np.dtype[np.float32]] = model.get_weights()[0]
        return kernel

    np.testing.assert_array_equal(learn(from_arrays=False), learn(from_arrays=True))
