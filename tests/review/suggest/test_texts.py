from pathlib import Path

import pytest
from sqlalchemy import Engine

from core.settings import Settings
from review.suggest import texts
from review.suggest.models import SharedModels
from review.suggest.texts import Text, suggest_tags
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import publish_live


@pytest.fixture
def models(sqlite_engine: Engine, clock: ManualClock, tmp_path: Path) -> SharedModels:
    publish_live(sqlite_engine, word_bundle(), now=clock.now())
    return SharedModels(sqlite_engine, Settings(data_dir=tmp_path))


def test_each_text_has_its_tags_the_most_probable_first(
    models: SharedModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts, "AT_ONCE", 2)
    given = [Text("", f"<p>About {label}</p>") for label in LABELS]
    found = suggest_tags(models, "stats", given)
    assert found.version == 1
    assert [tags[0].tag for tags in found.tags] == list(LABELS)
    assert [[tag.tag for tag in tags if tag.suggested] for tags in found.tags] == [
        [label] for label in LABELS
    ]
    assert all(len(tags) == len(LABELS) for tags in found.tags)


def test_excluded_tags_are_not_there_and_others_move_up(models: SharedModels) -> None:
    given = [Text("regression with anova", "")]
    (tags,) = suggest_tags(models, "stats", given, excluded={"anova", "no-such"}).tags
    assert [tag.tag for tag in tags if tag.suggested] == ["regression"]
    assert "anova" not in {tag.tag for tag in tags}
    assert not suggest_tags(models, "stats", given, excluded=LABELS).tags[0]
