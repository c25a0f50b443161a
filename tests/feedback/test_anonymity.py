"""Who writes without a name is nowhere to be found: not by account either."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.feedback.letter_helpers import API, BODY, LetterOffice

MOMENTS = text(
    "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
    " AND table_name = :table AND data_type LIKE 'timestamp%'"
)
TABLES = text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")


async def places_of(office: LetterOffice, canary: str) -> set[str]:
    """The tables that hold the canary in any column, bytes read as text."""
    async with office.isolated.sessions() as session:
        tables = (await session.execute(TABLES)).scalars().all()
        holds = "position(:canary in row_to_json(t)::text) > 0"
        inside = "position(convert_to(:canary, 'UTF8') in t.body) > 0"
        found = set()
        for table in tables:
            where = f"{holds} OR {inside}" if table == "outbox" else holds
            count = text(f'SELECT count(*) FROM "{table}" t WHERE {where}')
            if (await session.execute(count, {"canary": canary})).scalar_one():
                found.add(table)
        return found


async def joined_to(office: LetterOffice, letter_id: str) -> dict[str, str]:
    """Of every table the rows that join to the letter: written by its transaction, beside it, or
    within a second of it.
    """
    async with office.isolated.sessions() as session:
        tables = (await session.execute(TABLES)).scalars().all()
        found = {}
        for table in tables:
            moments = (await session.execute(MOMENTS, {"table": table})).scalars().all()
            near = " OR ".join(
                f"abs(extract(epoch FROM t.{column} - l.received_at)) < 1" for column in moments
            )
            rows = text(
                f"SELECT string_agg(row_to_json(t)::text, ' ') FROM \"{table}\" t, letter l"
                f" WHERE l.id = CAST(:id AS uuid) AND (t.xmin = l.xmin OR t.ctid = l.ctid"
                f" OR {near or 'false'})"
            )
            if joined := (await session.execute(rows, {"id": letter_id})).scalar_one():
                found[table] = joined
        return found


@pytest.mark.parametrize("role", ["citizen", "clerk"])
async def test_an_anonymous_accusation_leaves_no_trace_of_its_sender(
    office: LetterOffice, capfd: pytest.CaptureFixture[str], role: str
) -> None:
    canary = f"canary-{uuid4().hex}"
    letter = {"kind": "accusation", "title": "举报", "body": BODY, "anonymity": "anonymous"}
    headers = office.headers(role, sub=canary) | {"Idempotency-Key": f"key-of-{canary}"}
    answers = [
        await office.client.post(f"{API}/letters", json=letter, headers=headers) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[1].headers["idempotent-replayed"] == "true"
    assert await places_of(office, canary) == set()
    assert canary not in "".join(capfd.readouterr())


async def test_nothing_that_was_written_with_an_anonymous_letter_names_anybody(
    office: LetterOffice,
) -> None:
    """By transaction, by the place of the row, and by the moment: nothing joins to a person."""
    sender = f"canary-{uuid4().hex}"
    letter = {"kind": "accusation", "title": "举报", "body": BODY}
    headers = office.headers("citizen", sub=sender) | {"Idempotency-Key": f"key-{uuid4().hex}"}
    answer = await office.client.post(f"{API}/letters", json=letter, headers=headers)
    joined = await joined_to(office, answer.json()["id"])
    assert {"letter", "idempotency", "deadline"} <= joined.keys()
    for what in (sender, headers["Idempotency-Key"]):
        assert [table for table, rows in joined.items() if what in rows] == []
    assert '"caller":"_"' in joined["idempotency"]


async def test_a_stranger_with_the_same_key_and_words_gets_no_receipt_of_another(
    office: LetterOffice,
) -> None:
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY}
    key = {"Idempotency-Key": f"letter-{uuid4().hex}"}
    senders = [
        {"X-OneDoor-Network": "a"},
        {"X-OneDoor-Network": "b"},
        office.headers("citizen", sub="citizen-1"),
        office.headers("citizen", sub="citizen-2"),
    ]
    numbers, codes = set(), set()
    for sender in senders * 2:
        answer = await office.client.post(f"{API}/letters", json=letter, headers=key | sender)
        numbers.add(answer.json()["reg_no"])
        codes.add(answer.json()["query_code"])
    assert (len(numbers), len(codes)) == (4, 4)


@pytest.mark.parametrize("role", [None, "citizen"])
async def test_a_short_key_would_name_its_sender_and_is_refused(
    office: LetterOffice, role: str | None
) -> None:
    headers = (office.headers(role) if role else {}) | {"Idempotency-Key": "1" * 15}
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY}
    answer = await office.client.post(f"{API}/letters", json=letter, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/header/Idempotency-Key"


async def test_the_query_code_need_not_stand_in_the_address(office: LetterOffice) -> None:
    letter = await office.write()
    path = f"{API}/letters/{letter.reg_no}"
    seen = await office.client.get(path, headers={"X-Query-Code": letter.code})
    assert seen.json()["title"] == "路灯不亮"
    assert (
        await office.client.get(path, headers={"X-Query-Code": "0000000000"})
    ).status_code == 404


async def test_staff_who_take_a_letter_down_are_on_record(office: LetterOffice) -> None:
    canary = f"canary-{uuid4().hex}"
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY, "channel": "phone"}
    headers = office.headers("dispatcher", sub=canary)
    assert (
        await office.client.post(f"{API}/letters", json=letter, headers=headers)
    ).status_code == 201
    assert await places_of(office, canary) == {"deadline_change"}
