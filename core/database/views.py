"""Views, as tables that are only read; the migrations make them."""

from sqlalchemy import Float
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.database.tables import BigId, Table

# The least probability of which `likely_tags` has every tag; migration 0014 tells its triggers.
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
