"""The registry of model versions, in the database: a version never changes, a pointer moves."""

import zlib
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from core.database.engine import dialect_insert
from core.database.tables import BundlePart, ModelVersion, Promotion
from core.errors import (
    ModelMissing,
    NoPreviousVersion,
    UnknownModelVersion,
    VersionPruned,
)
from core.model.bundle import PackedBundle
from core.model.bundle_store import store_parts
from core.model.packed.members import hash_served_members

Reason = Literal["gate", "hand", "rollback"]

_POSTGRES_LOCKS: Final = 0x7A66E4  # of our own: in Postgres' space of pairs


class VersionKey(NamedTuple):
    """Which version it is: after a restore, the key of its row may be another version's."""

    id: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Version:
    """A row of the registry without its bytes."""

    id: int
    site: str
    version: int
    created_at: datetime
    architecture: str
    metrics: dict[str, Any]
    sha256: str
    live: bool
    size: int  # of the bundle, in bytes
    learned_until: datetime | None  # when the newest was created that it learned from
    learned_row: int | None  # the last row of `questions` that it learned from, made here
    learned_through: int | None  # in place of both, a number: of models of before
    pruned_at: datetime | None  # when its bundle was deleted

    @property
    def key(self) -> VersionKey:
        """What no other version has, not even one that is gone."""
        return VersionKey(self.id, self.sha256)


@dataclass(frozen=True, slots=True)
class Promoted:
    """That a version of a site was made live, when, why, and until when it was."""

    version: int
    at: datetime
    reason: str
    until: datetime | None  # unset for the last one


def publish(connection: Connection, packed: PackedBundle, *, now: datetime) -> tuple[Version, bool]:
    """Add a bundle as its site's next version, not live, unless it has it; commits nothing.

    Args:
        connection: in a transaction.
        packed: the bundle's zip, which has been verified.
        now: UTC.

    Returns:
        The version, and whether it is new.
    """
    site, manifest = packed.manifest.site, packed.manifest
    lock(connection, site)
    found = find_packed(connection, site, packed.sha256)
    if found is not None:
        return found, False
    row = {
        "site": site,
        "version": select(func.coalesce(func.max(ModelVersion.version), 0) + 1)
        .where(ModelVersion.site == site)
        .scalar_subquery(),
        "created_at": now,
        "architecture": manifest.architecture,
        "metrics": dict(manifest.metrics),
        "size": packed.size,
        "sha256": packed.sha256,
        "served_sha256": hash_served_members(packed.path),
        "live": False,
        "learned_until": manifest.learned_until,
        "learned_through": manifest.learned_through,
    }
    added = dialect_insert(connection, ModelVersion).values(row).returning(ModelVersion.version)
    version = get_version(connection, site, connection.execute(added).scalar_one())
    store_parts(connection, version.id, packed.path)
    return version, True


def promote(
    connection: Connection, site: str, version: int, *, now: datetime, reason: Reason
) -> Version:
    """Make a version the site's live one; commits nothing. Workers see it at their next batch.

    The site's history of promotions keeps it, unless the version is the live one already.

    Raises:
        UnknownModelVersion: the site has no such version.
        VersionPruned: its bundle is gone.
    """
    lock(connection, site)
    found = get_version(connection, site, version)
    if found.live:
        return found
    if found.pruned_at is not None:
        raise VersionPruned(tell_pruned(found))
    connection.execute(
        update(ModelVersion)
        .where(ModelVersion.site == site, ModelVersion.live, ModelVersion.id != found.id)
        .values(live=False)
    )
    connection.execute(update(ModelVersion).where(ModelVersion.id == found.id).values(live=True))
    connection.execute(
        insert(Promotion).values(site=site, model_version_id=found.id, at=now, reason=reason)
    )
    return get_version(connection, site, version)


def rollback(connection: Connection, site: str, *, now: datetime) -> Version:
    """Make the version live again that get_previous() gives; commits nothing.

    Raises:
        ModelMissing: the site has no live version, or none to go back to.
    """
    lock(connection, site)
    previous = get_previous(connection, site)
    return promote(connection, site, previous.version, now=now, reason="rollback")


def get_previous(connection: Connection, site: str) -> Version:
    """Return the version that a rollback goes back to, as find_previous() has it.

    Raises:
        ModelMissing: the site has no live version, or none to go back to.
    """
    live = get_live(connection, site)
    previous = find_previous(connection, site)
    if previous is None:
        raise NoPreviousVersion(
            f"The site {site} has no version to go back to from version {live.version}: none that "
            "was live before still has its bundle.",
            site=site,
        )
    return previous


def find_previous(connection: Connection, site: str) -> Version | None:
    """Return the version that a rollback goes back to, if there is one."""
    return next(iter(list_previous(connection, site)), None)


def list_previous(connection: Connection, site: str) -> list[Version]:
    """Return the versions that one rollback after another goes back to, the nearest first.

    The history of promotions is read as a stack. The gate or a person puts a version on top; a
    rollback takes off what lies above the version that it went back to. The previous versions are
    those below the live one that are others and have their bundles: so a second rollback goes
    further back, not forth again.
    """
    stack: list[int] = []
    for promoted in list_promotions(connection, site):
        if promoted.reason == "rollback":
            while stack and stack[-1] != promoted.version:
                stack.pop()
        if stack[-1:] != [promoted.version]:
            stack.append(promoted.version)
    versions = {version.version: version for version in list_versions(connection, site)}
    nearest_first = [versions[number] for number in dict.fromkeys(reversed(stack))]
    return [v for v in nearest_first if not v.live and v.pruned_at is None]


def prune(connection: Connection, site: str, *, keep: int, now: datetime) -> list[Version]:
    """Let the bundles of old versions go; their rows and predictions stay. Commits nothing.

    Args:
        connection: in a transaction.
        site: whose versions.
        keep: how many of the newest stay, beside the live one and the one that a rollback goes to.
        now: UTC.

    Returns:
        The versions whose bundles are gone since this call.
    """
    lock(connection, site)
    whole = [v for v in list_versions(connection, site) if v.pruned_at is None]
    others = [version for version in whole if not version.live]
    previous = find_previous(connection, site)
    leaving = [v.id for v in others[: max(0, len(others) - keep)] if v != previous]
    connection.execute(delete(BundlePart).where(BundlePart.model_version_id.in_(leaving)))
    connection.execute(
        update(ModelVersion).where(ModelVersion.id.in_(leaving)).values(size=0, pruned_at=now)
    )
    return [v for v in list_versions(connection, site) if v.id in leaving]


def list_promotions(connection: Connection, site: str) -> list[Promoted]:
    """Return a site's history of promotions, the newest last."""
    until = func.lead(Promotion.at, type_=Promotion.at.type).over(order_by=Promotion.id)
    rows = (
        select(ModelVersion.version, Promotion.at, Promotion.reason, until)
        .join(ModelVersion, ModelVersion.id == Promotion.model_version_id)
        .where(Promotion.site == site)
        .order_by(Promotion.id)
    )
    return [Promoted(*row) for row in connection.execute(rows)]


def list_versions(connection: Connection, site: str | None = None) -> list[Version]:
    """Return the versions of one site or of all, newest last."""
    rows = _versions().order_by(ModelVersion.site, ModelVersion.version)
    if site is not None:
        rows = rows.where(ModelVersion.site == site)
    return [Version(*row) for row in connection.execute(rows)]


def get_version(connection: Connection, site: str, version: int) -> Version:
    """Return one version.

    Raises:
        UnknownModelVersion: the site has no such version.
    """
    chosen = _versions().where(ModelVersion.site == site, ModelVersion.version == version)
    row = connection.execute(chosen).one_or_none()
    if row is None:
        raise UnknownModelVersion(f"The site {site} has no model version {version}.")
    return Version(*row)


def find_version(connection: Connection, version_id: int) -> Version | None:
    """Return the version whose row has a key, if there is one."""
    row = connection.execute(_versions().where(ModelVersion.id == version_id)).one_or_none()
    return Version(*row) if row is not None else None


def find_packed(connection: Connection, site: str, sha256: str) -> Version | None:
    """Return the site's newest version whose bundle is this zip and is not pruned, if any."""
    equal = _versions().where(
        ModelVersion.site == site,
        ModelVersion.sha256 == sha256,
        ModelVersion.pruned_at.is_(None),
    )
    row = connection.execute(equal.order_by(ModelVersion.version.desc()).limit(1)).one_or_none()
    return Version(*row) if row is not None else None


def find_live(connection: Connection, site: str) -> Version | None:
    """Return the site's live version, if it has one."""
    live = _versions().where(ModelVersion.site == site, ModelVersion.live)
    row = connection.execute(live).one_or_none()
    return Version(*row) if row is not None else None


def find_live_id(connection: Connection, site: str) -> int | None:
    """Return the key of the row of the site's live version, if it has one."""
    live = find_live_key(connection, site)
    return None if live is None else live.id


def find_live_key(connection: Connection, site: str) -> VersionKey | None:
    """Return which version of the site is live, if there is one; asked for at every batch."""
    row = connection.execute(_live_key(site)).one_or_none()
    return None if row is None else VersionKey(*row)


def _live_key(site: str) -> Select[int, str]:
    live = (ModelVersion.site == site, ModelVersion.live)
    return select(ModelVersion.id, ModelVersion.sha256).where(*live)


def hold_live(connection: Connection, site: str) -> VersionKey | None:
    """Return which version of the site is live, and let none take its place until the commit.

    None also where another one is taking its place: ask again, in another transaction.
    """
    row = connection.execute(_live_key(site).with_for_update(read=True)).one_or_none()
    return None if row is None else VersionKey(*row)


def get_live(connection: Connection, site: str) -> Version:
    """Return the site's live version.

    Raises:
        ModelMissing: it has none.
    """
    live = find_live(connection, site)
    if live is None:
        raise ModelMissing(f"The site {site} has no live model.", site=site)
    return live


def lock(connection: Connection, site: str) -> None:
    """Let the site's changes follow each other, until the transaction ends; SQLite's all do."""
    if connection.dialect.name == "postgresql":
        key = zlib.crc32(site.encode()) - (1 << 31)
        connection.execute(select(func.pg_advisory_xact_lock(_POSTGRES_LOCKS, key)))


def tell_pruned(version: Version) -> str:
    """What an error says of a version whose bundle is gone."""
    return (
        f"The bundle of {version.site} version {version.version} was pruned at "
        f"{version.pruned_at:%Y-%m-%d %H:%M} UTC; only its figures are kept."
    )


def _versions() -> Any:
    return select(*(getattr(ModelVersion, field.name) for field in fields(Version)))
