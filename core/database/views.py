"""What the database makes of the tables, and is only read: views, and sums that triggers keep."""

from dataclasses import dataclass

from sqlalchemy import Float, FromClause, Integer, String, Text, column, func, literal
from sqlalchemy.engine import Connection
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.sql import ColumnElement

from core.database.tables import BigId, Prediction, Table

# The least probability of which `likely_tags` has every tag; migration 0031 tells its triggers.
LIKELY = 0.1


class View(DeclarativeBase):
    """The base of all views: no migration is to make tables of them."""

    type_annotation_map = Table.type_annotation_map


class PredictedTag(View):
    """One of the tags of a prediction; by its question it is found at once, by its tag never.

    Questions of a tag are found by `LikelyTag`.
    """

    __tablename__ = "predicted_tags"

    question_pk: Mapped[int] = mapped_column(BigId, primary_key=True)
    model_version_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    probability: Mapped[float] = mapped_column(Float(53))
    suggested: Mapped[bool]  # above its tag's threshold, and among the first five


class TagUse(Table):
    """How many questions of a site have an author tag: the sum of its slots, kept by triggers.

    Migration 0026 tells them. A tag that no question has any more stays, with a sum of 0.
    """

    __tablename__ = "tag_uses"
    __table_args__ = ({"sqlite_with_rowid": False},)
    site: Mapped[str] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True)  # of Postgres' writers at one time
    uses: Mapped[int]


class SiteCount(Table):
    """How many rows a site has in three tables: the sums of its slots (migration 0028)."""

    __tablename__ = "site_counts"
    __table_args__ = ({"sqlite_with_rowid": False},)
    site: Mapped[str] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(Integer, primary_key=True)
    questions: Mapped[int] = mapped_column(default=0, server_default="0")
    requests: Mapped[int] = mapped_column(default=0, server_default="0")  # parked ones too
    tagged: Mapped[int] = mapped_column(default=0, server_default="0")  # in the review's queue


@dataclass(frozen=True, slots=True)
class OwnTags:
    """The tags of a row of `predictions` that a statement has before it.

    What PredictedTag tells of them, which looks the prediction up once more, by its key.
    """

    rows: FromClause
    tag: ColumnElement[str]
    probability: ColumnElement[float]
    suggested: ColumnElement[bool]


def own_tags(connection: Connection) -> OwnTags:
    """For a subquery that is correlated to Prediction; in the words of migration 0014.

    own = own_tags(connection)
    found = select(literal(1)).select_from(own.rows).where(own.tag == "r").correlate(Prediction)
    """
    if connection.dialect.name == "sqlite":
        each = func.json_each(Prediction.tags).table_valued("key", "value", name="own_tags")
        place = literal("$[", String()).concat(each.c.key).concat("]")
        probability = func.json_extract(Prediction.probabilities, place, type_=Float(53))
        return OwnTags(each, each.c.value, probability, each.c.key < Prediction.suggested_count)
    each = (
        func.unnest(Prediction.tags, Prediction.probabilities)
        .table_valued(
            column("tag", Text),
            column("probability", Float(53)),
            with_ordinality="place",
            name="own_tags",
        )
        .render_derived()
    )
    return OwnTags(each, each.c.tag, each.c.probability, each.c.place <= Prediction.suggested_count)
