"""Who writes without a name is nowhere to be found: not by account either."""

from uuid import uuid4

import pytest
from sqlalchemy import text

from tests.feedback.letter_helpers import API, BODY, LetterOffice

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


@pytest.mark.parametrize("role", ["citizen", "clerk"])
async def test_an_anonymous_accusation_leaves_no_trace_of_its_sender(
    office: LetterOffice, capfd: pytest.CaptureFixture[str], role: str
) -> None:
    canary = f"canary-{uuid4().hex}"
    letter = {"kind": "accusation", "title": "举报", "body": BODY, "anonymity": "anonymous"}
    headers = office.headers(role, sub=canary)
    answer = await office.client.post(f"{API}/letters", json=letter, headers=headers)
    assert answer.status_code == 201, answer.text
    assert await places_of(office, canary) == set()
    assert canary not in "".join(capfd.readouterr())


async def test_staff_who_take_a_letter_down_are_on_record(office: LetterOffice) -> None:
    canary = f"canary-{uuid4().hex}"
    letter = {"kind": "help", "title": "路灯不亮", "body": BODY, "channel": "phone"}
    headers = office.headers("dispatcher", sub=canary)
    assert (
        await office.client.post(f"{API}/letters", json=letter, headers=headers)
    ).status_code == 201
    assert await places_of(office, canary) == {"deadline_change"}
