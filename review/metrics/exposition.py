"""The figures in Prometheus' text format."""

from collections import Counter
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import Engine

from core.clock import Clock
from core.database.engine import reading
from core.service.signs import kind_of
from core.settings import Settings
from review.metrics.broker import KINDS, BrokerState
from review.metrics.families import FAMILIES, Sample, only_known
from review.metrics.figures import read_figures

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def read_all(engine: Engine, settings: Settings, clock: Clock) -> list[Sample]:
    """The database's figures, read in one transaction.

    Raises:
        DatabaseUnreachable: there are none.
    """
    with reading(engine) as connection:
        return read_figures(connection, settings, now=clock.now())


def of_broker(state: BrokerState) -> Iterator[Sample]:
    """The broker's figures; of one that does not answer, that it does not."""
    yield Sample("tagger_broker_up", (), int(state.error is None))
    if state.error is None:
        for queue, count in state.queues.items():
            yield Sample("tagger_queue_messages", (queue,), count)
        kinds = Counter(kind_of(worker) for worker in state.answering)
        for kind in KINDS:
            yield Sample("tagger_workers", (kind,), kinds[kind])
    for worker, at in state.last_signs.items():
        yield Sample("tagger_worker_last_sign_timestamp_seconds", (worker,), at.timestamp())


def as_text(samples: Iterable[Sample]) -> bytes:
    """All families, those without a figure too, in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(only_known(samples)))
    return generate_latest(registry)


class _Figures(Collector):
    """Hands finished figures to the client library."""

    def __init__(self, samples: list[Sample]) -> None:
        self._samples = samples

    def collect(self) -> Iterator[GaugeMetricFamily]:
        families = {
            name: GaugeMetricFamily(name, family.help, labels=family.labels)
            for name, family in FAMILIES.items()
        }
        for sample in self._samples:
            families[sample.name].add_metric(sample.labels, sample.value)
        yield from families.values()
