from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.model.predictor import Model
from core.settings import Settings
from review.suggest.models import SharedModels
from review.suggest.reasons import MOST_WORDS, find_reasons
from tests.conftest import ManualClock
from tests.models import word_bundle
from tests.rows import publish_live


@pytest.fixture
def model(sqlite_engine: Engine, clock: ManualClock, tmp_path: Path) -> Iterator[Model]:
    """The word network: a tag is probable where its word stands in the text."""
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    with SharedModels(sqlite_engine, Settings(data_dir=tmp_path)).use("stats") as loaded:
        yield loaded.model


def test_the_word_that_a_tag_rests_on_is_told(model: Model) -> None:
    found = find_reasons(model, "Regression?", "<p>An anova, please</p>", ["regression", "anova"])
    assert {tag: [one.word for one in words] for tag, words in found.items()} == {
        "regression": ["regression"],
        "anova": ["anova"],
    }
    assert 0.9 < found["anova"][0].loss < 1


def test_a_tag_that_rests_on_no_word_has_no_reasons(model: Model) -> None:
    found = find_reasons(model, "Why?", "<p>regression</p>", ["bayesian", "none-such"])
    assert found == {"bayesian": []}


def test_a_long_text_and_an_empty_one_cost_no_more_than_a_bound(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    probabilities = model.probabilities

    def counted(questions: list[object]) -> object:
        sizes.append(len(questions))
        return probabilities(questions)  # type: ignore[arg-type]

    monkeypatch.setattr(model, "probabilities", counted)
    find_reasons(model, "", " ".join(f"word{n}" for n in range(5000)), ["anova"])
    assert find_reasons(model, "", "", ["anova"]) == {"anova": []}
    assert sizes == [MOST_WORDS + 1, 1]
