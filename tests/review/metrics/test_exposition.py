from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from review.metrics.broker import BrokerState
from review.metrics.exposition import as_text, of_broker
from review.metrics.families import FAMILIES, Sample

AT = datetime(2026, 1, 1, tzinfo=UTC)


def parsed(*samples: Sample) -> dict[str, list[tuple[dict[str, str], float]]]:
    families = text_string_to_metric_families(as_text(samples).decode())
    return {f.name: [(one.labels, one.value) for one in f.samples] for f in families}


def test_every_family_is_told_also_without_a_figure() -> None:
    assert set(parsed()) == set(FAMILIES)


def test_a_hostile_label_stays_a_label() -> None:
    found = parsed(Sample("tagger_questions", ('a"} 1\nevil 2',), 3))
    assert found["tagger_questions"] == [({"site": 'a"} 1\nevil 2'}, 3.0)]


@pytest.mark.parametrize("sample", [Sample("evil", (), 1), Sample("tagger_questions", (), 1)])
def test_a_figure_of_no_family_is_refused(sample: Sample) -> None:
    with pytest.raises(ValueError, match="no family"):
        as_text([sample])


def test_a_broker_that_is_away_tells_that_alone_and_who_was_there() -> None:
    state = BrokerState("away", last_signs={"tagging@a": AT})
    assert list(of_broker(state)) == [
        Sample("tagger_broker_up", (), 0),
        Sample("tagger_worker_last_sign_timestamp_seconds", ("tagging@a",), AT.timestamp()),
    ]


def test_workers_are_counted_by_what_they_do() -> None:
    state = BrokerState(None, {"tagging": 3}, ("tagging@a", "worker2@b", "scheduler@a"))
    found = {(s.name, *s.labels): s.value for s in of_broker(state)}
    assert found["tagger_queue_messages", "tagging"] == 3
    assert found["tagger_workers", "tagging"] == 2
    assert found["tagger_workers", "training"] == 0
    assert found["tagger_workers", "scheduler"] == 1
