"""What a migration makes of the rows that were there before it."""

import asyncio
import json
from datetime import UTC, date, datetime
from uuid import UUID, uuid4

import asyncpg
from alembic import command

from shared.database.migrate import config
from shared.database.migrate import main as migrate
from tests import support
from tests.support import Databases


def _back_to(service: str, url: str, revision: str) -> None:
    cfg = config(service, url)
    command.downgrade(cfg, revision)


async def _end(rows: asyncpg.Connection) -> None:
    """What is in an outbox when the tests end is held to the schema of today."""
    await rows.execute("DELETE FROM outbox")
    await rows.close()


async def test_the_codes_of_appointments_leave_the_events_that_are_kept(
    databases: Databases,
) -> None:
    """And those that an instance of the release before goes on recording."""
    url = databases.new("appointments", "old_codes").owner
    await asyncio.to_thread(_back_to, "appointments", url, "tickets_of_a_person")
    rows = await support.connect(url)
    said = {
        "appointments.appointment.confirmed.v1.H001": {"state": "confirmed", "code": "AB12CD"},
        "appointments.appointment.rescheduled.v1.H001": {"code": "AB12CD", "new_code": "EF34GH"},
        "appointments.appointment.missed.v1.H001": {"item_code": "code", "state": "no_show"},
        "appointments.hall.closed.v1.H001": {"code": "H001"},
    }
    insert = "INSERT INTO outbox (event_id, subject, body) VALUES ($1, $2, $3)"

    async def say() -> None:
        for subject, data in said.items():
            body = {"id": str(uuid4()), "source": "/appointments", "data": data, "文": "字"}
            await rows.execute(insert, uuid4(), subject, json.dumps(body).encode())

    await say()
    await asyncio.to_thread(migrate, "appointments", "upgrade", url=url)
    await say()
    kept = await rows.fetch("SELECT subject, body FROM outbox ORDER BY position")
    await _end(rows)
    assert [(row["subject"], json.loads(row["body"])["data"]) for row in kept] == 2 * [
        ("appointments.appointment.confirmed.v1.H001", {"state": "confirmed"}),
        ("appointments.appointment.rescheduled.v1.H001", {}),
        (
            "appointments.appointment.missed.v1.H001",
            {"item_code": "code", "state": "no_show"},
        ),
        ("appointments.hall.closed.v1.H001", {"code": "H001"}),
    ]
    assert all(json.loads(row["body"])["文"] == "字" for row in kept)


async def _ticket(rows: asyncpg.Connection, **named: object) -> UUID:
    """A ticket as the release before writes one."""
    ticket = uuid4()
    moments = ("issued_at", "ready_at", "due_at", "state_since")
    values = {
        "id": ticket,
        "hall_code": "H001",
        "service_day": date(2026, 11, 29),
        "number": ticket.hex[:8],
        "leg": 1,
        "visit_id": ticket,
        "item_code": ticket.hex,
        "items": [ticket.hex],
        "ticket_class": "ordinary",
        "credit_minutes": 0,
        "policy_version": 1,
        "state": "done",
        "version": 1,
        "recalls": 0,
        "missing": "[]",
        **dict.fromkeys(moments, datetime.now(UTC)),
        **named,
    }
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    await rows.execute(
        f"INSERT INTO ticket ({', '.join(values)}) VALUES ({places})", *values.values()
    )
    return ticket


async def _appointment(rows: asyncpg.Connection) -> UUID:
    appointment = uuid4()
    await rows.execute(
        "INSERT INTO appointment (id, code, hall_code, item_code, pool, citizen_key,"
        " person_document, person_phone, booked_by, on_date, starts_at, minutes, state, version,"
        " guide_version, policy_version, held_at, changed_at) VALUES ($1, 'A1', 'H001', 'I1',"
        " 'online', 'id:x', 'd', 'p', 'c', current_date, now(), 15, 'checked_in', 2, 1, 0, now(),"
        " now())",
        appointment,
    )
    return appointment


async def test_a_ticket_is_its_persons_own_whichever_release_issued_it(
    databases: Databases,
) -> None:
    """Before the migration, and by an instance of the release before that still runs after it."""
    url = databases.new("appointments", "old_tickets").owner
    await asyncio.to_thread(_back_to, "appointments", url, "visits_and_places")
    rows = await support.connect(url)
    appointment = await _appointment(rows)
    wanted: dict[UUID, tuple[str | None, ...]] = {}
    for upgraded in (False, True):
        if upgraded:
            await asyncio.to_thread(migrate, "appointments", "upgrade", url=url)
        account, nobody = uuid4().hex, await _ticket(rows, person_document="e")
        own = await _ticket(rows, owner=account, person_document="e", person_phone="f")
        booked = await _ticket(rows, owner=account, appointment_id=appointment)
        wanted |= {nobody: (None, "e", None), own: (f"sub:{account}", "e", "f")}
        wanted[booked] = ("id:x", "d", "p")
    found = await rows.fetch("SELECT id, citizen_key, person_document, person_phone FROM ticket")
    await _end(rows)
    assert {row["id"]: tuple(row)[1:] for row in found} == wanted


async def _account(rows: asyncpg.Connection, role: str, state: str, by: str | None) -> UUID:
    account = uuid4()
    await rows.execute(
        "INSERT INTO account (id, name, password_hash, roles, places, state, is_demo, version,"
        " created_at, changed_by) VALUES ($1, $2, 'x', $3, '{}', $4, false, 1, now(), $5)",
        account, f"t{account.hex[:12]}", [role], state, by,
    )  # fmt: skip
    return account


async def _link(rows: asyncpg.Connection, account: UUID, by: str, because: str | None) -> None:
    await rows.execute(
        "INSERT INTO password_link (hash, account_id, issued_by, issued_at, expires_at, ended_at,"
        " ended_because) VALUES ($1, $2, $3, now(), now(), now(), $4)",
        uuid4().hex, account, by, because,
    )  # fmt: skip


async def test_what_is_known_of_accounts_is_kept_when_more_is_asked(databases: Databases) -> None:
    """Who acted, whether a password was set, and which account a number has."""
    url = databases.new("gateway", "old_accounts").owner
    await asyncio.to_thread(_back_to, "gateway", url, "password_links")
    rows = await support.connect(url)
    pending = await _account(rows, "auditor", "pending", "a")
    await _link(rows, pending, "b", "used")
    await _link(rows, pending, "c", "replaced")
    approved = await _account(rows, "auditor", "active", "a")
    await _link(rows, approved, "a", "used")
    waiting = await _account(rows, "clerk", "active", None)
    await _link(rows, waiting, "operator", None)
    older = await _account(rows, "citizen", "active", None)
    for account in (older, waiting):
        await rows.execute(
            "INSERT INTO account_identity (account_id, name_sealed, verified_by, verified_at,"
            " version) VALUES ($1, 'x', 'a', now(), 1)",
            account,
        )
        body = {"data": {"account_id": str(account), "document_index": "d" * 64}}
        await rows.execute(
            "INSERT INTO outbox (event_id, subject, body) VALUES ($1, $2, $3)",
            uuid4(), "gateway.account.identified.v1._", json.dumps(body).encode(),
        )  # fmt: skip
    await asyncio.to_thread(migrate, "gateway", "upgrade", url=url)
    found = {
        row["id"]: (row["acted_by"], row["set"])
        for row in await rows.fetch(
            "SELECT id, acted_by, password_set_at IS NOT NULL AS set FROM account"
        )
    }
    numbers = await rows.fetch("SELECT account_id, id_number_index FROM account_identity")
    await _end(rows)
    assert found == {
        pending: (["a", "b"], True),
        approved: ([], True),
        waiting: ([], False),
        older: ([], True),
    }
    assert {row["account_id"]: row["id_number_index"] for row in numbers} == {
        min(older, waiting): "d" * 64,  # by age, as ids are
        max(older, waiting): None,
    }
