"""From an evaluated candidate to a version in the registry, which goes live or waits."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, update
from sqlalchemy.engine import Connection

from core.clock import Clock
from core.database.engine import retry_while_database_is_away
from core.database.tables import ModelVersion
from core.model.bundle import PackedBundle
from core.model.registry import Reason, Version, find_live, promote, publish
from core.questions.requests import retag
from trainer.evaluation.gate import GateDecision, overrule
from trainer.options import TrainingOptions
from trainer.report.record import RunRecord
from trainer.runs.rows import RunOutcome, end_run

PUBLISH_SECONDS: Final = 600  # for which a finished model waits for the database to come back


@dataclass(frozen=True, slots=True)
class RunResult:
    """How a run went.

    Attributes:
        outcome: promoted, published or skipped.
        reason: one line that says why.
        version: the new one; None where the run was skipped.
    """

    outcome: RunOutcome
    reason: str
    version: Version | None = None


def publish_candidate(
    engine: Engine,
    packed: PackedBundle,
    decision: GateDecision,
    live: Version | None,
    options: TrainingOptions,
    record: RunRecord,
    clock: Clock,
) -> RunResult:
    """Add the version, make it live where it may be, and end the run: all or nothing.

    Hours of training are not to be lost to a deadlock or a restart of the database.
    """

    def publish_and_end() -> tuple[RunResult, GateDecision]:
        with engine.begin() as connection:
            return _publish_and_end(connection, packed, decision, live, options, record, clock)

    attempt = retry_while_database_is_away(clock, PUBLISH_SECONDS)
    result, record.decision = attempt(publish_and_end)
    record.version = None if result.version is None else result.version.version
    return result


def _publish_and_end(
    connection: Connection,
    packed: PackedBundle,
    decision: GateDecision,
    live: Version | None,
    options: TrainingOptions,
    record: RunRecord,
    clock: Clock,
) -> tuple[RunResult, GateDecision]:
    site, now = record.site, clock.now()
    version, _ = publish(connection, packed, now=now)
    of_version = update(ModelVersion).where(ModelVersion.id == version.id)
    connection.execute(of_version.values(learned_row=record.learned_row))
    # It is live where a try before this one was committed, and the database went before it said so.
    same = find_live(connection, site) in (live, version)
    final = overrule(decision, options.promote, live_is_the_same=same)
    if final.promote:
        reason: Reason = "hand" if options.promote else "gate"
        version = promote(connection, site, version.version, now=now, reason=reason)
        retag(connection, site, options.retag, now=now, recent=options.retag_recent)
    outcome: RunOutcome = "promoted" if final.promote else "published"
    end_run(
        connection,
        record.run,
        outcome,
        now=now,
        decision=final.reason,
        model_version_id=version.id,
    )
    return RunResult(outcome, final.reason, version), final
