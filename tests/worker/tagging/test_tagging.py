from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from weakref import ReferenceType, ref

import pytest
from sqlalchemy import Engine, event, func, select, update
from sqlalchemy.engine import Connection

from core.database.tables import BundlePart, Prediction
from core.database.views import PredictedTag
from core.errors import ModelMissing
from core.model.encoding import Calls
from core.model.live_models import Serving
from core.model.predictor import Model
from core.model.registry import promote
from core.model.text.names import Words
from core.questions.lifecycle import (
    TASK_SIZES,
    ClaimedQuestion,
    Priority,
    claim,
    finish,
    park_exhausted,
)
from core.questions.tags.synonyms import store_synonyms
from review.decisions.site_tags import unblock_tag
from tests.conftest import ManualClock
from tests.models import LABELS, word_bundle
from tests.rows import (
    find_request,
    live_models,
    predictions,
    publish,
    publish_live,
    question,
    request_of,
    store_questions,
    suggested_tags,
)
from tests.worker.tagging.batch import store_many
from worker.tagging import FIRST_OF_ALL, PART, into_parts, tag_batch


def test_a_batch_is_tagged_with_what_the_network_says(engine: Engine, clock: ManualClock) -> None:
    version = publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(
        engine,
        question(1, "Bayesian regression"),
        question(2, "C++ code", body="<p>a <b>t-test</b></p>"),
        question(3, "Nothing of the kind"),
        now=clock.now(),
    )
    outcome = tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    assert (outcome.tagged, outcome.failed, outcome.skipped) == (3, 0, 0)
    assert predictions(engine) == [(number, version.id) for number in (1, 2, 3)]
    assert suggested_tags(engine) == {1: {"bayesian", "regression"}, 2: {"c++", "t-test"}}
    with engine.connect() as connection:
        assert connection.execute(select(func.count(PredictedTag.tag))).scalar() == 3 * len(LABELS)
    assert find_request(engine, 1) is None


def test_the_living_tag_is_suggested_in_the_place_of_one_that_the_site_renamed(
    engine: Engine, clock: ManualClock
) -> None:
    """Once, where the model knows both; a dead one that a person unblocked stays as it is."""
    publish_live(engine, word_bundle(), now=clock.now())
    renamed = {"c++": "cpp", "t-test": "anova", "bayesian": "bayes"}
    with engine.begin() as connection:
        store_synonyms(connection, "stats", renamed, now=clock.now())
        unblock_tag(connection, "stats", "bayesian")
    texts = ("C++ code", "Anova or t-test", "A t-test", "Bayesian")
    asked = [question(number, text) for number, text in enumerate(texts)]
    stored = store_questions(engine, *asked, now=clock.now())
    tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    assert suggested_tags(engine) == {0: {"cpp"}, 1: {"anova"}, 2: {"anova"}, 3: {"bayesian"}}


def test_a_task_that_runs_twice_changes_nothing(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(engine, question(1), now=clock.now())
    models = live_models(engine)
    tag_batch(engine, models, "stats", stored.requested, clock)
    before = (predictions(engine), suggested_tags(engine))
    assert tag_batch(engine, models, "stats", stored.requested, clock).skipped == 1
    assert (predictions(engine), suggested_tags(engine)) == before


def test_an_edited_question_gets_its_new_tags_in_place_of_the_old(
    engine: Engine, clock: ManualClock
) -> None:
    publish_live(engine, word_bundle(), now=clock.now())
    models = live_models(engine)
    for title in ("Regression", "Anova"):
        clock.sleep(1)
        stored = store_questions(engine, question(1, title), now=clock.now())
        tag_batch(engine, models, "stats", stored.requested, clock)
    assert suggested_tags(engine) == {1: {"anova"}}
    assert len(predictions(engine)) == 1


def test_without_a_live_model_no_attempt_is_counted(engine: Engine, clock: ManualClock) -> None:
    stored = store_questions(engine, question(1), now=clock.now())
    with pytest.raises(ModelMissing, match="stats has no live model: its questions wait"):
        tag_batch(engine, live_models(engine), "stats", stored.requested, clock)
    assert request_of(engine, 1).attempts == 0


def test_a_promoted_version_is_used_from_the_next_batch_on(
    engine: Engine, clock: ManualClock
) -> None:
    models = live_models(engine)
    used = []
    for number in (1, 2):
        version = publish_live(engine, word_bundle(data_fingerprint=str(number)), now=clock.now())
        stored = store_questions(engine, question(number), now=clock.now())
        tag_batch(engine, models, "stats", stored.requested, clock)
        used.append((number, version.id))
    assert predictions(engine) == used


def test_a_damaged_live_bundle_is_refused_and_the_last_good_one_goes_on(
    engine: Engine, clock: ManualClock
) -> None:
    models = live_models(engine)
    good = publish_live(engine, word_bundle(), now=clock.now())
    first = store_questions(engine, question(1), now=clock.now())
    tag_batch(engine, models, "stats", first.requested, clock)
    bad = publish_live(engine, word_bundle(data_fingerprint="2"), now=clock.now())
    with engine.begin() as connection:
        damaged = update(BundlePart).where(BundlePart.model_version_id == bad.id).values(data=b"?")
        connection.execute(damaged)
    second = store_questions(engine, question(2), now=clock.now())
    tag_batch(engine, models, "stats", second.requested, clock)
    assert predictions(engine) == [(1, good.id), (2, good.id)]


class PoisonedModel(Model):
    """Fails for every batch that holds the word poison."""

    def encode(self, questions: Sequence[Words], sentences: Any = None) -> Calls:
        if any("poison" in question[0] for question in questions):
            raise RuntimeError("cannot invoke")
        return super().encode(questions, sentences)


def test_one_bad_question_fails_alone_and_is_parked_with_its_error(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.model.live_models.Model", PoisonedModel)
    publish_live(engine, word_bundle(), now=clock.now())
    stored = store_questions(
        engine, question(1, "Anova"), question(2, "poison"), question(3, "Anova"), now=clock.now()
    )
    models = live_models(engine)
    poison = stored.requested[1:2]
    tasks = [stored.requested, stored.requested, poison, poison]  # as the sweep makes them: smaller
    outcomes = [tag_batch(engine, models, "stats", task, clock) for task in tasks]
    assert [(o.tagged, o.failed) for o in outcomes] == [(2, 1), (0, 1), (0, 1), (0, 0)]
    with engine.begin() as connection:
        park_exhausted(connection, now=clock.now(), lease=timedelta(seconds=60))
    assert request_of(engine, 2).error == "RuntimeError: cannot invoke"
    assert request_of(engine, 2).parked_at == clock.now()
    assert set(suggested_tags(engine)) == {1, 3}


def test_versions_of_other_sites_are_not_used(engine: Engine, clock: ManualClock) -> None:
    publish_live(engine, word_bundle("cooking"), now=clock.now())
    stored = store_questions(engine, question(1), now=clock.now())
    models = live_models(engine)
    with pytest.raises(ModelMissing):
        tag_batch(engine, models, "stats", stored.requested, clock)
    assert predictions(engine) == []
    own = publish_live(engine, word_bundle("stats"), now=clock.now())
    tag_batch(engine, models, "stats", stored.requested, clock)
    assert predictions(engine) == [(1, own.id)]


def test_a_batch_of_many_is_tagged_in_parts(engine: Engine, clock: ManualClock) -> None:
    pks = store_many(engine, clock, 2 * PART + 50)
    outcome = tag_batch(engine, live_models(engine), "stats", pks, clock)
    assert (outcome.tagged, outcome.failed, outcome.skipped) == (2 * PART + 50, 0, 0)
    assert suggested_tags(engine) == {number: {"anova"} for number in range(1, 2 * PART + 51)}


@pytest.mark.parametrize("count", [0, 1, PART, PART + 1, 500, 1000])
def test_each_question_of_a_batch_is_in_one_part(count: int) -> None:
    parts = into_parts(range(count))
    assert [pk for part in parts for pk in part] == [*range(count)]
    assert all(0 < len(part) <= PART for part in parts)


@pytest.mark.parametrize("count", [100, 2 * PART])
def test_the_first_questions_are_written_before_the_next_is_claimed(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    pks = store_many(engine, clock, count)
    written: list[int] = []

    def watch(connection: Connection, *args: Any, **options: Any) -> list[ClaimedQuestion]:
        written.append(connection.scalar(select(func.count(Prediction.question_pk))) or 0)
        return claim(connection, *args, **options)

    monkeypatch.setattr("worker.tagging.claim", watch)
    models = live_models(engine)
    assert tag_batch(engine, models, "stats", pks, clock, first=FIRST_OF_ALL).tagged == count
    assert written[:2] == [0, FIRST_OF_ALL]


def test_a_backfills_task_has_two_parts() -> None:
    assert [len(part) for part in into_parts(range(TASK_SIZES[Priority.BACKFILL][0]))] == [500, 500]


def test_a_part_takes_few_statements(engine: Engine, clock: ManualClock) -> None:
    """Far from the database each is a round trip, for which a process waits."""
    pks = store_many(engine, clock, 2 * PART)
    models = live_models(engine)
    tag_batch(engine, models, "stats", pks[:PART], clock)
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    assert tag_batch(engine, models, "stats", pks[PART:], clock).tagged == PART
    asked = [statement for statement in asked if not statement.startswith("BEGIN")]  # SQLite's own
    assert len(asked) <= 12, "\n".join(asked)


def test_what_was_claimed_before_the_model_was_gone_is_tagged(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    pks = store_many(engine, clock, 2 * PART)
    models = live_models(engine)
    get, asked = models.get, []

    def get_once(site: str, before_loading: Callable[[], None]) -> Serving:
        asked.append(site)
        if len(asked) > 1:
            raise ModelMissing("stats has no live model")
        return get(site, before_loading)

    monkeypatch.setattr(models, "get", get_once)
    monkeypatch.setattr(models, "get_loaded", lambda _: None)
    with pytest.raises(ModelMissing):
        tag_batch(engine, models, "stats", pks, clock)
    assert len(predictions(engine)) == PART
    assert request_of(engine, 2 * PART).attempts == 0


def test_nothing_of_a_model_is_in_hand_while_the_next_one_is_loaded(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two models at once would take more memory than a worker has."""
    pks = store_many(engine, clock, 3 * PART)
    models = live_models(engine)
    alive: list[int] = []
    references: list[ReferenceType[Model]] = []

    class CountedModel(Model):
        def __init__(self, *given: Any, **named: Any) -> None:
            alive.append(sum(one() is not None for one in references))
            super().__init__(*given, **named)
            references.append(ref(self))
            clock.sleep(1)

    def promote_another(connection: Connection, questions: Sequence[ClaimedQuestion]) -> set[int]:
        done = finish(connection, questions)
        if len(references) < 2:
            at = clock.now() + timedelta(seconds=1)
            version = publish(connection, word_bundle(data_fingerprint="2"), now=at)
            promote(connection, "stats", version.version, now=at, reason="hand")
        return done

    monkeypatch.setattr("core.model.live_models.Model", CountedModel)
    monkeypatch.setattr("worker.tagging.finish", promote_another)
    tag_batch(engine, models, "stats", pks, clock)
    assert len(predictions(engine)) == 3 * PART
    assert alive == [0, 0]
