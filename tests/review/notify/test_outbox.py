from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from core.database.review_tables import OutgoingEvent, QueuedQuestion, Webhook
from core.database.tables import ModelVersion, Prediction
from core.questions.review_queue import enter_queue
from review.notify import outbox as module
from review.notify.outbox import KEPT, KEPT_FAILED, OVERLAP, fill_outbox, prune
from review.notify.webhooks import NEVER
from tests.conftest import ManualClock
from tests.review.notify.receiver import add, outbox
from tests.review.rows import predict_rows
from tests.rows import insert_prediction


def told(engine: Engine, number: int | None = None) -> list[int]:
    """The questions that webhooks are told of, in the order of the outbox."""
    return [
        row.payload["question"]["question_id"]
        for row in outbox(engine)
        if number in (None, row.webhook_id)
    ]


@pytest.fixture
def known_site(engine: Engine, clock: ManualClock) -> None:
    """A question that was tagged before there was any webhook."""
    predict_rows(engine, {99: {"anova": 0.9}}, now=clock.now())
    clock.sleep(1)


def score(engine: Engine, pk: int, quality: float | None) -> None:
    row = update(QueuedQuestion).where(QueuedQuestion.question_pk == pk)
    with engine.begin() as connection:
        connection.execute(row.values(label_quality=quality, uncertainty=0.5))


@pytest.mark.usefixtures("known_site")
def test_new_suggestions_are_told_once_to_whom_they_match(
    engine: Engine, clock: ManualClock
) -> None:
    every, _ = add(engine, clock)
    anova, _ = add(engine, clock, tag="anova")
    sure, _ = add(engine, clock, tag="anova", min_probability=0.8)
    predict_rows(
        engine, {1: {"anova": 0.9}, 2: {"anova": 0.6}, 3: {"r": 0.7}, 4: {"r": 0.2}},
        now=clock.now(),
    )  # fmt: skip
    predict_rows(engine, {5: {"anova": 0.9}}, now=clock.now(), site="math")
    assert fill_outbox(engine, now=clock.now()) == 6
    assert told(engine, every) == [1, 2, 3]
    assert told(engine, anova) == [1, 2]
    assert told(engine, sure) == [1]
    for _ in range(20):  # until the overlap has been passed, and after it
        clock.sleep(10)
        assert fill_outbox(engine, now=clock.now()) == 0
    row = outbox(engine)[0]
    assert row.payload["event"] == "suggested"
    assert row.payload["question"]["tags"][0]["tag"] == "anova"


@pytest.mark.usefixtures("known_site")
def test_a_tag_that_was_stored_as_it_was_typed_is_told_of(
    engine: Engine, clock: ManualClock
) -> None:
    number, _ = add(engine, clock)
    with engine.begin() as connection:
        row = update(Webhook).where(Webhook.id == number)
        connection.execute(row.values(filter={"site": "stats", "tag": "ANOVA"}))
    predict_rows(engine, {1: {"anova": 0.9}, 2: {"r": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    assert told(engine) == [1]


@pytest.mark.usefixtures("known_site")
def test_nothing_is_lost_or_told_twice_where_the_clock_was_ahead(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    ahead = clock.now() + timedelta(hours=1)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    predict_rows(engine, {2: {"anova": 0.9}}, now=ahead)
    assert fill_outbox(engine, now=ahead) == 2
    for question in (3, 4):
        clock.sleep(60)
        predict_rows(engine, {question: {"anova": 0.9}}, now=clock.now())
        assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1, 2, 3, 4]  # not 99, which was there before the webhook


@pytest.mark.usefixtures("known_site")
def test_what_a_clock_dated_ahead_is_told_when_it_comes_due_and_read_no_earlier(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(engine, clock)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now() + timedelta(hours=1))
    pages, whole = [], module._fill_page

    def count(*arguments: Any) -> Any:
        pages.append(arguments)
        return whole(*arguments)

    monkeypatch.setattr(module, "_fill_page", count)
    for _ in range(3):
        clock.sleep(60)
        assert fill_outbox(engine, now=clock.now()) == 0
    assert pages == []
    clock.sleep(3600)
    assert fill_outbox(engine, now=clock.now()) == 1


@pytest.mark.usefixtures("known_site")
def test_a_clock_that_is_set_back_by_the_overlap_and_a_little_loses_nothing(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    clock.sleep(120)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    assert fill_outbox(engine, now=clock.now()) == 1
    clock.time -= OVERLAP + timedelta(seconds=2)
    predict_rows(engine, {2: {"anova": 0.9}}, now=clock.now())
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1, 2]


@pytest.mark.usefixtures("known_site")
def test_one_added_while_the_clock_was_ahead_is_told_of_nothing_before_it(
    engine: Engine, clock: ManualClock
) -> None:
    clock.sleep(3600)
    began = clock.now()
    clock.sleep(7200)
    add(engine, clock)
    clock.time = began + timedelta(seconds=30)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1]


@pytest.mark.usefixtures("known_site")
def test_one_added_a_moment_after_the_round_began_is_told_of_nothing_before_it(
    engine: Engine, clock: ManualClock
) -> None:
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    began = clock.now()
    clock.sleep(1)
    add(engine, clock)
    assert fill_outbox(engine, now=began) == 0
    predict_rows(engine, {2: {"anova": 0.9}}, now=clock.now())
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [2]


@pytest.mark.usefixtures("known_site")
def test_an_event_that_was_pruned_while_the_clock_was_ahead_keeps_its_id(
    engine: Engine, clock: ManualClock
) -> None:
    for _ in range(2):
        add(engine, clock)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    first = [row.payload["id"] for row in outbox(engine)]
    assert len(set(first)) == 2
    with engine.begin() as connection:
        connection.execute(update(OutgoingEvent).values(delivered_at=clock.now()))
    began = clock.now()
    clock.sleep(30 * 24 * 3600)
    predict_rows(engine, {2: {"r": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    assert prune(engine, now=clock.now()) == 2
    clock.time = began + timedelta(hours=1)
    fill_outbox(engine, now=clock.now())
    again = [row.payload["id"] for row in outbox(engine) if row.payload["id"] in first]
    assert sorted(again) == sorted(first)


@pytest.mark.usefixtures("known_site")
def test_what_an_edit_makes_a_version_predict_is_another_event(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    pks = predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    [first] = [row.payload["id"] for row in outbox(engine)]
    with engine.begin() as connection:
        connection.execute(update(OutgoingEvent).values(delivered_at=clock.now()))
    clock.sleep(2 * KEPT.total_seconds())
    fill_outbox(engine, now=clock.now())
    assert prune(engine, now=clock.now()) == 1
    with engine.begin() as connection:
        connection.execute(delete(Prediction).where(Prediction.question_pk == pks[1]))
    predict_rows(engine, {1: {"r": 0.8}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    [again] = [row.payload["id"] for row in outbox(engine)]
    assert again != first


@pytest.mark.usefixtures("known_site")
def test_a_prediction_that_is_committed_late_is_told(engine: Engine, clock: ManualClock) -> None:
    add(engine, clock)
    dated = clock.now() + timedelta(seconds=5)
    clock.sleep(30)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    clock.sleep(OVERLAP.total_seconds() - 30)
    predict_rows(engine, {2: {"anova": 0.9}}, now=dated)
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1, 2]


@pytest.mark.usefixtures("known_site")
def test_many_of_one_moment_are_read_page_by_page(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    add(engine, clock)
    predict_rows(engine, {n: {"anova": 0.9} for n in range(1, 12)}, now=clock.now())
    clock.sleep(600)
    assert fill_outbox(engine, now=clock.now()) == 11
    assert sorted(told(engine)) == list(range(1, 12))


@pytest.mark.usefixtures("known_site")
def test_a_crash_between_pages_loses_nothing(
    engine: Engine, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PAGE", 3)
    add(engine, clock)
    for n in range(1, 8):
        predict_rows(engine, {n: {"anova": 0.9}}, now=clock.now())
        clock.sleep(200)
    whole, pages = module._write_events, iter((True, True, False))

    def fails(*arguments: object) -> int:
        new = whole(*arguments)  # type: ignore[arg-type]
        if not next(pages, True):
            raise RuntimeError("a crash before the commit")
        return new

    monkeypatch.setattr(module, "_write_events", fails)
    with pytest.raises(RuntimeError):
        fill_outbox(engine, now=clock.now())
    assert told(engine) == [1, 2, 3, 4, 5, 6]
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.slow
@pytest.mark.usefixtures("known_site")
def test_disputed_tags_are_told_when_they_are_scored(engine: Engine, clock: ManualClock) -> None:
    add(engine, clock, event="disputed")
    strict, _ = add(engine, clock, event="disputed", max_quality=0.05)
    pks = predict_rows(engine, {n: {"anova": 0.9} for n in (1, 2, 3, 4)}, now=clock.now())
    for number, quality in ((1, 0.1), (2, 0.9), (4, 0.01)):
        score(engine, pks[number], quality)
    clock.sleep(600)
    fill_outbox(engine, now=clock.now())
    assert told(engine) == []  # all of one moment, of which one has no score yet
    score(engine, pks[3], 0.15)
    fill_outbox(engine, now=clock.now())
    assert sorted(told(engine)) == [1, 3, 4, 4]
    assert told(engine, strict) == [4]


@pytest.mark.usefixtures("known_site")
def test_one_without_a_score_holds_others_up_for_a_day_at_most(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock, event="disputed")
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    clock.sleep(60)
    later = predict_rows(engine, {2: {"anova": 0.9}}, now=clock.now())
    score(engine, later[2], 0.1)
    clock.sleep(3600)
    assert fill_outbox(engine, now=clock.now()) == 0
    clock.sleep(24 * 3600)
    assert fill_outbox(engine, now=clock.now()) == 1


@pytest.mark.usefixtures("known_site")
def test_a_disabled_webhook_is_told_later(engine: Engine, clock: ManualClock) -> None:
    add(engine, clock)
    disabled = update(Webhook).values(disabled_at=clock.now())
    with engine.begin() as connection:
        connection.execute(disabled)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    clock.sleep(3600)
    assert fill_outbox(engine, now=clock.now()) == 0
    with engine.begin() as connection:
        connection.execute(update(Webhook).values(disabled_at=None))
    assert fill_outbox(engine, now=clock.now()) == 1


@pytest.mark.usefixtures("known_site")
def test_what_was_delivered_is_deleted_and_not_told_again(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    predict_rows(engine, {1: {"anova": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    with engine.begin() as connection:
        connection.execute(update(OutgoingEvent).values(delivered_at=clock.now()))
    clock.sleep(KEPT.total_seconds() + 60)
    assert prune(engine, now=clock.now()) == 0  # the webhook has not read past it
    assert fill_outbox(engine, now=clock.now()) == 0
    assert prune(engine, now=clock.now()) == 1
    assert fill_outbox(engine, now=clock.now()) == 0


@pytest.mark.usefixtures("known_site")
def test_what_failed_is_deleted_a_month_later_and_what_waits_is_kept(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    predict_rows(engine, {n: {"anova": 0.9} for n in (1, 2)}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    clock.sleep(KEPT_FAILED.total_seconds() * 2)  # so long nobody answered
    refused = {"next_try_at": NEVER, "failed_at": clock.now(), "error": "answered 500"}
    first = update(OutgoingEvent).where(OutgoingEvent.id == outbox(engine)[0].id)
    with engine.begin() as connection:
        connection.execute(first.values(**refused))
    fill_outbox(engine, now=clock.now())
    clock.sleep(KEPT_FAILED.total_seconds() - 60)
    assert prune(engine, now=clock.now()) == 0
    clock.sleep(120)
    assert prune(engine, now=clock.now()) == 1
    assert told(engine) == [2]
    assert fill_outbox(engine, now=clock.now()) == 0


@pytest.mark.usefixtures("known_site")
def test_each_version_is_told_and_none_that_a_newer_one_has_replaced(
    engine: Engine, clock: ManualClock
) -> None:
    add(engine, clock)
    pks = predict_rows(engine, {1: {"anova": 0.9}, 2: {"r": 0.9}}, now=clock.now())
    fill_outbox(engine, now=clock.now())
    clock.sleep(5)
    with engine.begin() as connection:
        row = {"site": "stats", "version": 2, "created_at": clock.now(), "architecture": "simple"}
        added = insert(ModelVersion).values(**row, metrics={}, sha256="1", live=False)
        newer = connection.execute(added.returning(ModelVersion.id)).scalar_one()
        tags = {"bayes": 0.8}
        insert_prediction(connection, pks[1], newer, tags, suggested=tags, now=clock.now())
        enter_queue(connection, [pks[1]], model_version_id=newer, predicted_at=clock.now())
    assert fill_outbox(engine, now=clock.now()) == 1
    assert told(engine) == [1, 2, 1]
    assert [tag["tag"] for tag in outbox(engine)[2].payload["question"]["tags"]] == ["bayes"]
