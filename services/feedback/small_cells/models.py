from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from services.feedback.tables import Table
from shared.database.tables import Moment, enum_type


class Topic(StrEnum):
    """What is counted, and by which rule: where that changes, so does the value. A process of the
    release before keeps what it counts under the former one, and it is never shown by this.
    """

    LETTERS = "letters_whole"
    RATINGS = "ratings"


class PublicFigures(Table, table=True):
    """What the public is shown of one month, counted once and never again."""

    __tablename__ = "public_figures"

    topic: Topic = Field(primary_key=True, sa_type=enum_type(Topic, length=16))
    month: date = Field(primary_key=True)
    figures: dict[str, Any] = Field(sa_type=JSONB)
    counted_at: datetime = Field(sa_type=Moment)
