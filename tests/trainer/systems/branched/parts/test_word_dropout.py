import numpy as np
import pytest


@pytest.mark.slow
def test_dropped_words_become_unknown_and_places_that_nobody_fills_are_cut_off() -> None:
    from trainer.systems.branched.parts.word_dropout import drop_words

    title = np.array([[5, 6, 0, 0], [7, 0, 0, 0]], np.int32)
    inputs = {"title": title, "body": np.zeros((2, 4), np.int32)}
    kept, tags = drop_words(0.0, 9, 0)(0, (inputs, "tags"))
    assert tags == "tags"
    np.testing.assert_array_equal(kept["title"], title[:, :2])
    np.testing.assert_array_equal(kept["body"], np.zeros((2, 1)))
    dropped, _ = drop_words(1.0, 9, 0)(0, (inputs, "tags"))
    np.testing.assert_array_equal(dropped["title"], [[9, 9], [9, 0]])
