"""Each sealed column has a term, after which it is forgotten, and not a minute before."""

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from sqlalchemy import inspect, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import SQLModel

from deploy.local.postgres import PostgresServer
from deploy.postgres import Urls
from services.appointments.alarms.models import Alarm, AlarmOutcome, AlarmState
from services.appointments.booking.models import Appointment, AppointmentState, Citizen, Penalty
from services.appointments.consultations.models import (
    Consultation,
    ConsultationState,
    ConsultedDepartment,
    Stance,
)
from services.appointments.deferrals.models import Deferral, DeferralState
from services.appointments.followups.models import Followup, FollowupState
from services.appointments.forgetting import service
from services.appointments.forgetting.statement import TERMS
from services.appointments.outreach.models import (
    Gathering,
    OutreachVisit,
    OutreachVisitState,
    Registration,
)
from services.appointments.pre_checks.models import PreCheck, PreCheckFile
from services.appointments.tables import Table
from shared.database.engine import RoomSession
from shared.database.sealed_columns import is_sealed, sealed_columns
from shared.ids import new_id

SINCE = datetime.fromisoformat("2026-03-02T09:00:00+08:00")
DAY = SINCE.date()
OTHERWISE = {
    "idempotency.sealed": "an answer that every service keeps for a day or so, and prunes",
    "release.seed_sealed": "about nobody: a number, published once it was drawn by",
}


class Case(NamedTuple):
    """A row whose term of so many days begins at SINCE, by its columns; and what it belongs to."""

    days: int
    row: type[SQLModel]
    columns: Mapping[str, Any]
    of: tuple[str, type[SQLModel], Mapping[str, Any]] | None = None


_OVER = {"state": ConsultationState.WITHDRAWN, "ended_at": SINCE, "answer_sealed": None}
_LIVE_VISIT = {"ended_at": None, "words_sealed": None, "due_on": DAY - timedelta(days=9)}
CASES = {
    "an appointment": Case(
        180, Appointment, {"starts_at": SINCE, "state": AppointmentState.CANCELLED}
    ),
    "a person": Case(180, Citizen, {"updated_at": SINCE}),
    "a penalty": Case(180, Penalty, {"blocked_until": SINCE}),
    "a pre-check": Case(180, PreCheck, {"submitted_at": SINCE}),
    "a file": Case(90, PreCheckFile, {"added_at": SINCE}),
    "a promise": Case(
        180,
        Deferral,
        {
            "settled_at": SINCE,
            "state": DeferralState.LAPSED,
            "accepted_on": DAY,
            "due_on": DAY + timedelta(days=1),
        },
    ),
    "a follow-up": Case(
        180,
        Followup,
        {"answered_at": SINCE, "state": FollowupState.ANSWERED, "is_bad": False},
    ),
    "a visit": Case(180, OutreachVisit, {"ended_at": SINCE, "state": OutreachVisitState.REFUSED}),
    "a visit that was noted long after its day": Case(
        180, OutreachVisit,
        {"ended_at": SINCE, "state": OutreachVisitState.REFUSED, "name_sealed": None,
         "phone_sealed": None, "address_sealed": None, "note_sealed": None},
    ),
    "a visit that nobody finished": Case(
        180, OutreachVisit,
        {**_LIVE_VISIT, "state": OutreachVisitState.PLANNED, "starts_at": SINCE},
    ),
    "a visit that nobody answered": Case(
        180, OutreachVisit,
        {
            **_LIVE_VISIT,
            "state": OutreachVisitState.REQUESTED,
            "wanted_to": DAY,
        },
    ),
    "a registration": Case(
        180, Registration, {},
        ("event_id", Gathering, {"ends_at": SINCE, "starts_at": SINCE - timedelta(hours=2),
                                 "closes_at": SINCE - timedelta(hours=3)}),
    ),
    "an alarm": Case(
        1098, Alarm,
        {"resolved_at": SINCE, "state": AlarmState.RESOLVED, "outcome": AlarmOutcome.SETTLED,
         "acknowledged_at": SINCE},
    ),
    "a consultation": Case(3660, Consultation, _OVER),
    "an opinion": Case(
        3660, ConsultedDepartment, {"stance": Stance.AGREES, "opined_at": SINCE},
        ("consultation_id", Consultation, _OVER),
    ),
}  # fmt: skip
DAYS_BEGIN = {"a visit that nobody answered": timedelta(hours=1)}
"""A term that is counted from a day begins with the day (UTC)."""
MINUTE = timedelta(minutes=1)


def test_every_sealed_column_has_a_term() -> None:
    known = {f"{one.table}.{one.name}" for one in sealed_columns(Table.metadata)}
    terms = {column for term in TERMS for column in term.columns}
    assert terms | OTHERWISE.keys() == known
    assert not terms & OTHERWISE.keys()
    tried = {f"{case.row.__tablename__}.{name}" for case in CASES.values() for name in sealed(case)}
    assert tried == terms


def sealed(case: Case) -> list[str]:
    return [name for name in case.row.model_fields if is_sealed(name)]


def made(kind: type[SQLModel], columns: Mapping[str, Any]) -> Any:
    """A row with these columns, an envelope in each sealed one, and something in the others that
    need it."""
    types = {column.key: column.type.python_type for column in inspect(kind).columns}
    needed = [name for name, field in kind.model_fields.items() if field.is_required()]
    some = {name: something(types[name]) for name in needed}
    envelopes = {name: "envelope" for name in kind.model_fields if is_sealed(name)}
    return kind(**{**some, **envelopes, **columns})


def something(kind: type[Any]) -> Any:
    if issubclass(kind, Enum):
        return next(iter(kind))
    known = {UUID: new_id(), int: 1, datetime: SINCE, date: DAY, list: [], dict: {}, bool: False}
    return known.get(kind, "x")


@pytest.fixture
async def alone(pg: PostgresServer, timeless: Urls) -> AsyncIterator[RoomSession]:
    """A transaction in which rows may refer to nothing, and which is never committed."""
    name = make_url(timeless.owner).database
    url = make_url(pg.admin_url).set(drivername="postgresql+asyncpg", database=name)
    engine = create_async_engine(url)
    async with RoomSession(engine) as session:
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        yield session
        await session.rollback()
    await engine.dispose()


@pytest.mark.parametrize("name", CASES)
async def test_it_is_forgotten_by_then_and_not_a_minute_before(
    alone: RoomSession, name: str
) -> None:
    case = CASES[name]
    one = made(case.row, case.columns)
    alone.add(one)
    if case.of is not None:
        column, kind, columns = case.of
        other = made(kind, {**columns, "id": getattr(one, column)})
        alone.add(other)
    await alone.flush()
    key = " AND ".join(f"{part.name} = :{part.name}" for part in inspect(case.row).primary_key)
    values = {part.name: getattr(one, part.key) for part in inspect(case.row).primary_key}
    cells = text(f"SELECT {', '.join(sealed(case))} FROM {case.row.__tablename__} WHERE {key}")
    over = SINCE + timedelta(days=case.days) - DAYS_BEGIN.get(name, timedelta())

    await service.forget(alone, over - MINUTE)
    [before] = (await alone.execute(cells, values)).all()
    await service.forget(alone, over + MINUTE)
    after = (await alone.execute(cells, values)).all()

    kept = [cell for name, cell in zip(sealed(case), before, strict=True)
            if case.columns.get(name, "") is not None]  # fmt: skip
    assert set(kept) == {"envelope"}
    assert not [cell for row in after for cell in row if cell is not None]
