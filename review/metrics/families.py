"""Every metric that is told: its name, what it is, and its labels.

Names follow Prometheus' conventions: base units, `_seconds` at the end of a time, a moment as
`_timestamp_seconds`. The labels' values are few: sites, feeds, queues, outcomes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure: of which metric, for which values of its labels."""

    name: str
    labels: tuple[str, ...]
    value: float


@dataclass(frozen=True, slots=True)
class Family:
    """What a metric is."""

    help: str
    labels: tuple[str, ...] = ()


_SITE: Final = ("site",)
_FEED: Final = ("site", "feed")

FAMILIES: Final[dict[str, Family]] = {
    "tagger_questions": Family("Questions stored.", _SITE),
    "tagger_questions_tagged": Family("Questions with a prediction by any version.", _SITE),
    "tagger_questions_pending": Family("Questions that a worker is to tag.", _SITE),
    "tagger_questions_parked": Family("Questions given up after too many attempts.", _SITE),
    "tagger_oldest_pending_age_seconds": Family(
        "How long the oldest pending question has waited; 0 where none is.", _SITE
    ),
    "tagger_predictions_last_hour": Family("Predictions of the last hour.", _SITE),
    "tagger_predictions_last_day": Family("Predictions of the last 24 hours.", _SITE),
    "tagger_live_version": Family("Number of the live model version; 0 where none is.", _SITE),
    "tagger_live_version_created_timestamp_seconds": Family(
        "When the live model version was made.", _SITE
    ),
    "tagger_live_agreement_questions": Family(
        "Settled questions of the live version's last seven days.", _SITE
    ),
    "tagger_live_agreement_precision_at_1": Family(
        "Of those settled questions, the share whose most probable tag is one of the author's.",
        _SITE,
    ),
    "tagger_live_agreement_recall_at_5": Family(
        "Of those settled questions, the mean share of author's tags among the five most probable.",
        _SITE,
    ),
    "tagger_live_agreement_without_suggestion": Family(
        "Of those settled questions, the share for which no tag reached its threshold.", _SITE
    ),
    "tagger_drift": Family("1 where drift of the live version was found.", _SITE),
    "tagger_feed_fetched": Family(
        "Questions that a feed has brought; of wikis, tags that it has asked for.", _FEED
    ),
    "tagger_feed_failures": Family("Requests in a row that came to nothing.", _FEED),
    "tagger_feed_last_success_timestamp_seconds": Family(
        "When a feed was last read with success.", _FEED
    ),
    "tagger_feed_mark_timestamp_seconds": Family("The feed's high-water mark.", _FEED),
    "tagger_feed_paused_until_timestamp_seconds": Family(
        "Until when the API allows no request of a feed; absent where it does.", _FEED
    ),
    "tagger_api_quota": Family("Requests a day that the API grants to a key.", ("client",)),
    "tagger_api_quota_remaining": Family("Requests of the day that are left.", ("client",)),
    "tagger_skipped_items": Family("Items of the API that no question could be read of.", _SITE),
    "tagger_broker_up": Family("1 where the broker answers."),
    "tagger_queue_messages": Family("Messages that wait in a queue.", ("queue",)),
    "tagger_workers": Family("Workers that answer, by the queue of their name.", ("kind",)),
    "tagger_worker_last_sign_timestamp_seconds": Family(
        "When a worker or scheduler last answered this process.", ("worker",)
    ),
    "tagger_last_sign_age_seconds": Family(
        "How long ago a part last wrote into the database that it gets on.", ("part",)
    ),
    "tagger_killed_processes_last_day": Family(
        "Processes of workers that the system killed within a day."
    ),
    "tagger_backup_timestamp_seconds": Family(
        "As of when the scheduler's last backup is; absent before the first."
    ),
    "tagger_backup_bytes": Family("How large the scheduler's last backup is."),
    "tagger_backup_failed": Family("1 where a backup was tried since the last one and failed."),
    "tagger_training_runs": Family("Training runs so far.", ("site", "outcome")),
    "tagger_training_running": Family("1 while a training runs.", _SITE),
    "tagger_training_last_failed": Family("1 where the latest training run failed.", _SITE),
    "tagger_training_last_success_timestamp_seconds": Family(
        "When the latest run ended that made a version.", _SITE
    ),
    "tagger_verdicts": Family("Verdicts that stand.", ("site", "verdict")),
    "tagger_reviews_last_day": Family("Questions reviewed within 24 hours.", _SITE),
    "tagger_review_queue": Family(
        "Questions that wait for reviewers: open (of many an estimate), conflicting, or unscored.",
        ("site", "state"),
    ),
    "tagger_outgoing_events_waiting": Family("Events that webhooks have not confirmed yet."),
    "tagger_outgoing_events_failing": Family(
        "Of the events that wait, those that were sent and not confirmed."
    ),
    "tagger_outgoing_events_failed": Family("Events that webhooks have refused too often."),
    "tagger_figures_timestamp_seconds": Family("When these figures were read from the database."),
}


def only_known(samples: Iterable[Sample]) -> list[Sample]:
    """The samples, each of a family and with a value for each of its labels.

    Raises:
        ValueError: one is not.
    """
    found = list(samples)
    for sample in found:
        family = FAMILIES.get(sample.name)
        if family is None or len(family.labels) != len(sample.labels):
            raise ValueError(f"{sample} is of no family")
    return found
