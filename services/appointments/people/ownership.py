"""`Person.owns` as a condition of a query."""

from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import SQLModel, col

from services.appointments.people.rules import Person


def owned_by(me: Person, table: type[SQLModel]) -> ColumnElement[bool]:
    """Rows of the table (citizen_key, person_document, person_phone) that are the person's own."""
    named: Any = table
    document, phone = col(named.person_document), col(named.person_phone)
    ways: list[ColumnElement[bool]] = [col(named.citizen_key) == me.citizen_key]
    if me.document is not None:
        ways.append(document == me.document)
    if me.phone is not None:
        ways.append(and_(phone == me.phone, document.is_(None)))
    return or_(*ways)
