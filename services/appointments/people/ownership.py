"""`Person.owns` as a condition of a query."""

from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_
from sqlmodel import SQLModel, col

from services.appointments.people.rules import ACCOUNT, Person


def owned_by(me: Person, table: type[SQLModel]) -> ColumnElement[bool]:
    """Rows of the table (citizen_key, person_document, person_phone) that are the person's own."""
    named: Any = table
    key, document, phone = (
        col(each) for each in (named.citizen_key, named.person_document, named.person_phone)
    )
    ways: list[ColumnElement[bool]] = [key == me.citizen_key]
    if me.document is not None:
        ways.append(document == me.document)
    if me.phone is not None:
        by_phone = [phone == me.phone, document.is_(None)]
        if me.has_account:
            by_phone.append(or_(key.is_(None), not_(key.startswith(ACCOUNT))))
        ways.append(and_(*by_phone))
    return or_(*ways)
