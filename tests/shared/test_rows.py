"""Rows of a model that no session has read."""

from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from shared.database.rows import columns, loaded
from shared.database.tables import new_metadata
from shared.ids import new_id


class Base(SQLModel, registry=registry(metadata=new_metadata())):
    """Tables of this test alone."""


class Cup(Base, table=True):
    id: UUID = Field(primary_key=True)
    notes: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    version: int = 1


def test_the_first_row_of_a_model_that_nobody_has_used_is_whole() -> None:
    """Nothing has configured its mapper yet: in a process, the first request is the first use."""
    assert columns(Cup, "c") == 'c."id", c."notes", c."version"'
    mine = new_id()
    cup = loaded(Cup, [mine, '{"of": "tea"}', 3, "and more"])
    assert (cup.id, cup.notes, cup.version) == (mine, {"of": "tea"}, 3)


def test_it_is_as_if_it_were_made_by_hand_and_is_not_taken_for_changed() -> None:
    made = Cup(id=new_id(), notes={"of": "tea"}, version=3)
    cup = loaded(Cup, [made.id, '{"of": "tea"}', 3])
    assert cup == made
    assert cup.model_dump() == made.model_dump()
    assert not inspect(cup).modified
    cup.version = 4
    assert inspect(cup).modified
